"""Faults below HTTP: connections, names and certificates."""

from __future__ import annotations

from typing import Any

from faults.behaviours import (
    babble,
    drips,
    frames,
    half_answer,
    hangs,
    hangs_up,
    ignore,
    resets,
    sends,
    slam,
    then,
)
from faults.exchange import head, http, well
from faults.fault import harmless, permanent, transient
from faults.scenes import at_the_door, deaf, down, killed, naming_slowly, showing, unnamed
from jobwidgets._http.connections import Limits
from jobwidgets.errors import CertificateError, NoSuchHostError, ProtocolError, TransportError

SOON = 0.3  # seconds; what the client waits where waiting is the fault
STALLS: dict[str, Any] = {"timeout": SOON, "hangs": True}
SLOW: dict[str, Any] = {"timeout": SOON, "limits": Limits(deadline=SOON), "hangs": True}
WHOLE: dict[str, Any] = {"takes_server": True}
TLS: dict[str, Any] = {"takes_server": True, "tls": True}

_CONNECTIONS = (
    transient("connection refused", down, TransportError, "refused", **WHOLE),
    transient(
        "packets dropped: no connection",
        deaf,
        TransportError,
        "no connection in time",
        timeout=SOON,
        **WHOLE,
    ),
    transient("reset at the door", at_the_door(slam), TransportError, **WHOLE),
    transient("a mail server at the port", at_the_door(babble), TransportError, **WHOLE),
    transient(
        "server killed in mid-answer and restarted",
        killed,
        TransportError,
        also_at_first_sight=False,
        **WHOLE,
    ),
    transient("closed before the headers", hangs_up, TransportError, "disconnected"),
    transient("reset before the headers", resets, TransportError),
    transient("closed within the headers", then(sends(head()[:12]), hangs_up), TransportError),
    transient("reset within the headers", then(sends(head()[:-2]), resets), TransportError),
    transient("closed in mid-body", then(frames(half_answer), hangs_up), TransportError),
    transient("reset in mid-body", then(frames(half_answer), resets), TransportError),
    transient("hangs before the headers", hangs, TransportError, "no answer in time", **STALLS),
    transient(
        "hangs within the headers",
        then(sends(head()[:-2]), hangs),
        TransportError,
        "no answer in time",
        **STALLS,
    ),
    transient(
        "hangs in mid-body",
        then(frames(half_answer), hangs),
        TransportError,
        "no answer in time",
        **STALLS,
    ),
    transient(
        "drips its headers for ever",
        drips(1, 0.02),
        TransportError,
        "no whole answer within 0.3 s",
        **SLOW,
    ),
    transient(
        "drips its body for ever",
        drips(1, 0.02, start=150),
        TransportError,
        "no whole answer within 0.3 s",
        **SLOW,
    ),
    harmless("drips, but all of it", drips(16, 0.001)),
    harmless("closes after each answer without a word", then(well, hangs_up)),
    harmless("resets after each answer", then(well, resets)),
    harmless(
        "closes idle connections with a 408",
        then(well, sends(http(b"", 408, Connection="close")), hangs_up),
    ),
    harmless(
        "cookies that pile up",
        lambda exchange: exchange.send(
            http(exchange.record.document(), Set_Cookie=f"state{exchange.number}={'x' * 4000}")
        ),
        rounds=12,
    ),
    harmless("two answers to one request", frames(lambda body: http(body) * 2)),
)

_NAMES = (
    transient("name not found", unnamed, NoSuchHostError, host="jobs.invalid", **WHOLE),
    transient(
        "name server hangs",
        naming_slowly,
        TransportError,
        "no connection in time",
        host="jobs.invalid",
        timeout=SOON,
        **WHOLE,
    ),
)

_CERTIFICATES = (
    permanent(
        "certificate of an unknown authority",
        showing(lambda authorities: authorities.unknown.server_context()),
        CertificateError,
        "is not trusted (self-signed",
        **TLS,
    ),
    permanent(
        "certificate of another host",
        showing(lambda authorities: authorities.trusted.context_of_another_host()),
        CertificateError,
        "is for another host",
        **TLS,
    ),
    permanent(
        "certificate that has expired",
        showing(lambda authorities: authorities.trusted.expired_context()),
        CertificateError,
        "has expired",
        **TLS,
    ),
    permanent("no TLS at an https port", at_the_door(babble), ProtocolError, "no https", **TLS),
    transient("reset in the TLS handshake", at_the_door(slam), TransportError, **TLS),
    transient("TLS handshake hangs", at_the_door(ignore), TransportError, timeout=SOON, **TLS),
    transient(
        "TLS cut off in mid-body", then(frames(half_answer), hangs_up), TransportError, tls=True
    ),
)

CONNECTIONS = (*_CONNECTIONS, *_NAMES, *_CERTIFICATES)
