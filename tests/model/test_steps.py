import pytest

from jobwidgets._model.steps import StepEvents, paired_steps

KNOWN = {1: ("a", "begin"), 2: ("a", "end"), "B": ("b", "begin"), "E": ("b", "end")}
PAIRS = {
    "nothing": ([], []),
    "one step": ([1, 2], [("a", 0, 1)]),
    "steps beside each other": ([1, "B", "E", 2], [("a", 0, 3), ("b", 1, 2)]),
    "a step that goes on": ([1], [("a", 0, None)]),
    "an end alone": ([2], [("a", None, 0)]),
    "an end before its begin": ([2, 1], [("a", None, 0), ("a", 1, None)]),
    "a step in a row": ([1, 2, 1, 2], [("a", 0, 1), ("a", 2, 3)]),
    "a step beside itself, first in, first out": ([1, 1, 2], [("a", 0, 2), ("a", 1, None)]),
    "codes that are none": ([None, 9, "x", 1, 2], [("a", 3, 4)]),
}


@pytest.mark.parametrize(("codes", "steps"), PAIRS.values(), ids=PAIRS)
def test_paired_steps(codes: list[int | str | None], steps: list[tuple]) -> None:
    """Begins and ends are paired by their step, in the order of the first message."""
    assert paired_steps(codes, KNOWN) == [StepEvents(*step) for step in steps]
