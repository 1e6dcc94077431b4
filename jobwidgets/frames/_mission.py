"""Mission documents to columns, without an object a document or a message.

A column whose values are all of the usual type is taken as it is; else each of its values goes
through the function of `jobwidgets.dialects._facts` that the watch goes by.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from jobwidgets._model.packed import NONE
from jobwidgets._model.redact import redacted, redacted_document
from jobwidgets.dialects import _facts as facts
from jobwidgets.frames._block import Block
from jobwidgets.frames._columns import STATUS_NUMBER, Column, microseconds, numbered, within
from jobwidgets.frames._plain import plain
from jobwidgets.frames._texts import clean_items, clean_texts

_TEXT = {str, type(None)}
_DICT = {dict, type(None)}
_LIST = {list, type(None)}
_MICROSECONDS = 1000  # of a millisecond


class MissionDocuments(Block):
    """Documents that are jobs', each a dict; see `jobwidgets.frames._given`."""

    def __init__(self, documents: Sequence[Mapping[str, Any]]) -> None:
        self._documents = documents
        self._read: dict[str, list[Any]] = {}

    def __len__(self) -> int:
        return len(self._documents)

    @property
    def names(self) -> Set[str]:
        """All names that the documents have."""
        return set[str]().union(*self._documents)

    @property
    def are_jobs(self) -> bool:
        """Whether each document is a job's, as far as an id without an error makes it one."""
        ids, errors = self.part("jobId"), self.part("error")
        return {*map(type, ids)} <= {str} and all(ids) and {*map(type, errors)} <= {type(None)}

    def part(self, name: str) -> list[Any]:
        """Return the value of one name in each document; None where there is none."""
        if name not in self._read:
            self._read[name] = _values(self._documents, name)
        return self._read[name]

    @cached_property
    def _custom(self) -> list[Mapping[str, Any]]:
        custom = self.part("customAttributes")
        if set(map(type, custom)) <= _DICT:
            return [part or {} for part in custom]
        return [facts.custom_of({"customAttributes": plain(part)}) for part in custom]

    def _custom_parts(self, name: str) -> list[Any]:
        return _values(self._custom, name)

    @cached_property
    def job_ids(self) -> Column:
        return clean_texts(self.part("jobId"))

    @cached_property
    def _raw_status(self) -> list[str | None]:
        return _words(self.part("status"))

    @property
    def raw_status(self) -> Column:
        return clean_texts(self._raw_status)

    @cached_property
    def status_numbers(self) -> np.ndarray:
        cancelled = self._custom_parts("isCancelled")
        if not set(map(type, cancelled)) <= {bool, type(None)}:
            cancelled = [plain(value) is True for value in cancelled]
        pairs = zip(self._raw_status, cancelled, strict=True)
        return np.fromiter(map(_StatusNumbers().__getitem__, pairs), "i1", len(self))

    @property
    def kinds(self) -> Column:
        return clean_texts(_words(self.part("type")))

    @property
    def owners(self) -> Column:
        return clean_texts(_words(self.part("username")))

    @property
    def mission_ids(self) -> Column:
        ids = self._custom_parts("missionId")
        if type(None) in set(map(type, ids)):
            others = self.part("missionId")
            pairs = zip(ids, others, strict=True)
            ids = [other if value is None else value for value, other in pairs]
        return clean_texts(_words(ids))

    @cached_property
    def started(self) -> np.ndarray:
        return _times(self.part("startTime"))

    @cached_property
    def ended(self) -> np.ndarray:
        return _times(self.part("endTime"))

    @cached_property
    def steps_done(self) -> np.ndarray:
        return _integers(self._custom_parts("stepsCompleted"), facts.count_of)

    @cached_property
    def steps_total(self) -> np.ndarray:
        return _integers(self._custom_parts("totalSteps"), facts.count_of)

    @cached_property
    def _messages(self) -> list[list[Any]]:
        lists = self.part("messages")
        if set(map(type, lists)) <= _LIST:
            return [messages or [] for messages in lists]
        return [facts.texts_of(redacted_document(plain(messages))) for messages in lists]

    @cached_property
    def message_counts(self) -> np.ndarray:
        return np.fromiter(map(len, self._messages), dtype="i8", count=len(self))

    @property
    def message_texts(self) -> Column:
        try:
            return clean_items(self._messages)
        except (TypeError, ValueError):  # something in them is no text, or none that UTF-8 holds
            return clean_texts([_line(line) for line in chain.from_iterable(self._messages)])

    @property
    def message_codes(self) -> np.ndarray:
        lists = self._custom_parts("messageCodes")
        if set(map(type, lists)) <= _LIST:
            lists = [codes or [] for codes in lists]
        else:
            lists = [codes if isinstance(codes := plain(part), list) else [] for part in lists]
        codes = _integers(list(chain.from_iterable(lists)), facts.code_of)
        lengths = np.fromiter(map(len, lists), dtype="i8", count=len(lists))
        return paired(codes, lengths, self.message_counts)

    @property
    def documents(self) -> Sequence[Mapping[str, Any]]:
        return self._documents

    def attribute(self, name: str) -> Sequence[Any]:
        return [self._attribute(place, name) for place in range(len(self))]

    def _attribute(self, place: int, name: str) -> Any:
        custom, document = self._custom[place], self._documents[place]
        parts = {"customAttributes": {name: custom.get(name)}, name: document.get(name)}
        return facts.attribute_of(redacted_document(plain(parts)), name)

    def reasons(self, jobs: np.ndarray) -> Sequence[str | None]:
        found = (self._messages[job] for job in jobs.tolist())
        return [redacted(_line(messages[-1])) if messages else None for messages in found]


class _StatusNumbers(dict[tuple[str | None, bool | None], int]):
    """Places of statuses, each worked out once."""

    def __missing__(self, key: tuple[str | None, bool | None]) -> int:
        raw, cancelled = key
        self[key] = STATUS_NUMBER[facts.status_of(raw, cancelled=cancelled is True)]
        return self[key]


def _values(mappings: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """Return one item of each mapping; None where there is none."""
    try:
        return [mapping[name] for mapping in mappings]  # in two thirds of the time
    except KeyError:
        return [mapping.get(name) for mapping in mappings]


def _words(values: list[Any]) -> list[str | None]:
    if set(map(type, values)) <= _TEXT:
        return values
    return [facts.text_of(plain(value)) for value in values]


def _line(value: Any) -> str:
    """Return a message as a text; a structure is redacted before it becomes one."""
    return value if type(value) is str else facts.line_of(redacted_document(plain(value)))


def _integers(values: list[Any], fact: Callable[[object], int | None]) -> np.ndarray:
    """Return whole numbers as an array, in which `NONE` is missing."""
    try:
        # It refuses what is no whole number, but takes True for 1.
        numbers = np.array(array("q", values))
        if not ((numbers == 0) | (numbers == 1)).any() or bool not in set(map(type, values)):
            return numbers
    except (TypeError, OverflowError):
        pass
    usual = _usual_integers(values)
    return numbered([fact(plain(value)) for value in values]) if usual is None else usual


def _usual_integers(values: list[Any]) -> np.ndarray | None:
    """Return whole numbers, some of them missing, as an array; None if there are others."""
    if not set(map(type, values)) <= {int, type(None)}:
        return None
    try:
        return numbered(values)
    except OverflowError:
        return None


def _times(values: list[Any]) -> np.ndarray:
    """Return times in microseconds, in which `NONE` is missing."""
    milliseconds = _usual_integers(values)
    if milliseconds is not None:
        return from_milliseconds(milliseconds)
    return np.array([microseconds(facts.time_of(plain(value))) for value in values], dtype="i8")


def from_milliseconds(milliseconds: np.ndarray) -> np.ndarray:
    """Return times in microseconds, as `time_of` has them."""
    told = (milliseconds > 0) & (milliseconds <= facts.LAST_MILLISECOND)
    return np.where(told, np.where(told, milliseconds, 0) * _MICROSECONDS, NONE)


def paired(codes: np.ndarray, lengths: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the code of each message: they are paired by their places, as `codes_of` has it.

    Parameters
    ----------
    codes
        All jobs' codes, one after another.
    lengths
        How many codes each job has.
    counts
        How many messages each job has.
    """
    if np.array_equal(lengths, counts):
        return codes
    owners, places = within(counts)
    has_code = places < lengths[owners]
    begins = np.cumsum(lengths) - lengths
    found = np.full(len(owners), NONE)
    found[has_code] = codes[(begins[owners] + places)[has_code]]
    return found
