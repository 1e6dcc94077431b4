"""Tiny servers: one on a real socket, one without any, and certificates for the first."""

from jobwidgets import Pace
from servers.certificates import Certificates
from servers.replies import SERVER_OF, Replies
from servers.sockets import Reply, Request, Server
from servers.waiting import HANG, until

FAST = Pace(
    shortest=0.01,
    longest=0.01,
    first_retry=0.01,
    longest_retry=0.02,
    gone=0.01,
    appear=0.0,
    trail=0.01,
)
"""A pace that takes no time."""

__all__ = [
    "FAST",
    "HANG",
    "SERVER_OF",
    "Certificates",
    "Replies",
    "Reply",
    "Request",
    "Server",
    "until",
]
