"""One fault: how it is made, and what the user is to see of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from faults.exchange import Behaviour
from faults.scenes import Scene, answering, nothing
from faults.stage import Stage
from jobwidgets._http.connections import Limits
from jobwidgets._model.contact import ContactState
from jobwidgets._model.snapshot import Status
from jobwidgets.errors import JobwidgetsError, UnauthorisedError


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One entry of the table.

    Parameters
    ----------
    name
        What goes wrong, in a few words.
    scene
        Makes the fault begin when it is entered, and end when it is left.
    state
        What `contact.state` says of a job that was seen before.
    error, text
        What `contact.error` is and a part of its text; None when the server is heard all the same.
    is_permanent
        Whether it ends the watch of a job that was not seen before.
    shows
        What the user sees of the job meanwhile, where it is not the truth: attributes of `Job`,
        and its ``texts``.
    ends
        The status that the job ends with by the fault itself; None when the watch recovers.
    mend
        What the user has to do when the fault is over; nothing is asked before.
    gap
        Seconds that at least lie between the last try within the fault and the next one.
    timeout
        Seconds that the client waits for the next bytes.
    limits
        Of the connections.
    rounds
        How many tries the fault lasts at least.
    hangs
        Whether a request stays open for long, while other jobs' requests come and go.
    takes_server
        Whether the fault is the whole server's: the healthy job is on another one.
    tls, host
        Where the job is.
    provides
        Whether the token comes from a provider.
    is_seen
        Whether the fault has arrived, where the contact does not tell.
    also_at_first_sight
        Whether the fault makes sense before the first document.
    """

    name: str
    scene: Scene
    state: ContactState
    error: type[JobwidgetsError] | None = None
    text: str = ""
    is_permanent: bool = False
    shows: Mapping[str, Any] = field(default_factory=dict)
    ends: Status | None = None
    mend: Callable[[Stage], object] = nothing
    gap: float = 0.0
    timeout: float = 5.0
    limits: Limits = field(default_factory=Limits)
    rounds: int = 1
    hangs: bool = False
    takes_server: bool = False
    tls: bool = False
    host: str = "localhost"
    provides: bool = False
    is_seen: Callable[[Stage], bool] | None = None
    also_at_first_sight: bool = True

    @property
    def keeps_sights(self) -> bool:
        """Whether messages keep their first sight: other lists and starts are other messages."""
        return not self.shows.get("texts") and "started" not in self.shows


def transient(
    name: str,
    made: Behaviour | Scene,
    error: type[JobwidgetsError],
    text: str = "",
    **more: Any,
) -> Fault:
    """Return a fault that every watch waits out."""
    state = ContactState.RETRYING
    return Fault(name=name, scene=_scene(made), state=state, error=error, text=text, **more)


def permanent(
    name: str,
    made: Behaviour | Scene,
    error: type[JobwidgetsError],
    text: str = "",
    **more: Any,
) -> Fault:
    """Return a fault that is waited out once the job was seen, and ends the watch before."""
    return transient(name, made, error, text, is_permanent=True, **more)


def unauthorised(name: str, made: Behaviour | Scene, text: str = "", **more: Any) -> Fault:
    """Return a fault that parks a watch that has seen nothing yet; a later one asks on calmly."""
    return Fault(
        name=name,
        scene=_scene(made),
        state=ContactState.UNAUTHORISED,
        error=UnauthorisedError,
        text=text,
        is_permanent=True,
        **more,
    )


def harmless(name: str, made: Behaviour | Scene, **more: Any) -> Fault:
    """Return a fault in spite of which the server is heard."""
    shows = {key: more.pop(key) for key in list(more) if key not in _FIELDS}
    more = {"rounds": 2, "also_at_first_sight": False, **more}
    return Fault(name=name, scene=_scene(made), state=ContactState.IN_TOUCH, shows=shows, **more)


def ending(name: str, made: Behaviour | Scene, status: Status, **more: Any) -> Fault:
    """Return a fault that ends the watch of a job that was seen."""
    state = ContactState.IN_TOUCH
    return Fault(
        name=name,
        scene=_scene(made),
        state=state,
        ends=status,
        also_at_first_sight=False,
        **more,
    )


def _scene(made: Behaviour | Scene) -> Scene:
    return made if isinstance(made, Scene) else answering(made)


_FIELDS = frozenset(Fault.__dataclass_fields__)
