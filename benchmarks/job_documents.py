"""Made job documents of ArcGIS Mission Server, as a heap of finished jobs has them.

About 0.9 kB a document, 12 messages a job (Poisson); 88 % completed, 5 % failed, 2 % cancelled,
the rest under way and without an end; 1 % with fewer codes than messages, 0.5 % without missionId.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

_BEGIN = [
    (1500, "Started mission creation."),
    (1501, "Creating tracks layers for location awareness."),
    (1503, "Creating communications layers for collaboration."),
    (1505, "Creating events layers for mission logs."),
    (1502, "Created tracks layers for location awareness."),
    (1504, "Created communications layers for collaboration."),
    (1506, "Created events layers for mission logs."),
    (1507, "Creating map for visualization."),
    (1508, "Created map for visualization."),
    (1509, "Finishing mission creation."),
]
_LAYERS = ("Tracks", "Reports", "Tasks", "Drawings", "Chat", "Media")
_DONE = ("queued", "schema validated", "service created", "index rebuilt", "shared with group")
_MORE = [f"Publishing layer {layer}: {done}." for layer in _LAYERS for done in _DONE]
_KINDS = ("addMission", "deleteMission", "updateMission", "exportMission", "addReport")
_STATUSES = ("COMPLETED", "FAILED", "CANCELLED", "EXECUTING", "SUBMITTED")
_PARTS = (0.88, 0.05, 0.02, 0.03, 0.02)
_FIVE_YEARS = 5 * 365 * 86_400_000  # milliseconds


def documents(number: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Yield so many documents, sorted by their start; the same ones for the same seed."""
    draw, rng = random.Random(seed), np.random.default_rng(seed)  # noqa: S311 - made-up data
    starts = 1_590_000_000_000 + np.sort(rng.integers(0, _FIVE_YEARS, number))
    lengths = np.clip(np.exp(rng.normal(np.log(60), 1.6, number)), 2, 21_600) * 1000
    counts = rng.poisson(12, number)
    for start, length, count in zip(starts, lengths, counts, strict=True):
        yield _document(draw, int(start), int(length), int(count))


def _document(draw: random.Random, start: int, length: int, count: int) -> dict[str, Any]:
    status = draw.choices(_STATUSES, _PARTS)[0]
    mission = f"{draw.getrandbits(128):032x}"
    texts, codes = _messages(draw, count, status, mission)
    custom: dict[str, Any] = {
        "stepsCompleted": 5 if status == "COMPLETED" else draw.randrange(5),
        "isCancelled": status == "CANCELLED",
        "messageCodes": codes[: len(codes) - (draw.random() < 0.01)],
        "totalSteps": 5,
    }
    if draw.random() >= 0.005:
        custom["missionId"] = mission
    return {
        "jobId": f"j{uuid.UUID(int=draw.getrandbits(128))}",
        "messages": texts,
        "startTime": start,
        **({"endTime": start + length} if status in _STATUSES[:3] else {}),
        "type": draw.choice(_KINDS),
        "status": status,
        "username": f"user{draw.randrange(200):03d}",
        "customAttributes": custom,
    }


def _messages(
    draw: random.Random, count: int, status: str, mission: str
) -> tuple[list[str], list[int]]:
    first = draw.randrange(len(_MORE))
    texts = [text for _, text in _BEGIN[:count]]
    codes = [code for code, _ in _BEGIN[:count]]
    for place in range(count - len(_BEGIN)):
        number = (first + place) % len(_MORE)
        texts.append(_MORE[number])
        codes.append(1600 + number)
    if count and status == "COMPLETED":
        texts[-1], codes[-1] = f"Finished creating mission {mission}.", 1510
    return texts, codes


def write(number: int, file: Path) -> None:
    """Write so many documents, one a line."""
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(one) + "\n" for one in documents(number))
