import asyncio
import gc
import threading
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from servers import HANG

from jobwidgets import Job, Jobs
from jobwidgets._http.tokens import TokenKeeper, token_keeper
from jobwidgets.errors import TransportError, UnauthorisedError

SECRET = "S3cr3t-T0ken.with/odd=chars"
Run = Callable[[Coroutine[Any, Any, Any]], Any]


class Portal:
    """A provider that gives t1, t2, …, and counts how often it is called."""

    def __init__(self) -> None:
        self.calls = 0
        self.asked = threading.Event()
        self.opened = threading.Event()
        self.opened.set()

    def __call__(self) -> str:
        """Give the next token, when the portal is open."""
        self.calls += 1
        token = f"t{self.calls}"
        self.asked.set()
        assert self.opened.wait(HANG)
        return token

    def token(self) -> str:
        """Give a token too, as a bound method."""
        return self()


async def gathered(number: int, ask: Callable[[], Coroutine[Any, Any, Any]]) -> list[Any]:
    """Return what is asked for some times at once."""
    return await asyncio.gather(*(ask() for _ in range(number)))


@pytest.mark.parametrize("given", [SECRET, f"  {SECRET}\r\n"])
def test_string_is_the_token(given: str) -> None:
    """A string is the token, without the line break of the file that it was read from."""
    keeper = TokenKeeper(given)
    assert asyncio.run(keeper.current()) == SECRET


@pytest.mark.parametrize(
    "given", ["", " \n", "tokén-with-an-accent", "to\x00ken", "a\r\nHost: evil"]
)
def test_string_that_no_header_can_carry(given: str) -> None:
    """A string that would break the header is refused, and not shown."""
    with pytest.raises(ValueError, match="printable ASCII") as raised:
        token_keeper(given)
    assert not given.strip() or given.strip() not in str(raised.value)


@pytest.mark.parametrize("given", [7, b"bytes", ["token"], object()])
def test_token_of_another_type(given: Any) -> None:
    """What is neither a string nor a callable is a TypeError that names the type."""
    with pytest.raises(TypeError, match=type(given).__name__):
        token_keeper(given)


def test_provider_is_called_once_for_many() -> None:
    """A thousand exchanges that need the first token ask the portal once."""
    portal = Portal()
    keeper = TokenKeeper(portal)
    assert asyncio.run(gathered(1000, keeper.current)) == ["t1"] * 1000
    assert asyncio.run(keeper.current()) == "t1"
    assert portal.calls == 1


def test_refusal_of_an_old_token_asks_nobody() -> None:
    """Whoever comes late with an old token gets the new one that another has asked for."""
    portal = Portal()
    keeper = TokenKeeper(portal)

    async def main() -> str | None:
        await keeper.renewed(await keeper.current())
        return await keeper.renewed("t1")

    assert asyncio.run(main()) == "t2"
    assert portal.calls == 2


def test_equal_callables_share_a_keeper() -> None:
    """The same callable, and the same method of the same object, have one keeper."""
    portal = Portal()
    keepers = [token_keeper(portal), token_keeper(portal)]
    methods = [token_keeper(portal.token), token_keeper(portal.token)]
    assert keepers[0] is keepers[1]
    assert methods[0] is methods[1]
    assert keepers[0] is not methods[0]
    assert token_keeper(Portal()) is not keepers[0]


def test_callable_that_cannot_be_hashed() -> None:
    """A callable that cannot be looked up has keepers of its own."""

    class Unhashable(Portal):
        __hash__ = None  # type: ignore[assignment]

    portal = Unhashable()
    keepers = [token_keeper(portal), token_keeper(portal)]
    assert keepers[0] is not keepers[1]
    assert keepers[0] is not None
    assert asyncio.run(keepers[0].current()) == "t1"


def test_unused_keeper_is_forgotten() -> None:
    """A token is not kept longer than the jobs that use it."""
    portal = Portal()
    keeper = token_keeper(portal)
    assert keeper is not None
    asyncio.run(keeper.current())
    del keeper
    gc.collect()
    again = token_keeper(portal)
    assert again is not None
    assert asyncio.run(again.current()) == "t2"


def test_blocking_provider_does_not_block_the_loop() -> None:
    """While a provider blocks, the loop goes on; here nothing else could end the blocking."""
    portal = Portal()
    portal.opened.clear()
    keeper = TokenKeeper(portal)

    async def main() -> str:
        asking = asyncio.create_task(keeper.current())
        await asyncio.to_thread(portal.asked.wait, HANG)
        portal.opened.set()
        return await asking

    assert asyncio.run(main()) == "t1"


def test_provider_that_takes_too_long(skipping: Run) -> None:
    """An exchange waits for the provider until the deadline, and says so."""
    portal = Portal()
    portal.opened.clear()
    with pytest.raises(TransportError, match=r"^the token callable gave no answer within 30 s$"):
        skipping(TokenKeeper(portal).current())
    portal.opened.set()


def test_late_token_is_not_lost(skipping: Run) -> None:
    """A token that comes after the deadline, when nobody waits, is there for the next exchange.

    Otherwise a provider that takes longer than the deadline would never be heard.
    """
    portal = Portal()
    portal.opened.clear()
    keeper = TokenKeeper(portal)

    async def main() -> str:
        with pytest.raises(TransportError):
            await keeper.current()
        portal.opened.set()
        for thread in portal_threads():
            thread.join(HANG)
        await asyncio.sleep(1)  # the loop takes the answer in
        return await keeper.current()

    assert skipping(main()) == "t1"
    assert portal.calls == 1


def portal_threads() -> list[threading.Thread]:
    """Return the threads that wait for a provider."""
    return [thread for thread in threading.enumerate() if thread.name == "jobwidgets-token"]


def test_cancelled_exchange_takes_nothing_from_others() -> None:
    """A job that is stopped while it waits for a token leaves the call to the others."""
    portal = Portal()
    portal.opened.clear()
    keeper = TokenKeeper(portal)

    async def main() -> str:
        first, second = (asyncio.create_task(keeper.current()) for _ in range(2))
        await asyncio.to_thread(portal.asked.wait, HANG)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        portal.opened.set()
        return await second

    assert asyncio.run(main()) == "t1"
    assert portal.calls == 1


def test_failure_that_nobody_waits_for(caplog: pytest.LogCaptureFixture) -> None:
    """A provider that fails when the only job that waited is stopped fails in silence."""
    asked, opened = threading.Event(), threading.Event()

    def portal() -> str:
        asked.set()
        assert opened.wait(HANG)
        raise LookupError("down")

    async def main() -> None:
        asking = asyncio.create_task(TokenKeeper(portal).current())
        await asyncio.to_thread(asked.wait, HANG)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        opened.set()
        for thread in portal_threads():
            await asyncio.to_thread(thread.join, HANG)
        await asyncio.sleep(0)  # the loop takes the outcome in

    asyncio.run(main())
    gc.collect()
    assert caplog.records == []


def test_call_of_a_closed_loop_is_not_joined() -> None:
    """After a loop was closed in mid-call (or a fork), another one asks anew."""
    portal = Portal()
    portal.opened.clear()
    keeper = TokenKeeper(portal)

    async def begin() -> None:
        task = asyncio.create_task(keeper.current())
        await asyncio.to_thread(portal.asked.wait, HANG)
        task.cancel()

    asyncio.run(begin())
    portal.opened.set()
    assert asyncio.run(keeper.current()) == "t2"


@pytest.mark.parametrize("given", [None, 7, b"bytes", "", "two\nlines", ["t"]])
def test_provider_that_gives_nonsense(given: Any) -> None:
    """What is no token is a sign-in that only the user can mend."""
    with pytest.raises(UnauthorisedError, match="gave no token"):
        asyncio.run(TokenKeeper(lambda: given).current())


def test_failure_of_a_provider_shows_where_but_no_secret() -> None:
    """The cause has the provider's traceback, and not its text: that may hold any secret."""

    def sign_in() -> str:
        try:
            raise LookupError(f"password {SECRET}")
        except LookupError as error:
            raise ValueError(f"no token for {SECRET}") from error

    with pytest.raises(TransportError) as raised:
        asyncio.run(TokenKeeper(sign_in).current())
    shown = "".join(traceback.format_exception(raised.value))
    assert "in sign_in" in shown
    assert "ValueError" in shown
    assert SECRET not in shown


def test_provider_that_failed_is_asked_again() -> None:
    """A failure is not kept: the next exchange asks anew."""
    answers: list[Any] = [ConnectionError("down"), SECRET]

    def portal() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    keeper = TokenKeeper(portal)

    async def main() -> str:
        with pytest.raises(TransportError):
            await keeper.current()
        return await keeper.current()

    assert asyncio.run(main()) == SECRET


def test_stop_in_the_moment_of_the_answer() -> None:
    """An exchange that is cancelled just when the token comes is cancelled all the same."""
    portal = Portal()
    portal.opened.clear()
    keeper = TokenKeeper(portal)

    async def main() -> bool:
        async def stop() -> None:
            await keeper.current()  # one that asked first, and goes on first
            asking.cancel()

        stopping = asyncio.create_task(stop())
        asking = asyncio.create_task(keeper.current())
        await asyncio.to_thread(portal.asked.wait, HANG)
        portal.opened.set()
        await asyncio.gather(stopping, asking, return_exceptions=True)
        return asking.cancelled()

    assert asyncio.run(main())


@pytest.mark.parametrize("given", ["Bearer abc", "bearer  abc\n", "abc"])
def test_bearer_is_said_once(given: str) -> None:
    """The header says "Bearer" by itself."""
    keeper = token_keeper(given)
    assert keeper is not None
    assert asyncio.run(keeper.current()).plain == "abc"


URL = "https://gis.example.com/jobs/j1"
TOKEN = "S3cr3t-T0ken-0123456789"
WRONG: dict[str, Callable[[], object]] = {
    "another argument of a job": lambda: Job(f"{URL}?token={TOKEN}", poll_interval="x"),
    "and with the token as such": lambda: Job(URL, token=TOKEN, poll_interval="x"),
    "a token of two lines": lambda: Job(URL, token=f"{TOKEN}\n{TOKEN}"),
    "a URL of no job": lambda: Job(f"https://h/?token={TOKEN}"),
    "a port of no number": lambda: Job(f"https://h:port/jobs/1?token={TOKEN}"),
    "a token in a wrong place": lambda: Job(f"https://h/jobs/token={TOKEN}"),
    "a URL of no jobs": lambda: Jobs(f"https://h/?token={TOKEN}", token=TOKEN),
    "a new token": lambda: setattr(Job(URL), "token", f"{TOKEN}\n{TOKEN}"),
    "a new token of jobs": lambda: setattr(Jobs("https://h/jobs"), "token", f"{TOKEN}\0"),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG)
def test_traceback_with_local_variables(call: Callable[[], object]) -> None:
    """No frame of ours that raises shows a token, as debuggers and `%xmode Verbose` would."""
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in told.stack if "jobwidgets" in Path(frame.filename).parts]
    assert ours
    assert [frame.name for frame in ours if TOKEN in str(frame.locals)] == []
    assert TOKEN not in str(caught.value)
