"""Faults of the framing of HTTP: status lines, headers, lengths, compression."""

from __future__ import annotations

import gzip

from faults.behaviours import (
    MEGABYTE,
    bomb,
    chunked,
    edits,
    floods,
    frames,
    half,
    hangs,
    hangs_up,
    sends,
    tells_with,
    then,
)
from faults.exchange import head, http, well
from faults.fault import harmless, transient
from faults.faults_of_connections import SLOW, STALLS
from jobwidgets.errors import BodyError, ServerError, TransportError

_HEADERS = (
    transient("no HTTP but words", then(sends(b"hello?\r\n\r\n"), hangs_up), TransportError),
    transient("HTTP/0.9: a body alone", then(frames(bytes), hangs_up), TransportError),
    transient("bytes of chance", then(sends(bytes(range(256))), hangs_up), TransportError),
    transient(
        "a TLS alert in clear",
        then(sends(bytes.fromhex("15030300020228")), hangs_up),
        TransportError,
    ),
    transient("frames of HTTP/2", then(sends(bytes(9)), hangs_up), TransportError),
    transient("HTTP/9.9", then(sends(b"HTTP/9.9 200 OK\r\n\r\n"), hangs_up), BodyError),
    transient("status line without a status", sends(b"HTTP/1.1 OK\r\n\r\n"), TransportError),
    transient("status of four digits", sends(b"HTTP/1.1 2000 OK\r\n\r\n"), TransportError),
    transient("status of two digits", sends(b"HTTP/1.1 20 OK\r\n\r\n"), TransportError),
    transient("header of 200 kB", sends(head(X_Long="x" * 200_000)), TransportError),
    harmless("1,000 headers", tells_with(**{f"X_{n}": "x" for n in range(1000)})),
    transient("header without a colon", sends(b"HTTP/1.1 200 OK\r\nword\r\n\r\n"), TransportError),
    transient("header with a NUL", tells_with(X_Nul="a\0b"), TransportError),
    transient("header name with a space", tells_with(**{"X Space": "x"}), TransportError),
    harmless("header in Latin-1", tells_with(X_Place="Zürich")),
    harmless(
        "cookie that no jar takes", tells_with(Set_Cookie="=;;\xff; expires=Never; Max-Age=x")
    ),
    harmless("line ends without CR", frames(lambda body: http(body).replace(b"\r\n", b"\n"))),
    harmless(
        "HTTP/1.0 without a length",
        then(frames(lambda b: b"HTTP/1.0 200 OK\r\n\r\n" + b), hangs_up),
    ),
    harmless("JSON told to be a page", tells_with(Content_Type="text/html; charset=latin-1")),
    harmless("hints (103) before the answer", then(sends(head(103, Link="</x>")), well)),
    harmless("twenty times 100 before the answer", then(*[sends(head(100))] * 20, well)),
    transient(
        "switches protocols (101)",
        sends(head(101, Upgrade="tea", Connection="upgrade")),
        TransportError,
    ),
    transient(
        "hints for ever",
        lambda exchange: exchange.drip(head(103) * 10_000, len(head(103)), 0.005),
        TransportError,
        "no whole answer within 0.3 s",
        **SLOW,
    ),
)

_LENGTHS = (
    transient(
        "length too long, then closed",
        then(tells_with(Content_Length="9999"), hangs_up),
        TransportError,
    ),
    transient(
        "length too long, then silence",
        then(tells_with(Content_Length="9999"), hangs),
        TransportError,
        "no answer in time",
        **STALLS,
    ),
    transient("length too short", tells_with(Content_Length="20"), BodyError, "no (whole) JSON"),
    transient("length below zero", tells_with(Content_Length="-1"), TransportError),
    transient("length that is no number", tells_with(Content_Length="many"), TransportError),
    transient(
        "two lengths",
        frames(lambda body: head(Content_Length=f"{len(body)}, 7") + body),
        TransportError,
    ),
    transient(
        "chunk size that is no number",
        sends(head(Transfer_Encoding="chunked") + b"many\r\n{}\r\n0\r\n\r\n"),
        TransportError,
    ),
    transient(
        "chunk of 16 exabytes",
        then(sends(head(Transfer_Encoding="chunked") + b"f" * 16 + b"\r\n{}"), hangs_up),
        TransportError,
    ),
    transient(
        "chunks without an end, then closed",
        then(frames(lambda body: chunked(body, end=b"")), hangs_up),
        TransportError,
    ),
    transient(
        "chunks without an end, then silence",
        then(frames(lambda body: chunked(body, end=b"")), hangs),
        TransportError,
        "no answer in time",
        **STALLS,
    ),
    transient(
        "chunk without its line end",
        frames(lambda body: chunked(body).replace(b"}\r\n", b"}")),
        TransportError,
    ),
    transient(
        "chunks that are none",
        then(tells_with(Transfer_Encoding="chunked"), hangs_up),
        TransportError,
    ),
    transient("unknown transfer encoding", tells_with(Transfer_Encoding="pigeon"), TransportError),
    harmless("chunks of one byte", frames(lambda body: chunked(*[bytes([byte]) for byte in body]))),
    harmless(
        "chunks with extensions and a trailer",
        frames(lambda body: chunked(body, end=b"0;x=1\r\nX-After: 1\r\n\r\n")),
    ),
)

_COMPRESSION = (
    harmless("compressed as told", edits(gzip.compress, Content_Encoding="gzip")),
    transient(
        "compression that is none",
        edits(bytes, Content_Encoding="gzip"),
        BodyError,
        "compression is broken",
    ),
    transient(
        "compression broken off",
        edits(lambda body: half(gzip.compress(body)), Content_Encoding="gzip"),
        BodyError,
    ),
    transient("compression not told", edits(gzip.compress), BodyError, "no (whole) JSON"),
    transient(
        "compression of an unknown kind",
        tells_with(Content_Encoding="pigeon"),
        BodyError,
        "compressed as 'pigeon'",
    ),
    transient(
        "compression of an unknown kind, with 502",
        lambda exchange: exchange.send(http(b"?", 502, Content_Encoding="br")),
        ServerError,
        "502",
    ),
    transient("100 MB as they are", floods(100), BodyError, "larger than 67108864 bytes"),
    transient(
        "400 MB in 1 kB, packed twice",
        bomb(400, layers=2),
        BodyError,
        "compressed as 'gzip, gzip'",
    ),
    transient(
        "50 MB, then closed",
        then(sends(head(Content_Length="60000000") + b" " * 50 * MEGABYTE), hangs_up),
        TransportError,
    ),
    transient("100 MB in 97 kB", bomb(100), BodyError, "larger than 67108864 bytes"),
)

FRAMING = (*_HEADERS, *_LENGTHS, *_COMPRESSION)
