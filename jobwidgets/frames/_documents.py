"""Job documents to blocks: what is no job document is told by its place, or left out."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from jobwidgets._model.redact import redacted_document
from jobwidgets._model.snapshot import Snapshot
from jobwidgets._model.steps import StepCodes
from jobwidgets.dialects import Answer, Dialect, find_dialect
from jobwidgets.errors import DocumentError, ExchangeError
from jobwidgets.frames._block import Block
from jobwidgets.frames._mission import MissionDocuments
from jobwidgets.frames._plain import plain
from jobwidgets.frames._seen import Snapshots

OnError: TypeAlias = Literal["raise", "skip"]
_NAMED = 3  # places that a warning names


def has_pyarrow() -> bool:
    """Return whether pyarrow, which reads several times as fast, can be imported."""
    try:
        import pyarrow  # noqa: F401 - only whether it is there
    except ImportError:
        return False
    return True


class Places(Protocol):
    """What each document of a block is called, such as ``jobs[3]``."""

    def __getitem__(self, index: int, /) -> str: ...


class Reader:
    """Reads documents of one dialect into blocks.

    Parameters
    ----------
    dialect
        The name of the dialect; ValueError names the known ones.
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
        dialect: str,
        on_error: OnError,
        wanted: Collection[str],
        attributes: Sequence[str] = (),
        *,
        progress: bool = True,
    ) -> None:
        if on_error not in ("raise", "skip"):
            raise ValueError(f'on_error is {on_error!r}; expected "raise" or "skip"')
        self._dialect: Dialect = find_dialect(dialect)
        self._skips = on_error == "skip"
        self._skipped: list[str] = []
        self._skipped_number = 0
        self._wanted = wanted
        self.attributes = attributes
        self.progress = progress

    @property
    def dialect(self) -> str:
        """The name of the dialect."""
        return self._dialect.name

    @property
    def is_mission(self) -> bool:
        """Whether columns are read at once; those of other dialects are made of snapshots."""
        return self._dialect.name == "mission"

    @property
    def steps(self) -> StepCodes:
        """The steps that the dialect's message codes tell of."""
        return self._dialect.steps

    def block(self, documents: Sequence[Mapping[str, Any]], places: Places) -> Block:
        """Return the block of some documents."""
        if not self.is_mission:
            snapshots = [self.snapshot(one, places[i]) for i, one in enumerate(documents)]
            return Snapshots([snapshot for snapshot in snapshots if snapshot is not None])
        if set(map(type, documents)) != {dict}:
            documents = [dict(document) for document in documents]
        return self._in_columns(documents) or MissionDocuments(self._jobs(documents, places))

    def _in_columns(self, documents: Sequence[Mapping[str, Any]]) -> Block | None:
        """Return what pyarrow can read; None where it is not there, or does not."""
        if not has_pyarrow():
            return None
        from jobwidgets.frames._mission_arrow import from_documents

        return from_documents(documents, self._wanted)

    def block_of_lines(self, lines: bytes) -> Block | None:
        """Return the block of documents, one a line, if pyarrow can read them; else None."""
        if self.attributes or not self.is_mission or not has_pyarrow():
            return None
        from jobwidgets.frames._mission_arrow import from_lines

        return from_lines(lines, self._wanted)

    def block_of_table(self, documents: Any, places: Places) -> Block:
        """Return the block of documents in one of pyarrow's columns of structs."""
        if not self.attributes and self.is_mission:
            from jobwidgets.frames._mission_arrow import from_structs

            found = from_structs(documents)
            if found is not None:
                return found
        return self.block(documents.to_pylist(), places)

    def _jobs(
        self, documents: Sequence[Mapping[str, Any]], places: Places
    ) -> Sequence[Mapping[str, Any]]:
        """Return those documents that are jobs': nearly always all, after one look."""
        ids = [document.get("jobId") for document in documents]
        errors = {document.get("error") is None for document in documents}
        if set(map(type, ids)) == {str} and all(ids) and errors == {True}:
            return documents
        jobs = []
        for index, document in enumerate(documents):
            if type(ids[index]) is not str or not ids[index] or document.get("error") is not None:
                snapshot = self.snapshot(document, places[index])
                document = {} if snapshot is None else snapshot.document
            if document:
                jobs.append(document)
        return jobs

    def snapshot(self, document: Mapping[str, Any], place: str) -> Snapshot | None:
        """Return what one document says; None if it is no job document and left out."""
        try:
            return self._parsed(document)
        except DocumentError as error:
            self.fail(place, error)
        return None

    def _parsed(self, given: Mapping[str, Any]) -> Snapshot:
        document = redacted_document(plain(given))
        try:
            return self._dialect.read(Answer(document))
        except ExchangeError as error:
            code = "without a code" if error.code is None else f"with code {error.code}"
            words = str(error).removeprefix(f"{error.code}").strip() or "the server gave no text"
        raise DocumentError(f"expected a job document, found an error {code}: {words}")

    def fail(self, place: str, error: DocumentError) -> None:
        """Raise the error that names the place, or count what is left out."""
        if not self._skips:
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
