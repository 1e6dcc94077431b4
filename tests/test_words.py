import pytest

from jobwidgets.snapshot import Status
from jobwidgets.words import totals


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        ([], "no jobs"),
        ([None], "1 not heard of yet"),
        ([Status.UNKNOWN] * 2, "2 of unknown status"),
        (
            [Status.SUCCEEDED] * 46 + [Status.FAILED] + [Status.RUNNING] * 3,
            "3 running, 1 failed, 46 succeeded",
        ),
    ],
)
def test_totals(statuses: list[Status | None], words: str) -> None:
    """What goes on comes first, then what went wrong, then what is well."""
    assert totals(statuses) == words


def test_totals_count_every_status() -> None:
    """No status is left out."""
    assert totals([None, *Status]).count("1 ") == 1 + len(Status)
