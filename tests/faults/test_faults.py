import resource
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from servers import HANG

from faults.behaviours import frames, hangs, once, then
from faults.exchange import http, well
from faults.fault import Fault
from faults.proxy import Proxy
from faults.scenes import renew_token
from faults.stage import SAID, SICK, WELL, Stage, wait_until
from faults.story import (
    TURNS,
    assert_given_up,
    assert_parked,
    assert_told_truly,
    begin,
    finish,
    finish_the_other,
    longest_wait,
    others_go_on,
    recover,
    see,
    start,
)
from faults.table import FAULTS
from jobwidgets._http.connections import Limits
from jobwidgets._model.contact import ContactState
from jobwidgets.errors import ExchangeError

Play = Callable[[Fault], Stage]
MOST_MEMORY = 300 * 1024  # kB; a body may have 64 MiB


def cases(faults: Iterable[Fault]) -> Any:
    """Return the decorator that runs a test with each of some faults."""
    return pytest.mark.parametrize("fault", faults, ids=lambda fault: fault.name)


_HANGS = next(fault for fault in FAULTS if fault.name == "hangs before the headers")


def peak() -> int:
    """Return the most memory that the process has had so far, in kB (on Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_table() -> None:
    """There are many faults, each with a name of its own, and many behind a proxy."""
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 40
    assert len(PROXIED) >= 40


@cases(FAULTS)
def test_fault(fault: Fault, play: Play, row: Callable[[str], Any]) -> None:
    """A job that was seen is told truly through the fault, and its watch comes back."""
    endure(fault, play(fault), row)


# Each so many-th, by turns by http and through a tunnel by https, and all of TLS itself.
_ONE_PORT = [fault for fault in FAULTS if not (fault.takes_server or fault.tls)][::5]
PROXIED = [
    *[replace(fault, tls=bool(number % 2)) for number, fault in enumerate(_ONE_PORT)],
    *[fault for fault in FAULTS if fault.tls],
]


@cases(PROXIED)
def test_fault_behind_a_proxy(
    fault: Fault, proxy: Proxy, play: Play, row: Callable[[str], Any]
) -> None:
    """So it is where all goes through a proxy that asks for a password."""
    endure(fault, play(fault), lambda name: row(f"{name}, by proxy"))
    assert ("CONNECT" if fault.tls else "GET") in proxy.methods
    assert proxy.refused == 0


@pytest.mark.parametrize("tls", [False, True])
def test_wrong_password_of_a_proxy(
    tls: bool, proxy: Proxy, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the proxy says is told, and no password."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy.url("wr0ng-p4ssword"))
    stage = play(replace(_HANGS, tls=tls))
    with pytest.raises(ExchangeError, match="407") as raised:
        stage.sick.refresh()
    assert "p4ssword" not in "".join(traceback.format_exception(raised.value))
    assert (proxy.methods, proxy.refused) == ([], 1)


def endure(fault: Fault, stage: Stage, row: Callable[[str], Any]) -> None:
    """Watch two jobs before, within and after a fault that one of them meets."""
    begin(stage.well)
    begin(stage.sick)
    before, began, memory = stage.sick.messages, time.monotonic(), peak()
    with fault.scene(stage):
        stage.truth.say(SAID)
        row(fault.name).seen = see(fault, stage, before)
        others_go_on(fault, stage)
        assert_told_truly(fault, stage, before)
    assert peak() - memory < MOST_MEMORY
    row(fault.name).others_waited = longest_wait(stage, began)
    if fault.ends is not None:
        row(fault.name).recovered_after = f"ended: {fault.ends}"
    else:
        row(fault.name).recovered_after = recover(fault, stage, fault.mend)
        finish(stage, before if fault.keeps_sights else ())
    finish_the_other(stage)


@cases([fault for fault in FAULTS if fault.is_permanent])
def test_permanent_at_first_sight(fault: Fault, play: Play, row: Callable[[str], Any]) -> None:
    """A job that was never seen is given up where only the user can help, and says why."""
    stage = play(fault)
    begin(stage.well)
    with fault.scene(stage):
        with pytest.raises(fault.error or Exception) as raised:
            stage.sick.wait(HANG)
        assert fault.text in str(raised.value)
        state = assert_given_up(stage, raised.value)
        assert_parked(fault, stage)
        assert stage.sick.contact.state is state
    mend = renew_token if state is ContactState.UNAUTHORISED else start
    recover(fault, stage, mend)
    finish(stage, ())
    finish_the_other(stage)
    row(fault.name).at_first_sight = f"gives up: {type(raised.value).__name__}"


@cases([fault for fault in FAULTS if fault.also_at_first_sight and not fault.is_permanent])
def test_transient_at_first_sight(fault: Fault, play: Play, row: Callable[[str], Any]) -> None:
    """A job that was never seen is watched through the fault all the same."""
    stage = play(fault)
    begin(stage.well)
    stage.truth.say(SAID)
    with fault.scene(stage):
        stage.sick.start()
        see(fault, stage, ())
        others_go_on(fault, stage)
        assert stage.sick.status is None
    recover(fault, stage, fault.mend)
    finish(stage, ())
    finish_the_other(stage)
    row(fault.name).at_first_sight = "waits"


@pytest.mark.parametrize("number", [Limits().kept - 1, Limits().most - 2])
def test_many_that_hang(number: int, play: Play) -> None:
    """A job is polled while many others of its server hang."""
    stage = play(replace(_HANGS, timeout=1.0, limits=Limits(stuck=0.05)))
    names = [f"sick-{n}" for n in range(number)]
    for job in [stage.well, *map(stage.add_other, names)]:
        begin(job)
    for name in names:
        stage.server.begin_fault(name, hangs)
    wait_until(
        lambda: all(stage.server.meanwhile(name, WELL) >= TURNS for name in names),
        lambda: "the well job waits",
    )


def test_leftover_ends_no_other_watch(play: Play) -> None:
    """A second answer to one job's request is not taken for the first answer about another."""
    stage = play(_HANGS)
    stage.server.begin_fault(SICK, frames(lambda body: http(body) * 2))
    stage.sick.refresh()
    begin(stage.well)


def test_late_leftover_ends_no_other_watch(play: Play) -> None:
    """Nor is one that comes when the request about the other job is already on its way."""
    stage = play(_HANGS)
    stage.sick.refresh()
    stage.server.begin_fault(
        WELL, once(then(lambda it: it.send(http(stage.truth.document())), well))
    )
    begin(stage.well)
