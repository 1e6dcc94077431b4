from typing import Any

import pytest
from documents import IN_TOUCH, JOB_URL, case, watched
from pages import HOSTILE, Page

from jobwidgets._display.job import static_html
from jobwidgets._display.links import page_url, results_url
from jobwidgets._model.history import JobHistory
from jobwidgets.dialects import Dialect
from jobwidgets.dialects.mission import Mission

ENDED, RUNNING = watched(case("completed")), watched(case("processing-2-of-5"))


class Leading(Dialect):
    """A dialect whose jobs lead to one place, whatever they are."""

    def __init__(self, url: str | None) -> None:
        self.url = url

    def page_url(self, _: str) -> str | None:
        """Return that place."""
        return self.url

    def results_url(self, _: str, __: Any) -> str | None:
        """Return that place."""
        return self.url


def links(html: str) -> list[str]:
    """Return where the links of a static form lead."""
    return [value or "" for name, value in Page(html).attributes if name == "href"]


@pytest.mark.parametrize(
    ("url", "leads"),
    [
        ("https://h/jobs/7?f=html&a=ü", True),
        ("http://[::1]:8080/r", True),
        (None, False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//h/jobs/7", False),
        ("https:///r", False),
        ("https://h]/r", False),
        ("https://user:password@h/r", False),
        ("https://h/r?token=abc", False),
        ("https://h/r?token=[redacted]", False),
        ("https://h/[redacted]/r", False),
        ("https://h/\x1b[31m", False),
        ("https://h/\u202er", False),
        (f"https://h/{'r' * 3000}", False),
        *((text, False) for text in HOSTILE),
    ],
)
def test_only_the_web_is_linked(url: str | None, leads: bool) -> None:
    """A link is http or https, and holds neither a password nor what was a token."""
    expected = url if leads else None
    assert page_url(ENDED, Leading(url)) == results_url(ENDED, Leading(url)) == expected
    html = static_html(ENDED, IN_TOUCH, None, Leading(url))
    assert links(html) == [expected] * 2 * leads


def test_where_a_job_leads() -> None:
    """A job that was seen leads to its page, one that has succeeded to its results."""
    leading = Leading("https://h/7")
    assert links(static_html(RUNNING, IN_TOUCH, None, leading)) == ["https://h/7"]
    assert links(static_html(watched(case("failed-partial")), None, None, leading)) == [
        "https://h/7"
    ]
    for history, dialect in (
        (JobHistory("j1", JOB_URL), leading),
        (JobHistory("j1"), leading),
        (RUNNING, Dialect()),
        (RUNNING, None),
    ):
        assert links(static_html(history, IN_TOUCH, None, dialect)) == []


def test_links_open_a_tab_of_their_own() -> None:
    """Neither page knows of the other; the id is the text, and still there where nothing leads."""
    history = watched(case("completed"))
    page = Page(static_html(history, None, None, Mission()))
    (element,) = [names for name, names in page.elements if name == "a"]
    assert element == ("href", "target", "rel", "style")
    assert {("target", "_blank"), ("rel", "noopener noreferrer")} <= set(page.attributes)
    assert ("href", f"{history.url}?f=html") in page.attributes
    assert history.job_id in page.texts
