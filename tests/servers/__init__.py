"""Tiny servers: one on a real socket, one without any, and certificates for the first."""

from jobwidgets._watch.pace import Pace
from servers.certificates import Certificates
from servers.replies import Replies
from servers.sockets import Reply, Request, Server

HANG = 30.0
"""Seconds after which something that should have happened has not."""

FAST = Pace(
    shortest=0.01, longest=0.01, first_retry=0.01, longest_retry=0.02, gone=0.01, trail=0.01
)
"""A pace that takes no time."""

__all__ = ["FAST", "HANG", "Certificates", "Replies", "Reply", "Request", "Server"]
