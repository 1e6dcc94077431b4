"""Job documents to blocks: what is no job document is told by its place, or left out."""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from typing import Any, Literal, Protocol, TypeAlias

from jobwidgets._model.redact import redacted_document
from jobwidgets._model.snapshot import Snapshot
from jobwidgets._model.soundness import sound
from jobwidgets._model.steps import StepCodes
from jobwidgets.dialects import Answer, Dialect, find_dialect
from jobwidgets.dialects._choice import (
    are_surely_mission,
    dialect_of,
    recognising,
)
from jobwidgets.dialects._known import others_are_known
from jobwidgets.errors import DocumentError, ExchangeError
from jobwidgets.frames._block import Block
from jobwidgets.frames._mission import MissionDocuments
from jobwidgets.frames._plain import plain
from jobwidgets.frames._seen import Snapshots

OnError: TypeAlias = Literal["raise", "skip"]
_MISSION = find_dialect("mission")
_NAMED = 3  # places that a warning names
# Each document of the dialects that are ours has one of these names.
_IDS = frozenset(["jobId", "jobID", "jobid", "id", "service_id"])


def has_pyarrow() -> bool:
    """Return whether pyarrow, which reads several times as fast, can be imported."""
    try:
        import pyarrow  # noqa: F401 - only whether it is there
    except ImportError:
        return False
    return True


def need_pyarrow(what: str) -> None:
    """Raise the error that says what takes pyarrow, and how to install it, where it is not."""
    if not has_pyarrow():
        raise ModuleNotFoundError(f"{what} takes pyarrow: pip install 'jobwidgets[parquet]'")


def are_of_documents(columns: Iterable[object]) -> bool:
    """Return whether a table has such columns as documents have parts."""
    return not _IDS.isdisjoint(columns)


class Places(Protocol):
    """What each document of a block is called, such as ``jobs[3]``."""

    def __getitem__(self, index: int, /) -> str: ...


def _first_of(lines: bytes) -> Iterator[object]:
    """Yield the first line, decoded; nothing if it is no JSON."""
    with suppress(ValueError, RecursionError):
        yield json.loads(BytesIO(lines).readline())


class Reader:
    """Reads documents of one dialect into blocks.

    Parameters
    ----------
    dialect
        The dialect or its name; ValueError names the known ones. None lets each document tell its
        own; in a file the first one tells, and the others must fit.
    on_error
        "raise" raises at what is no job document, "skip" leaves it out and counts it.
    wanted
        Which frames will be made: "jobs" or "messages", or both.
    attributes
        Names of the server attributes that will be asked for.
    progress
        Whether a bar shows how far files have been read.
    """

    def __init__(
        self,
        dialect: str | Dialect | None,
        on_error: OnError,
        wanted: Collection[str],
        attributes: Sequence[str] = (),
        *,
        progress: bool = True,
    ) -> None:
        if on_error not in ("raise", "skip"):
            raise ValueError(f'on_error is {on_error!r}; expected "raise" or "skip"')
        self._given = None if dialect is None else find_dialect(dialect)
        self._told: Dialect | None = None
        self._is_in_file = False
        self.skips = on_error == "skip"
        self._skipped: list[str] = []
        self._skipped_number = 0
        self._wanted = wanted
        self.attributes = attributes
        self.progress = progress

    @property
    def dialect(self) -> str:
        """The name of the dialect of the documents whose block does not tell one."""
        return _MISSION.name if self._given is None else self._given.name

    @property
    def steps(self) -> StepCodes | None:
        """What the codes of messages tell in the dialect that was given; None if none was."""
        return None if self._given is None else self._given.steps

    def in_file(self, *, is_in_file: bool = True) -> None:
        """Note that what follows is a file's, whose first document tells the dialect."""
        self._told, self._is_in_file = None, is_in_file

    def block(self, documents: Sequence[Mapping[str, Any]], places: Places) -> Block:
        """Return the block of some documents."""
        if set(map(type, documents)) != {dict}:
            documents = [dict(document) for document in documents]
        found = MissionDocuments(documents)
        if not self._are_mission(found):
            read = [self.read(one, places[i]) for i, one in enumerate(documents)]
            both = [one for one in read if one is not None]
            return Snapshots([one for one, _ in both], [dialect for _, dialect in both])
        return found if found.are_jobs else MissionDocuments(self._jobs(documents, places))

    def _are_mission(self, documents: MissionDocuments) -> bool:
        """Return whether columns are read at once; those of others are made of snapshots."""
        if self._given is not None:
            return self._given is _MISSION
        is_open = self._told in {None, _MISSION}
        if not (is_open and len(documents) and are_surely_mission(documents.names, documents.part)):
            return False
        self._note(_MISSION)
        return True

    def _note(self, dialect: Dialect) -> None:
        self._told = dialect if self._is_in_file else None

    def _dialect_of(self, document: Mapping[str, Any]) -> Dialect:
        if self._given is not None:
            return self._given
        if self._told is None:
            told = dialect_of(document)
            self._note(told)
            return told
        telling = recognising(document)
        if telling and self._told not in telling:
            names = ", ".join(dialect.name for dialect in telling)
            text = f"the file's first document is of {self._told.name}, this one is of {names}"
            raise DocumentError(text)
        return self._told

    def block_of_lines(self, lines: bytes) -> Block | None:
        """Return the block of documents, one a line, if pyarrow can read them; else None."""
        if self.attributes or not has_pyarrow() or not self._begin_as_mission(_first_of(lines)):
            return None
        from jobwidgets.frames._mission_arrow_read import from_lines

        return from_lines(lines, self._wanted, may_be_others=self._given is None)

    def _begin_as_mission(self, first: Iterator[object]) -> bool:
        """Return whether documents, of which `first` yields one, are to be read at once.

        Where nobody gave the dialect, it is left to see that no other one is that of another.
        """
        if self._given is not None:
            return self._given is _MISSION
        if self._told is not None:
            return self._told is _MISSION and not others_are_known()
        return self._are_mission(MissionDocuments([one for one in first if isinstance(one, dict)]))

    def block_of_table(self, documents: Any, places: Places) -> Block:
        """Return the block of documents in one of pyarrow's columns of structs."""
        first = (one.as_py() for one in documents[:1])
        if not self.attributes and self._begin_as_mission(first):
            from jobwidgets.frames._mission_arrow_read import from_structs

            found = from_structs(documents, may_be_others=self._given is None)
            if found is not None:
                return found
        return self.block(documents.to_pylist(), places)

    def _jobs(
        self, documents: Sequence[Mapping[str, Any]], places: Places
    ) -> Sequence[Mapping[str, Any]]:
        """Return those documents that are jobs'."""
        jobs = []
        for index, document in enumerate(documents):
            if not MissionDocuments([document]).are_jobs:
                snapshot = self.snapshot(document, places[index])
                document = {} if snapshot is None else snapshot.document
            if document:
                jobs.append(document)
        return jobs

    def snapshot(self, document: Mapping[str, Any], place: str) -> Snapshot | None:
        """Return what one document says; None if it is no job document and left out."""
        read = self.read(document, place)
        return None if read is None else read[0]

    def read(self, document: Mapping[str, Any], place: str) -> tuple[Snapshot, Dialect] | None:
        """Return what one document says, and its dialect; None if it is none and left out."""
        try:
            return self._parsed(document)
        except DocumentError as error:
            self.fail(place, error)
        return None

    def _parsed(self, given: Mapping[str, Any]) -> tuple[Snapshot, Dialect]:
        document = redacted_document(plain(given))
        try:
            dialect = self._dialect_of(document)
            return sound(dialect.read(Answer(document)), dialect.name), dialect
        except ExchangeError as error:
            code = "without a code" if error.code is None else f"with code {error.code}"
            words = str(error).removeprefix(f"{error.code}").strip() or "the server gave no text"
        raise DocumentError(f"expected a job document, found an error {code}: {words}")

    def fail(self, place: str, error: DocumentError) -> None:
        """Raise the error that names the place, or count what is left out."""
        if not self.skips:
            raise DocumentError(f"{place}: {error}") from error
        self._skipped_number += 1
        if len(self._skipped) < _NAMED:
            self._skipped.append(f"{place}: {error}")

    def warn(self, stacklevel: int) -> None:
        """Warn once of what was left out, if anything was."""
        if self._skipped_number:
            others = self._skipped_number - len(self._skipped)
            places = "; ".join([*self._skipped, *([f"and {others:,} more"] if others else [])])
            text = f"documents left out: {self._skipped_number:,} ({places})"
            warnings.warn(text, stacklevel=stacklevel)
