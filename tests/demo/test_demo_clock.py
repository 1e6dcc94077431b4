import time

import pytest

from jobwidgets.demo import Clock


def test_begins_as_wall_clock():
    """A new clock tells the time of day."""
    assert Clock().now() == pytest.approx(time.time(), abs=5)


def test_goes_faster():
    """At a thousandfold speed, 20 ms are at least 20 seconds."""
    clock = Clock(speed=1000)
    before = clock.now()
    time.sleep(0.02)
    assert clock.now() - before >= 20


def test_speed_changes_without_a_jump():
    """A new speed counts from now on, not for the time that has passed."""
    clock = Clock(speed=0)
    before = clock.now()
    time.sleep(0.01)
    clock.speed = 100
    clock.speed = 0
    assert clock.speed == 0
    assert 0 <= clock.now() - before < 60


def test_stands_still():
    """At speed 0 only `advance` moves the clock."""
    clock = Clock(speed=0)
    before = clock.now()
    clock.advance(90)
    time.sleep(0.01)
    assert clock.now() == before + 90


@pytest.mark.parametrize("bad", [-1, float("inf"), float("nan")])
def test_never_goes_back(bad):
    """A negative or endless speed or jump is refused, and the message says what was found."""
    clock = Clock()
    with pytest.raises(ValueError, match=f"speed: expected .* found {bad!r}"):
        Clock(speed=bad)
    with pytest.raises(ValueError, match=f"speed: expected .* found {bad!r}"):
        clock.speed = bad
    with pytest.raises(ValueError, match=f"seconds: expected .* found {bad!r}"):
        clock.advance(bad)
