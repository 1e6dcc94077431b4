"""What Python and the browser both say of times and numbers is one thing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from browser.page import HERE
from jobwidgets._display import times
from jobwidgets._views import joined_esm

CASES = {
    "ago": "-1=0 s ago; 61=1 min ago; 3599=59 min ago; 11100=3 h ago; 172799=47 h ago;"
    " 259199=2 d ago",
    "clock": "-1=0:00; 0=0:00; 0.9=0:00; 59.99=0:59; 60=1:00; 75=1:15; 3599.4=59:59; 3600=1:00:00;"
    " 3675=1:01:15; 360000=100:00:00",
    "duration": "0=0 s; 0.001=0.001 s; 1.5=1.5 s; 10=10 s; 66.311=66.311 s; 99.999=99.999 s;"
    " 99.9996=1:40; 100=1:40; 119.6=2:00; 3675=1:01:15",
    "span": "-1=0 s; 0=0 s; 42.9=42 s; 59=59 s; 60=1 min; 3599=59 min; 3600=1 h 00 min;"
    " 11100=3 h 05 min; 172799=47 h 59 min; 172800=2 d 0 h",
    "counted": "0=0 jobs; 1=1 job; 999=999 jobs; 1000=1,000 jobs; 1234567=1,234,567 jobs",
}


@pytest.mark.parametrize("name", CASES)
def test_both_languages_say_the_same(engine: Browser, name: str) -> None:
    """One table of cases holds for the function of one name in either."""
    cases = [case.split("=") for case in CASES[name].split("; ")]
    nouns = ["job"] * (name == "counted")
    given = [[int(number) if number.isdigit() else float(number), *nouns] for number, _ in cases]
    expected = [words for _, words in cases]
    assert [getattr(times, name)(*arguments) for arguments in given] == expected
    page = engine.new_page()
    try:
        page.route("**/*", lambda route: route.fulfill(body="", content_type="text/html"))
        page.goto(HERE)
        words = page.evaluate(
            """async ([source, name, given]) => {
              const blob = new Blob([source], { type: "text/javascript" });
              const module = await import(URL.createObjectURL(blob));
              return given.map((args) => module[name](...args));
            }""",
            [joined_esm("words.js"), name, given],
        )
    finally:
        page.close()
    assert words == expected
