"""Snapshots to columns: those of any dialect, and those of histories."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from jobwidgets._model import packed
from jobwidgets._model.history import JobHistory, outcome_error
from jobwidgets._model.packed import FIELDS, NONE
from jobwidgets._model.snapshot import Message, Snapshot
from jobwidgets._model.steps import Mark, StepCodes, StepEvents, steps_of
from jobwidgets.dialects import Dialect
from jobwidgets.frames._block import Block
from jobwidgets.frames._columns import (
    NO_STATUS,
    STATUS_NUMBER,
    Column,
    microseconds,
    missing,
    numbered,
)
from jobwidgets.frames._steps import (
    EventTimes,
    ToldSteps,
    can_be_read_again,
    shifted,
    step_codes,
)
from jobwidgets.frames._tables import Columns
from jobwidgets.frames._texts import no_texts, texts

_PACKED = np.dtype([(name, f"<{code}") for name, code in FIELDS])


class Snapshots(Block):
    """Snapshots, one a job; None for a job that never gave a document."""

    def __init__(
        self, snapshots: Sequence[Snapshot | None], dialects: Sequence[Dialect | None]
    ) -> None:
        self._snapshots = snapshots
        self._dialects = dialects

    def __len__(self) -> int:
        return len(self._snapshots)

    def _facts(self, fact: Callable[[Snapshot], Any]) -> list[Any]:
        return [None if snapshot is None else fact(snapshot) for snapshot in self._snapshots]

    @cached_property
    def job_ids(self) -> Column:
        return texts(self._facts(lambda s: s.id))

    @property
    def raw_status(self) -> Column:
        return texts(self._facts(lambda s: s.raw_status))

    @cached_property
    def status_numbers(self) -> np.ndarray:
        numbers = self._facts(lambda s: STATUS_NUMBER[s.status])
        return np.array([NO_STATUS if n is None else n for n in numbers], dtype="i1")

    @property
    def kinds(self) -> Column:
        return texts(self._facts(lambda s: s.kind))

    @property
    def owners(self) -> Column:
        return texts(self._facts(lambda s: s.owner))

    @property
    def mission_ids(self) -> Column:
        ids = self._facts(lambda s: s.attributes.get("missionId"))
        return texts([value if isinstance(value, str) else None for value in ids])

    @cached_property
    def started(self) -> np.ndarray:
        return _times(self._facts(lambda s: s.started))

    @cached_property
    def ended(self) -> np.ndarray:
        return _times(self._facts(lambda s: s.ended))

    @cached_property
    def steps_done(self) -> np.ndarray:
        return numbered(self._facts(lambda s: s.steps_done))

    @cached_property
    def steps_total(self) -> np.ndarray:
        return numbered(self._facts(lambda s: s.steps_total))

    @cached_property
    def progress(self) -> np.ndarray:
        return np.array(self._facts(lambda s: s.progress), dtype="f8")

    @cached_property
    def message_counts(self) -> np.ndarray:
        return numbered(self._facts(lambda s: len(s.messages)))

    @cached_property
    def _messages(self) -> list[Message]:
        return list(chain.from_iterable(s.messages for s in self._snapshots if s is not None))

    @property
    def message_texts(self) -> Column:
        return texts([message.text for message in self._messages])

    @property
    def message_codes(self) -> np.ndarray:
        codes: list[Any] = [message.code for message in self._messages]
        try:
            return np.array(array("q", codes))  # which refuses words and None
        except TypeError:
            return numbered([None if isinstance(code, str) else code for code in codes])

    @property
    def message_levels(self) -> Column:
        levels = [message.level for message in self._messages]
        return texts(levels) if any(levels) else no_texts(len(levels))

    @property
    def message_times(self) -> np.ndarray:
        return _times([message.time for message in self._messages])

    @property
    def message_sights(self) -> np.ndarray:
        return _times([message.seen for message in self._messages])

    def written(self) -> EventTimes:
        return self._event_times(self._messages, self._message_numbers)

    def _event_times(self, events: Sequence[Message | Mark], _: np.ndarray) -> EventTimes:
        """Return the times of messages or marks, of which each job has so many."""
        return EventTimes.told(_times([event.time for event in events]))

    @property
    def documents(self) -> Sequence[Mapping[str, Any] | None]:
        return self._facts(lambda s: s.document)

    @property
    def attributes(self) -> Sequence[Mapping[str, Any] | None]:
        return self._facts(lambda s: s.attributes)

    def attribute(self, name: str) -> Sequence[Any]:
        return self._facts(lambda s: s.attributes.get(name))

    def last_text(self, job: int) -> str | None:
        snapshot = self._snapshots[job]
        return snapshot.messages[-1].text if snapshot is not None and snapshot.messages else None

    def dialects(self, given: str) -> Sequence[str | None]:
        return [given if dialect is None else dialect.name for dialect in self._dialects]

    def step_codes(self, given: StepCodes | None) -> Sequence[StepCodes]:
        codes = step_codes(None, given)
        return [codes if dialect is None else dialect.steps for dialect in self._dialects]

    def told_steps(self, given: StepCodes | None) -> ToldSteps:
        found: dict[int, list[StepEvents]] = {}
        events: list[Message | Mark] = []
        counts = np.zeros(len(self), dtype="i8")
        for job, codes in self._not_by_codes(given):
            steps, its = steps_of(self._snapshots[job], codes)  # type: ignore[arg-type]  # it has one
            found[job], counts[job] = shifted(steps, len(events)), len(its)
            events += its
        return ToldSteps(found, self._event_times(events, counts))

    def _not_by_codes(self, given: StepCodes | None) -> Iterator[tuple[int, StepCodes]]:
        """Yield the jobs of whose steps not numeric codes tell, each with its dialect's codes."""
        names, all_codes = self.dialects(""), self.step_codes(given)
        plain: dict[tuple[str | None, int], bool] = {}
        for job, (snapshot, name, codes) in enumerate(
            zip(self._snapshots, names, all_codes, strict=True)
        ):
            key = name or None, id(codes)
            if key not in plain:
                plain[key] = can_be_read_again(name or None, codes)
            if snapshot is not None and (snapshot.steps or not plain[key]):
                yield job, codes


class Histories(Snapshots):
    """Jobs that were watched."""

    def __init__(self, histories: Sequence[JobHistory]) -> None:
        # Read once: the poller may be writing.
        latest = [history.latest for history in histories]
        super().__init__(latest, [None] * len(histories))
        self._histories = histories

    @cached_property
    def job_ids(self) -> Column:
        return texts([history.job_id for history in self._histories])

    @property
    def urls(self) -> Column:
        return texts([history.url for history in self._histories])

    @property
    def errors(self) -> Column:
        ended = self._facts(outcome_error)
        pairs = zip(ended, self._histories, strict=True)
        errors = [error or history.watch_error for error, history in pairs]
        return texts([None if error is None else str(error) for error in errors])

    def dialects(self, given: str) -> Sequence[str | None]:
        return [history.dialect for history in self._histories]

    @property
    def have_ended(self) -> np.ndarray:
        ended = zip(self._snapshots, self._histories, strict=True)
        by_watch = [history.latest is latest and history.has_ended for latest, history in ended]
        return np.asarray(super().have_ended | np.array(by_watch, dtype=bool))

    @property
    def last_sights(self) -> np.ndarray:
        return _times(self._facts(lambda s: s.seen))

    def step_codes(self, given: StepCodes | None) -> Sequence[StepCodes]:
        return [step_codes(history.dialect, given) for history in self._histories]

    def _event_times(self, events: Sequence[Message | Mark], counts: np.ndarray) -> EventTimes:
        told, sights = (_times([getattr(e, name) for e in events]) for name in ("time", "seen"))
        started = np.repeat(self.started, counts)
        return EventTimes.of_watched(told, sights, self._polls(sights, counts), started)

    @property
    def message_polls(self) -> np.ndarray:
        return self._polls(self.message_sights, self._message_numbers)

    def _polls(self, sights: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return when the polls before first sights were, of which each job has so many."""
        seen_at, found = sights.tolist(), list[int]()
        for (buffer, _), count in zip(self._packed_snapshots, counts.tolist(), strict=True):
            rows = np.frombuffer(buffer, dtype=_PACKED)
            polls = dict(zip(rows["seen"].tolist(), rows["polled_before"].tolist(), strict=True))
            found += [polls.get(seen, NONE) for seen in seen_at[len(found) : len(found) + count]]
        return np.array(found, dtype="i8")

    @cached_property
    def _packed_snapshots(self) -> list[tuple[bytes, tuple[str | None, ...]]]:
        return [packed.columns(history.snapshots) for history in self._histories]

    @cached_property
    def _snapshot_rows(self) -> np.ndarray:
        return np.frombuffer(b"".join(rows for rows, _ in self._packed_snapshots), dtype=_PACKED)

    @property
    def snapshot_counts(self) -> np.ndarray:
        counts = [len(rows) // _PACKED.itemsize for rows, _ in self._packed_snapshots]
        return np.array(counts, dtype="i8")

    @property
    def snapshot_polls(self) -> np.ndarray:
        return np.asarray(self._snapshot_rows["polled_before"], dtype="i8")

    def snapshots(self) -> Columns:
        """Return the columns of a row a distinct snapshot, without a loop over the snapshots."""
        rows = self._snapshot_rows
        owners = np.repeat(np.arange(len(self)), self.snapshot_counts)
        # Each job numbers its words on its own: where its first word is in the list of all.
        lists = [words for _, words in self._packed_snapshots]
        starts = np.cumsum([0, *map(len, lists)])[:-1]
        words = texts(list(chain.from_iterable(lists)))
        return {
            "job_id": self.job_ids.take(owners),
            "seen": rows["seen"],
            "status": rows["status"],
            "raw_status": words.take(starts[owners] + rows["raw_status"]),
            "progress": rows["progress"],
            "steps_done": rows["steps_done"],
            "steps_total": rows["steps_total"],
            "messages": rows["message_count"].astype("i8"),
        }


def _times(values: Sequence[Any]) -> np.ndarray:
    """Return times in microseconds; most stand there many times, and are worked out once."""
    if not any(values):
        return missing(len(values))
    numbers = {time: microseconds(time) for time in set(values)}
    return np.array([numbers[time] for time in values], dtype="i8")
