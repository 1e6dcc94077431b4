from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from without_pyarrow import without_pyarrow


@pytest.fixture(params=["with pyarrow", "without"])
def engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """Read with pyarrow, and without."""
    with nullcontext() if request.param == "with pyarrow" else without_pyarrow():
        yield
