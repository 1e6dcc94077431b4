"""Waiting for what another thread or process does."""

from __future__ import annotations

import time
from collections.abc import Callable

HANG = 30.0
"""Seconds after which something that should have happened has not."""


def until(is_so: Callable[[], object]) -> None:
    """Return when something has become so."""
    end = time.monotonic() + HANG
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.001)
