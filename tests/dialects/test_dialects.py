from dataclasses import FrozenInstanceError

import pytest

from jobwidgets.dialects import Dialect, Refusal, find_dialect
from jobwidgets.dialects.mission import Mission
from jobwidgets.errors import DocumentError, JobwidgetsError


def test_dialect_is_found_by_its_name() -> None:
    """A dialect is found under the name that it has itself."""
    dialect: Dialect = find_dialect("mission")
    assert isinstance(dialect, Mission)
    assert dialect.name == "mission"


@pytest.mark.parametrize("name", ["", "Mission", "ogc", "mission "])
def test_unknown_dialect(name: str) -> None:
    """An unknown name is refused, and the error tells the known ones."""
    with pytest.raises(ValueError, match=r"expected one of: mission") as caught:
        find_dialect(name)
    assert repr(name) in str(caught.value)


def test_document_error_is_ours() -> None:
    """Catching the root catches a bad document."""
    assert issubclass(DocumentError, JobwidgetsError)


def test_refusal_is_a_value() -> None:
    """Two equal refusals are equal, and cannot be changed."""
    refusal = Refusal(498, "Invalid token.")
    assert refusal == Refusal(498, "Invalid token.")
    with pytest.raises(FrozenInstanceError):
        refusal.code = None  # type: ignore[misc]
