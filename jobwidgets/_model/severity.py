"""How severe a message is, and which message tells best why a job failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from jobwidgets._model.snapshot import Message

_PATTERNS = {
    "error": re.compile("error|fatal|critical|fail", re.IGNORECASE),
    "warning": re.compile("warn", re.IGNORECASE),
}


def severity(message: Message) -> str | None:
    """Return "error" or "warning" as the message's level has it; None for any other."""
    level = message.level
    if not level:
        return None
    return next((name for name, pattern in _PATTERNS.items() if pattern.search(level)), None)


def reason_of(messages: Sequence[Message]) -> str | None:
    """Return the text that tells best why a job failed; None without messages.

    Of the last errors in a row the first: the cause, of which those after it are the consequence.
    The last message where none is an error, as on servers that tell no levels.
    """
    if not messages:
        return None
    numbers = range(len(messages) - 1, -1, -1)
    last = next((n for n in numbers if _is_error(messages[n])), None)
    if last is None:
        return messages[-1].text
    *_, first = takewhile(lambda n: _is_error(messages[n]), range(last, -1, -1))
    return messages[first].text


def _is_error(message: Message) -> bool:
    return severity(message) == "error"
