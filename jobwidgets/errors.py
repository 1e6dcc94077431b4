"""Every error that jobwidgets raises on purpose, in one tree.

::

    JobwidgetsError
    ├── DocumentError            valid JSON, but no document of this job (or no list of jobs)
    ├── ExchangeError            one request got no document
    │   ├── TransportError       no whole answer: refused, reset, timeout, and
    │   │   ├── NoSuchHostError  the host name does not resolve
    │   │   ├── CertificateError a certificate is not trusted
    │   │   └── ProtocolError    http at a port of https, the other way round, or no common TLS
    │   ├── ServerError          408, 421, 425, 429, 5xx
    │   ├── BodyError            the body is not JSON: a page, a partial body, too large
    │   ├── UnauthorisedError    401, 403, 498, 499, or a sign-in page
    │   ├── NoSuchJobError       404, 410
    │   └── RefusedError         400 and every other refusal
    ├── JobFailedError           the job ended as failed
    ├── JobCancelledError        the job ended as cancelled
    ├── JobGoneError             the job was removed, its outcome is unknown
    ├── WatchStoppedError        the watch was stopped before the job ended
    └── CancelUnsupportedError   the server cannot cancel a job
"""

from __future__ import annotations

from jobwidgets._visible import clipped, visible

_LONGEST_TEXT = 1000
"""Characters of an error's text: a server may send a message of seven million."""


class JobwidgetsError(Exception):
    """The root of every error that jobwidgets raises on purpose.

    Parameters
    ----------
    text
        What went wrong, without any token. It may hold a server's words: what would command a
        terminal is made visible, and what is longer than 1,000 characters is cut.
    """

    def __init__(self, text: str = "") -> None:
        # Twice: to look through seven million characters takes its time, and escapes lengthen.
        text = visible(clipped(text, _LONGEST_TEXT))
        super().__init__(clipped(text, _LONGEST_TEXT))


class DocumentError(JobwidgetsError):
    """Valid JSON, but no document of this job (or no list of jobs)."""


class ExchangeError(JobwidgetsError):
    """One request got no document.

    Parameters
    ----------
    text
        What went wrong, in one line without any token.
    code
        The server's error code, else the HTTP status; None where nothing was answered.
    retry_after
        Seconds that the server asks to wait (``Retry-After``); None where it does not.
    """

    def __init__(
        self, text: str, *, code: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(text)
        self.code = code
        self.retry_after = retry_after


class TransportError(ExchangeError):
    """No whole answer came: refused, reset, out of time, or what a subclass names."""


class NoSuchHostError(TransportError):
    """The host name does not resolve: it is misspelt, or this network does not know it."""


class CertificateError(TransportError):
    """The server's certificate is not trusted, or the server does not trust the client's."""


class ProtocolError(TransportError):
    """The port speaks https where http was asked, the other way round, or no common TLS."""


class ServerError(ExchangeError):
    """The server or a gateway is in trouble or busy: 408, 421, 425, 429, or 5xx.

    The code is that of the error body, or the HTTP status.
    """


class BodyError(ExchangeError):
    """The body is not JSON: a page, a partial body, or more than the limit."""


class UnauthorisedError(ExchangeError):
    """The server wants a (new) token or a sign-in: 401, 403, 498, 499, or a sign-in page."""


class NoSuchJobError(ExchangeError):
    """The server does not know the job, or knows it no more: 404, 410."""


class RefusedError(ExchangeError):
    """The server refused the request: 400, or any other code."""


class JobFailedError(JobwidgetsError):
    """The job ended as failed; the text is its last message."""


class JobCancelledError(JobwidgetsError):
    """The job ended as cancelled."""


class JobGoneError(JobwidgetsError):
    """The server had the job and has it no more: its outcome is unknown."""


class WatchStoppedError(JobwidgetsError):
    """The watch was stopped before the job ended."""


class CancelUnsupportedError(JobwidgetsError):
    """The server has no operation that cancels a job."""
