from dataclasses import FrozenInstanceError

import pytest

from jobwidgets.contact import Contact, ContactState
from jobwidgets.snapshot import Status


def test_nobody_asks_before_a_watch_begins() -> None:
    """A contact starts out as stopped, without failures and without promises."""
    assert Contact() == Contact(ContactState.STOPPED, None, 0, None, None)


def test_contact_is_frozen() -> None:
    """A contact that was handed out keeps telling the same moment."""
    with pytest.raises(FrozenInstanceError):
        Contact().failures = 1  # type: ignore[misc]


def test_contact_and_status_share_no_word() -> None:
    """No word of the contact can be taken for one of the job's status."""
    assert {state.value for state in ContactState}.isdisjoint(status.value for status in Status)
