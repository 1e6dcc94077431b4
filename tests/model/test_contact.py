import pytest

from jobwidgets._model.contact import ContactState, state_after
from jobwidgets._model.snapshot import Status
from jobwidgets.errors import (
    CertificateError,
    DocumentError,
    ExchangeError,
    JobwidgetsError,
    NoSuchHostError,
    NoSuchJobError,
    ProtocolError,
    RefusedError,
    TransportError,
    UnauthorisedError,
)


def test_contact_and_status_share_no_word() -> None:
    """No word of the contact can be taken for one of the job's status."""
    assert {state.value for state in ContactState}.isdisjoint(status.value for status in Status)


@pytest.mark.parametrize("was_heard", [False, True])
@pytest.mark.parametrize(
    "error", [UnauthorisedError("no"), TransportError("no"), NoSuchHostError("no")]
)
def test_what_time_or_a_token_mends(error: JobwidgetsError, was_heard: bool) -> None:
    """A refusal waits for a token, other failures for a better time, at first sight too."""
    is_refused = isinstance(error, UnauthorisedError)
    state = state_after(error, was_heard=was_heard, silent=1e9, give_up_after=None)
    assert state is (ContactState.UNAUTHORISED if is_refused else ContactState.RETRYING)


@pytest.mark.parametrize(
    "kind", [NoSuchJobError, DocumentError, RefusedError, CertificateError, ProtocolError]
)
def test_wrong_url_or_setting(kind: type[JobwidgetsError]) -> None:
    """What means a wrong URL at first sight may pass once there has been a document."""
    error = kind("no")
    first = state_after(error, was_heard=False, silent=0.0, give_up_after=None)
    later = state_after(error, was_heard=True, silent=0.0, give_up_after=None)
    assert (first, later) == (ContactState.LOST, ContactState.RETRYING)


@pytest.mark.parametrize(("silent", "lost"), [(9.9, False), (10.0, True)])
def test_giving_up(silent: float, lost: bool) -> None:
    """After so many seconds without an answer there is no hope."""
    state = state_after(ExchangeError("no"), was_heard=True, silent=silent, give_up_after=10.0)
    assert state is (ContactState.LOST if lost else ContactState.RETRYING)
