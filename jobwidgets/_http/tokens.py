"""Keeps tokens: asks a provider once for all jobs, off the loop, and shows nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import TypeAlias
from weakref import WeakValueDictionary

from jobwidgets._http.secrets import Secret, hidden
from jobwidgets._threads import call_in_thread, retrieve
from jobwidgets.errors import TransportError, UnauthorisedError

Token: TypeAlias = str | Callable[[], str]
"""A token, or a callable without arguments that returns one."""

DEADLINE = 30.0
"""Seconds that one exchange waits for a token provider."""

_BEARER = re.compile(r"^bearer +", re.IGNORECASE)
_MOST_KINDS = 8  # errors of a chain that are named


class TokenKeeper:
    """One token for all jobs that were given the same callable, or for one job with a string.

    Parameters
    ----------
    given
        The token itself, or its provider: called when a token is first needed, and again only
        when the server has refused the last one.
    deadline
        Seconds that one exchange waits for the provider. A call that takes longer goes on, and a
        later exchange waits for the same call.
    """

    def __init__(self, given: Token, *, deadline: float = DEADLINE) -> None:
        self._deadline = deadline
        self._provider = None if isinstance(given, str) else given
        self._token = _checked(given) if isinstance(given, str) else None
        self._asking: asyncio.Task[Secret] | None = None

    def __repr__(self) -> str:
        return f"TokenKeeper({'a string' if self._provider is None else 'a callable'})"

    @property
    def is_provided(self) -> bool:
        """Whether a callable provides the token, so that there may be another one by itself."""
        return self._provider is not None

    async def current(self) -> Secret:
        """Return the token, asking the provider for the first one."""
        return self._token if self._token is not None else await self._ask()

    async def renewed(self, refused: str) -> Secret | None:
        """Return another token than the `refused` one; None when there is no provider to ask."""
        if self._token is not None and self._token != refused:
            return self._token  # another job has already asked
        return None if self._provider is None else await self._ask()

    async def _ask(self) -> Secret:
        """Join the call that is under way, or make one."""
        loop = asyncio.get_running_loop()
        if self._asking is None or self._asking.done() or self._asking.get_loop() is not loop:
            self._asking = loop.create_task(self._call())
            self._asking.add_done_callback(retrieve)
        try:
            # Not asyncio.wait_for: up to Python 3.11 it loses a stop in the moment of the answer.
            async with asyncio.timeout(self._deadline):
                # Shielded: one job that stops must not take the answer from the others.
                return await asyncio.shield(self._asking)
        except TimeoutError as error:
            text = f"the token callable gave no answer within {self._deadline:g} s"
            raise TransportError(text) from error

    async def _call(self) -> Secret:
        assert self._provider is not None  # noqa: S101 - a string is never asked for
        try:
            given = hidden(await call_in_thread("jobwidgets-token", self._provider))
        except Exception as error:  # noqa: BLE001 - a user's provider may raise anything
            kinds, place = kinds_of(error), error.__traceback__
        else:
            # Kept here too: after the deadline nobody waits for it.
            self._token = _given(given)
            return self._token
        # Raised out here: inside, the error itself would stay within reach as the context, and
        # its text may hold any secret, such as the portal's URL with a password.
        cause = RuntimeError(f"{kinds}, whose text may hold a secret").with_traceback(place)
        # The portal may be back soon, so this is a failure like a lost connection.
        raise TransportError(f"the token provider failed: {kinds}") from cause


_keepers: WeakValueDictionary[Callable[[], str], TokenKeeper] = WeakValueDictionary()


def token_keeper(given: Token | None) -> TokenKeeper | None:
    """Return the keeper for what a user gave as `token`, the same one for equal callables.

    Raises
    ------
    TypeError
        If it is neither a string, nor a callable, nor None.
    ValueError
        If a string cannot be sent in a header.
    """
    if given is None:
        return None
    if isinstance(given, str):
        return TokenKeeper(given)
    if not callable(given):
        raise TypeError(f"token is a string or a callable, found a {type(given).__name__}")
    try:
        return _keepers.setdefault(given, TokenKeeper(given))
    except TypeError:  # a callable that cannot be hashed
        return TokenKeeper(given)


def kinds_of(error: BaseException) -> str:
    """Return the names of an error and of those behind it, without their texts."""
    names, deeper = [type(error).__name__], error.__cause__ or error.__context__
    while deeper is not None and len(names) < _MOST_KINDS:
        names.append(type(deeper).__name__)
        deeper = deeper.__cause__ or deeper.__context__
    return " from ".join(names)


def _given(token: object) -> Secret:
    try:
        return _checked(token)
    except (TypeError, ValueError) as error:
        raise UnauthorisedError(f"the token provider gave no token: {error}") from error


def _checked(token: object) -> Secret:
    """Return a token that a header can carry (RFC 9110 section 5.5); errors do not show it."""
    if not isinstance(token, str):
        raise TypeError(f"a token is a string, found a {type(token).__name__}")
    # A token read from a file ends with a line break, and the header says "Bearer" itself.
    bare = Secret(_BEARER.sub("", token.strip()))
    if not bare or not bare.isascii() or not bare.isprintable():
        raise ValueError("a token is printable ASCII; found an empty one or another character")
    return bare
