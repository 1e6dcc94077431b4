"""What a watch asks: a server over HTTP, or a function of the user's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from jobwidgets._http.budget import Urgency
from jobwidgets._http.source import Reading
from jobwidgets._http.tokens import TokenKeeper
from jobwidgets._model.exchanged import CancelAnswer
from jobwidgets.dialects import Dialect

if TYPE_CHECKING:
    from jobwidgets._http.connections import Connections


class JobSource(Protocol):
    """Where one job is asked for. All its methods run on the poller's loop.

    Attributes
    ----------
    url : str or None
        Without any token; None where the job has none.
    token : TokenKeeper or None
        Keeps the token that is sent, and may be replaced; None sends none.
    """

    token: TokenKeeper | None

    @property
    def url(self) -> str | None:
        """See above."""

    @property
    def dialect(self) -> Dialect | None:
        """How its server speaks, as far as that is told; None where nothing does."""

    @property
    def messages_are(self) -> str:
        """Whether a document has the whole "list", the "latest" one, or they are in a "log"."""

    @property
    def has_all(self) -> bool:
        """Whether nothing more need be read of a job that has ended."""

    @property
    def cancel_note(self) -> str | None:
        """Why the job cannot be cancelled; None where it can, or that is not known yet."""

    def look(self, *, is_on: bool) -> bool:
        """Note whether somebody looks at the messages; return whether to ask for them now."""

    def ask(self, connections: Connections, urgency: Urgency, go: Callable[[], object]) -> None:
        """Call `go` when the job may be asked for; once more with the same `go`: more urgently."""

    def withdraw(self, connections: Connections, go: Callable[[], object]) -> None:
        """Call `go` no more."""

    async def read_job(self, connections: Connections) -> Reading:
        """Ask once, after `go` was called; JobwidgetsError, and no other error, if none came."""

    async def cancel(self, connections: Connections) -> CancelAnswer:
        """Ask that the job be cancelled; return what the answer tells.

        JobwidgetsError, and no other error, if it was refused.
        """

    def forget(self) -> None:
        """Count the next document as a new one, even if it is the same as the last."""
