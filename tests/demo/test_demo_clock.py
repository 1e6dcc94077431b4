import time

import pytest

from jobwidgets.demo import Clock


def test_begins_as_wall_clock_and_goes_faster():
    """A new clock tells the time of day; at a thousandfold speed, 20 ms are at least 20 seconds."""
    assert Clock().now() == pytest.approx(time.time(), abs=5)
    clock = Clock(speed=1000)
    before = clock.now()
    time.sleep(0.02)
    assert clock.now() - before >= 20


def test_changes_without_a_jump():
    """A new speed counts from now on; at speed 0 only `advance` moves the clock."""
    clock = Clock(speed=0)
    before = clock.now()
    time.sleep(0.01)
    clock.speed = 100
    clock.speed = 0
    assert clock.speed == 0
    assert 0 <= clock.now() - before < 60
    before = clock.now()
    clock.advance(90)
    time.sleep(0.01)
    assert clock.now() == before + 90


@pytest.mark.parametrize("bad", [-1, float("inf"), float("nan")])
def test_never_goes_back(bad):
    """A negative or endless speed or jump is refused, and the message says what was found."""
    clock = Clock()
    with pytest.raises(ValueError, match=f"speed: expected .* found {bad!r}"):
        clock.speed = bad
    with pytest.raises(ValueError, match=f"seconds: expected .* found {bad!r}"):
        clock.advance(bad)
