import json
from typing import Any

import pytest
from documents import case

from jobwidgets._model.redact import REDACTED, redacted, redacted_document
from jobwidgets.errors import DocumentError

SECRET = "S3cr3t-T0ken.with/odd=chars"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("no secret here", "no secret here"),
        ("token=abc", "token=[redacted]"),
        ("https://h/jobs/j1?token=abc&f=json", "https://h/jobs/j1?token=[redacted]&f=json"),
        ("https://h/jobs/j1?f=json&token=abc", "https://h/jobs/j1?f=json&token=[redacted]"),
        ("https://h/login?next=%2Fjobs%3Ftoken%3Dabc", "…%3Ftoken%3D[redacted]"),
        ("TOKEN=abc Token=def", "TOKEN=[redacted] Token=[redacted]"),
        ("access_token=abc, then more", "access_token=[redacted], then more"),
        ("('token=abc')", "('token=[redacted]')"),
        ('<a href="?token=abc">', '<a href="?token=[redacted]">'),
        ("{token=abc}", "{token=[redacted]}"),
        ("token=a-b_c.d~e+f/g==", "token=[redacted]"),
        ("token=abc\nnext line", "token=[redacted]\nnext line"),
        ("token=", "token="),
        ("the token expired", "the token expired"),
    ],
)
def test_token_parameter(text: str, shown: str) -> None:
    """The value of each `token=` goes, and nothing around it."""
    assert redacted(text).endswith(shown.removeprefix("…"))
    assert "abc" not in redacted(text)


@pytest.mark.parametrize(
    "text", ["token=abc", f"token={SECRET}", f"a {SECRET}", f"token={SECRET}x&y", "token=[redacted"]
)
def test_twice_is_once(text: str) -> None:
    """A text that was redacted before stays as it is, however often it passes by."""
    once = redacted(text, SECRET)
    assert redacted(once, SECRET) == once
    assert once.count(REDACTED) == 1
    assert "]]" not in once


@pytest.mark.parametrize("secret", ["12345678", SECRET])
def test_secret_is_found_without_its_name(secret: str) -> None:
    """A known token of 8 characters or more goes wherever it stands."""
    assert redacted(f"Bearer {secret} is invalid", secret) == "Bearer [redacted] is invalid"


@pytest.mark.parametrize("secret", [None, "", "a", "mission"])
def test_short_secret_blots_out_no_words(secret: str | None) -> None:
    """A secret that is no longer than a word is not looked for."""
    assert redacted("a mission was made", secret) == "a mission was made"


def test_lone_surrogate_is_escaped() -> None:
    """What UTF-8 cannot hold could not be sent to a browser: its number is shown instead."""
    assert redacted("ü \ud800 ✓") == "ü \\ud800 ✓"
    assert redacted("ünïcode ✓ 任务 🚀") == "ünïcode ✓ 任务 🚀"
    json.dumps(redacted_document({"\udcff": ["\ud800"]}), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (1.5, 1.5),
        ("token=abc", "token=[redacted]"),
        ([{"a": ["token=abc"]}], [{"a": ["token=[redacted]"]}]),
        (("token=abc",), ["token=[redacted]"]),
        ({"token": "abc"}, {"token": REDACTED}),
        ({"accessToken": "abc", "TOKEN": "def"}, {"accessToken": REDACTED, "TOKEN": REDACTED}),
        ({"token": None, "tokens": 3}, {"token": None, "tokens": 3}),
        ({"token": {"value": 1}}, {"token": {"value": 1}}),
        ({"?token=abc": 1}, {"?token=[redacted]": 1}),
        ({"token=abc token": "x"}, {"token=[redacted] token": REDACTED}),
        ({7: "a"}, {"7": "a"}),
    ],
)
def test_document(given: Any, expected: Any) -> None:
    """Every text in a document is redacted, at any depth, names included; the rest stays."""
    assert redacted_document(given) == expected


def test_document_is_a_copy() -> None:
    """The caller's own document is never changed."""
    given = case("completed")
    copy = redacted_document(given)
    assert copy == given == case("completed")
    assert copy is not given
    assert copy["customAttributes"] is not given["customAttributes"]


def test_document_that_is_nested_too_deeply() -> None:
    """It is a DocumentError, whoever asks."""
    deep: Any = "deep"
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(DocumentError, match="nested too deeply"):
        redacted_document(deep)
