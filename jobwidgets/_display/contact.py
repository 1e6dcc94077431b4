"""What is said of the contact with a server: live with running clocks, saved with moments.

What a saved notebook keeps has no running clocks: see `last_known` and `list_last_known`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from jobwidgets._display.sentences import Clock, Part, Sentence
from jobwidgets._display.times import counted, utc
from jobwidgets._display.words import is_blip
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets.errors import (
    BodyError,
    CertificateError,
    DocumentError,
    JobwidgetsError,
    NoSuchHostError,
    NoSuchJobError,
    ProtocolError,
    RefusedError,
    UnauthorisedError,
)

QUIET = timedelta(seconds=10)
"""How long nothing changes before a live view says so."""


def on_job(history: JobHistory, contact: Contact, now: datetime) -> Sentence:
    """Return what a live view says of the contact with a job; nothing of an ended one."""
    if history.has_ended:
        return Sentence()
    if is_blip(history, contact):
        return _in_touch(history.latest.seen if history.latest is not None else None, now)
    cause = _cause(contact.error)
    match contact.state:
        case ContactState.CONNECTING:
            return Sentence(("Asking the server…",))
        case ContactState.IN_TOUCH if contact.cached_since is not None:
            return Sentence(_cached(contact.cached_since, now))
        case ContactState.IN_TOUCH:
            return _in_touch(history.latest.seen if history.latest is not None else None, now)
        case ContactState.RETRYING:
            fine = f"{_gateway(contact.error)} The job itself may be fine."
            return _retrying("job", contact, now, fine)
        case ContactState.UNAUTHORISED:
            text = f"The server wants a new token{cause}: set job.token = … to go on."
            fine = "" if contact.last_heard is None else " The job itself may be fine."
            return _asked_again(contact, now, f"{text}{fine}")
        case ContactState.LOST:
            remedy = _remedy(contact.error, history.url)
            return Sentence((_given_up("Not watched any more", contact.error, remedy),))
    return Sentence(("Not watched. The job itself goes on.",))


def on_list(contact: Contact, now: datetime) -> Sentence:
    """Return what a live view says of the list of a jobs resource."""
    cause = _cause(contact.error)
    match contact.state:
        case ContactState.CONNECTING:
            return Sentence(("Asking for the list of jobs…",))
        case ContactState.IN_TOUCH:
            return Sentence(("New jobs appear by themselves.",))
        case ContactState.RETRYING:
            return _retrying("list of jobs", contact, now, _gateway(contact.error))
        case ContactState.UNAUTHORISED:
            text = f"The server wants a new token{cause}: set jobs.token = … to go on."
            return _asked_again(contact, now, text)
        case ContactState.LOST:
            remedy = _list_remedy(contact.error)
            return Sentence((_given_up("No list of jobs", contact.error, remedy),))
    return Sentence(("The list of jobs is not watched.",))


def on_board(contact: Contact | None, troubled: int, now: datetime) -> Sentence:
    """Return what a live board says: of the list of its jobs, and of those without contact.

    Parameters
    ----------
    contact
        That with a jobs resource; None without one.
    troubled
        How many jobs are without contact.
    """
    listing = Sentence() if contact is None else on_list(contact, now)
    if not troubled:
        return listing
    without = f"{' · ' if listing.parts else ''}{counted(troubled, 'job')} without contact"
    then = None if listing.then is None else (*listing.then, without)
    return Sentence((*listing.parts, without), then, listing.until)


def last_known(history: JobHistory, contact: Contact | None) -> str:
    """Return why and since when nothing more is known of a job; "" for an ended one."""
    if history.has_ended:
        return ""
    error = history.watch_error or (contact.error if contact is not None else None)
    heard = utc(contact.last_heard if contact is not None else None)
    if contact is not None and contact.state is ContactState.STOPPED and heard and error is None:
        return f"Not watched since {heard}."
    heard_words = f"Last answer {heard}." if heard else ""
    is_given_up = contact is not None and contact.state is ContactState.LOST
    told = _remedy(error, history.url) if is_given_up else ""
    remedy = f": {told}" if told else ""
    cached = utc(contact.cached_since) if contact is not None else ""
    from_cache = f"A cache answered in place of the server: this is as of {cached}."
    facts = (
        heard_words,
        f"{_bare(error)}{remedy}." if error else "",
        from_cache if cached else "",
    )
    return " ".join(fact for fact in facts if fact)


def list_last_known(contact: Contact | None) -> str:
    """Return why and since when no new jobs appear; "" while they do."""
    if contact is None or contact.state is ContactState.IN_TOUCH:
        return ""
    heard = utc(contact.last_heard)
    if contact.state is ContactState.CONNECTING and heard:
        return ""
    if contact.state is ContactState.STOPPED:
        return f"Not watched since {heard}." if heard else "Not watched."
    known = f"The last list of jobs came {heard}" if heard else "There is no list of jobs yet"
    reason = f": {_bare(contact.error)}" if contact.error is not None else ""
    return f"{known}{reason}."


def _in_touch(changed: datetime | None, now: datetime) -> Sentence:
    if changed is None:
        return Sentence(("connected",))
    age = (now - changed).total_seconds()
    quiet = ("connected · unchanged for ", Clock("span", age, 1, changed))
    return Sentence(("connected",), quiet, QUIET.total_seconds() - age)


def _cached(since: datetime, now: datetime) -> tuple[Part, ...]:
    # A cache tells its age in whole seconds: the same document has another moment each time.
    whole = datetime.fromtimestamp(round(since.timestamp() / 10) * 10, UTC)
    age = Clock("span", (now - since).total_seconds(), 1, whole)
    return ("A cache answers in place of the server: this is ", age, " old.")


def is_unlisted(count: int, contact: Contact | None) -> bool:
    """Return whether there are no jobs because no list of them has come yet."""
    return count == 0 and contact is not None and contact.last_heard is None


def _retrying(what: str, contact: Contact, now: datetime, after: str = "") -> Sentence:
    """Say what is wrong, since when, and when the server is asked again."""
    trouble, next_try = _trouble(what, contact, now), contact.next_try
    trying = (*trouble, f" Trying again now.{after}")
    if next_try is None:
        return Sentence(trying)
    left = (next_try - now).total_seconds()
    waiting = (*trouble, " Trying again in ", Clock("span", left, -1, next_try), f".{after}")
    return Sentence(waiting, trying, left)


def _trouble(what: str, contact: Contact, now: datetime) -> tuple[Part, ...]:
    cause, heard, missing = _cause(contact.error), contact.last_heard, contact.missing_since
    if heard is None and isinstance(contact.error, NoSuchHostError):
        return (_told(contact.error),)
    if missing is not None and heard is None:
        return (f"The server has no such {what} yet{cause}.",)
    if missing is not None:
        since = Clock("clock", (now - missing).total_seconds(), 1, missing)
        return (f"The server says it has no such {what} (since ", since, ").")
    if heard is None:
        return (f"No answer yet{cause}.",)
    return ("No answer for ", Clock("span", (now - heard).total_seconds(), 1, heard), f"{cause}.")


def _gateway(error: JobwidgetsError | None) -> str:
    is_no_document = isinstance(error, BodyError)
    return " A gateway may have answered in place of the server." if is_no_document else ""


def _asked_again(contact: Contact, now: datetime, text: str) -> Sentence:
    """Say something, and when the server is asked again if it is."""
    if contact.next_try is None:
        return Sentence((text,))
    left = (contact.next_try - now).total_seconds()
    again = (text, " Asking again in ", Clock("span", left, -1, contact.next_try), ".")
    return Sentence(again, (text, " Asking again now."), left)


def _given_up(what: str, error: JobwidgetsError | None, remedy: str) -> str:
    """Return why nothing is asked any more, and what only the user can do, in one sentence."""
    if isinstance(error, CertificateError | ProtocolError):
        return _told(error)
    return f"{what}{_cause(error)}{f': {remedy}' if remedy else ''}."


def _told(error: JobwidgetsError) -> str:
    """Return an error that tells its remedy itself, as a sentence."""
    text = _bare(error)
    return f"{text[:1].upper()}{text[1:]}."


def _remedy(error: JobwidgetsError | None, url: str | None) -> str:
    """Return what only the user can do; "" where asking again may be enough.

    A job without a URL is told of by a function.
    """
    if isinstance(error, UnauthorisedError):
        return "set a new token to go on"
    if isinstance(error, NoSuchJobError):
        return "check the id in the URL"
    if isinstance(error, DocumentError | RefusedError | BodyError):
        return "check the URL" if url is not None else "check the function"
    return ""


def _list_remedy(error: JobwidgetsError | None) -> str:
    if isinstance(error, UnauthorisedError):
        return "set jobs.token = … to go on"
    return "check the URL" if isinstance(error, NoSuchJobError) else _remedy(error, "")


def _cause(error: JobwidgetsError | None) -> str:
    return "" if error is None else f" ({_bare(error)})"


def _bare(error: JobwidgetsError | None) -> str:
    return str(error).rstrip(".")
