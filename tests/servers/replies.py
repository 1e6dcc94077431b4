"""A server without a socket, which replies from a list."""

import inspect
from typing import Any

import httpx


class Replies(httpx.MockTransport):
    """Replies to each request with the next of `replies`, to all later ones with the last.

    A reply is a JSON value, an httpx.Response, an exception to raise, or a callable that takes
    the request and returns (or awaits) one of these.
    """

    def __init__(self, *replies: Any) -> None:
        super().__init__(self._reply)
        self.replies = list(replies)
        self.requests: list[httpx.Request] = []

    @property
    def tokens(self) -> list[str | None]:
        """The token of each request."""
        found = (request.headers.get("X-Esri-Authorization") for request in self.requests)
        return [None if value is None else value.removeprefix("Bearer ") for value in found]

    async def _reply(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if callable(reply):
            reply = reply(request)
            reply = await reply if inspect.isawaitable(reply) else reply
        if isinstance(reply, BaseException):
            raise reply
        if not isinstance(reply, httpx.Response):
            return httpx.Response(200, json=reply)
        # A response is used up by its reader; the last one may be needed again.
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)


SERVER_OF: dict[object, Replies] = {}
"""The server of each job that the fixture `new_job` made."""
