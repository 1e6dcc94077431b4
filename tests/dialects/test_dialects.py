import pytest

from jobwidgets.dialects import Dialect, find_dialect
from jobwidgets.dialects.mission import Mission


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
