"""When each message of a job was first seen: what a server that tells no times leaves to us."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from datetime import datetime
from operator import ne
from typing import TypeAlias

from jobwidgets._model.snapshot import Message, Snapshot

Key: TypeAlias = Hashable
"""What makes two messages of two documents the same: text and time, whatever their place."""


class FirstSights:
    """Stamps the messages of one job's documents, one after another.

    A message keeps its first sight while the list grows or shrinks, while a window moves on over
    a longer list (the server keeps the last lines), and where lines around it change. First
    sights never fall along the list: what stands before a message was there before it. When the
    job starts anew under its id, all is new.
    """

    __slots__ = ("_known", "_started")

    def __init__(self) -> None:
        # The longest list that the last one is the beginning of: what left at its end may come
        # back. So what is remembered is never more than one document had.
        self._known: tuple[Message, ...] = ()
        self._started: datetime | None = None

    def stamped(self, snapshot: Snapshot) -> tuple[Message, ...]:
        """Return the messages of the next document, each with when it was first seen."""
        self._note_start(snapshot.started)
        known, new, seen = self._known, snapshot.messages, self._now(snapshot.seen)
        kept = _first_difference(known, new)
        if kept == min(len(known), len(new)):  # nearly always
            messages = (*known[:kept], *[_seen(message, seen) for message in new[kept:]])
            self._known = known if len(known) > len(new) else messages
        else:
            messages = self._known = tuple(map(_seen, new, _sights(known, new, seen)))
        return messages

    def _note_start(self, started: datetime | None) -> None:
        """Forget what was seen before the job was started anew."""
        if started is None or (self._started is not None and started <= self._started):
            return
        if self._started is not None:
            self._known = ()
        self._started = started

    def _now(self, seen: datetime | None) -> datetime | None:
        """Return the time for what is new; this client's clock may have been set back."""
        last = self._known[-1].seen if self._known else None
        return last if seen is not None and last is not None and seen < last else seen


def _first_difference(known: Sequence[object], new: Sequence[object]) -> int:
    shorter = min(len(known), len(new))
    if known[:shorter] == new[:shorter]:  # in half the time of a search
        return shorter
    return next(place for place, differs in enumerate(map(ne, known, new)) if differs)


def _sights(
    known: Sequence[Message], new: Sequence[Message], now: datetime | None
) -> list[datetime | None]:
    """Return when each of the new messages was first seen."""
    old_keys, keys = [_key(message) for message in known], [_key(message) for message in new]
    places, overlap = _places(old_keys, keys), _overlap(old_keys, keys)
    if overlap >= sum(place is not None for place in places):
        start = len(known) - overlap
        places = [*range(start, len(known)), *[None] * (len(new) - overlap)]
    sights = [now if place is None else known[place].seen for place in places]
    return _in_order(sights)


def _key(message: Message) -> Key:
    # Most messages carry no time: a text alone is compared in half the time.
    return message.text if message.time is None else (message.text, message.time)


def _overlap(old: Sequence[Key], new: Sequence[Key]) -> int:
    """Return how many of the last old ones are the first new ones (Knuth, Morris and Pratt).

    Looking at every shift would take hours for a million equal texts.
    """
    links = [0]
    matched = 0
    for key in new[1:]:
        matched = _matched(key, new, links, matched)
        links.append(matched)
    matched = 0
    for key in old:
        matched = _matched(key, new, links, links[-1] if matched == len(new) else matched)
    return matched


def _matched(key: Key, new: Sequence[Key], links: Sequence[int], matched: int) -> int:
    """Return how many first new ones are matched with `key`, after `matched` without it."""
    while matched and key != new[matched]:
        matched = links[matched - 1]
    return matched + (key == new[matched])


def _places(old: Sequence[Key], new: Sequence[Key]) -> list[int | None]:
    """Return the old place of each new one where lines were changed, put in or taken out.

    Those before the first change stay; after it only what is there once can be told apart.
    """
    same = _first_difference(old, new)
    places: list[int | None] = [*range(same)]
    once = _once(old) & _once(new)
    where = {key: place for place, key in enumerate(old) if key in once and place >= same}
    last = same - 1
    for key in new[same:]:
        place = where.get(key, -1)
        places.append(place if place > last else None)
        last = max(last, place)
    return places


def _once(keys: Sequence[Key]) -> set[Key]:
    return {key for key, times in Counter(keys).items() if times == 1}


def _in_order(sights: list[datetime | None]) -> list[datetime | None]:
    """Return first sights that never fall: what stands before a message was there before it."""
    for place in range(len(sights) - 2, -1, -1):
        here, after = sights[place], sights[place + 1]
        if here is not None and after is not None and here > after:
            sights[place] = after
    return sights


def _seen(message: Message, seen: datetime | None) -> Message:
    # By hand in a third of the time of `replace`: a document may have a million messages.
    return Message(message.number, message.text, message.code, message.level, message.time, seen)
