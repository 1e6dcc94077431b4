"""The messages of a server that tells only its latest one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jobwidgets._model.snapshot import Message


def accumulated(before: tuple[Message, ...], now: Sequence[Message]) -> tuple[Message, ...]:
    """Return all messages that were seen: those of before, and what now is new.

    A message that says the same as the last one is that one, whatever time stands beside it. What
    came and went between two polls is missing.
    """
    last = before[-1] if before else None
    if not now or (last is not None and _says(last) == _says(now[-1])):
        return before
    return (*before, *(replace(one, number=n) for n, one in enumerate(now, len(before) + 1)))


def _says(message: Message) -> tuple[object, ...]:
    return message.text, message.code, message.level
