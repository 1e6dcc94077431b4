"""An environment without pyarrow, as far as jobwidgets can tell."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import pytest


@contextmanager
def without_pyarrow() -> Iterator[None]:
    """Hide pyarrow."""
    with pytest.MonkeyPatch.context() as patch, pd.option_context("mode.string_storage", "python"):
        patch.setitem(sys.modules, "pyarrow", None)
        yield
