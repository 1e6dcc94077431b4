"""What a user's function raised, as an error of ours that shows no token."""

from __future__ import annotations

import re
from copy import copy
from http import HTTPStatus
from pathlib import Path
from traceback import clear_frames, extract_tb
from types import TracebackType

from jobwidgets._http.tokens import kinds_of
from jobwidgets._model.redact import REDACTED, redacted
from jobwidgets._visible import clipped
from jobwidgets.dialects._refusals import error_class
from jobwidgets.errors import DocumentError, ExchangeError, JobwidgetsError, TransportError

_OURS = str(Path(__file__).parents[1])
_LONGEST_QUOTE = 300  # characters of an error's text
# What no second call mends; the rest may be the server's, and pass.
_MISTAKES = (AttributeError, ImportError, NameError, NotImplementedError, SyntaxError, TypeError)
# User and password of a URL, what follows such a word in a header, and what is named as a secret.
_SECRETS = re.compile(
    r"""(?<=://)[^/\s@]+(?=@)|(?<=Bearer[ ])\S+|(?<=Basic[ ])\S+
    |(?P<name>(?:passw(?:or)?d|pwd|secret|token|api[-_]?key|access[-_]?key|signature|credential)s?
    ["']?\s*[:=]\s*["']?)[^\s"'&;,)}\]]+""",
    re.IGNORECASE | re.VERBOSE,
)


def typed_error(error: Exception) -> JobwidgetsError:
    """Return the error that is raised for one of the function's, without any token."""
    text = clipped(_without_secrets(str(error)), _LONGEST_QUOTE)
    typed: JobwidgetsError
    if isinstance(error, ExchangeError | DocumentError):
        typed = copy(error).with_traceback(None)
        typed.args = (text,)
        typed.__cause__ = typed.__context__ = None
        return typed
    said = ": ".join(filter(None, (type(error).__name__, text)))
    where, code = _line(error.__traceback__), _code(error)
    if isinstance(error, _MISTAKES):
        typed = DocumentError(f"the function raised {said}{where}")
    elif code is not None:
        typed = error_class(code)(f"the function raised {said}{where}", code=code)
    else:
        typed = TransportError(f"the function raised {said}{where}")
    # Not the error itself: its text, and what is behind it, may hold any secret.
    cause = RuntimeError(f"{kinds_of(error)}, whose text may hold a secret")
    clear_frames(error.__traceback__)  # the error is kept, what the function held is not
    typed.__cause__ = cause.with_traceback(error.__traceback__)
    return typed


def _without_secrets(text: str) -> str:
    return redacted(_SECRETS.sub(lambda found: f"{found['name'] or ''}{REDACTED}", text))


def _code(error: Exception) -> int | None:
    """Return the HTTP status that the errors of requests, httpx, openeo and urllib carry."""
    carriers = (getattr(error, "response", None), error)
    names = ("status_code", "http_status_code", "code")
    found = (getattr(one, name, None) for one in carriers for name in names)
    return next((one for one in found if type(one) is int and one >= HTTPStatus.BAD_REQUEST), None)


def _line(traceback: TracebackType | None) -> str:
    """Return where in the user's code an error was raised; "" where that is not known."""
    frames = [one for one in extract_tb(traceback) if not one.filename.startswith(_OURS)]
    return f" (line {frames[0].lineno} of {frames[0].name})" if frames else ""
