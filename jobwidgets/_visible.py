"""Makes a server's words fit for a terminal: what would command it is shown, what is long is cut.

It lies below everything else, since every error's text goes through it.
"""

from __future__ import annotations

import re

# Line feed and tab stay: they move to where the reader expects it. A carriage return, an escape
# sequence (ESC, or its 8-bit CSI) and the line separators do not; the directional embeddings,
# overrides and isolates make a text read otherwise than it is (https://trojansource.codes). The
# marks U+200E and U+200F stay, which Arabic and Hebrew texts need. Surrogates cannot be printed.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# Control sequences (ECMA-48, 5.4), whose numbers set colours: "ESC [" or the one 8-bit character.
_SEQUENCES = re.compile("(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]")
_SUFFIX = 40
"""Characters that the note of what was cut has at most."""


def visible(text: str) -> str:
    r"""Return `text` with each character that commands a terminal as its number, such as ``\x1b``.

    Control characters, bidirectional overrides and lone surrogates are meant; done twice it is as
    done once.
    """
    # Nearly every text ends here, in a tenth of the time of a search.
    return text if text.isprintable() else _COMMANDS.sub(_number, text)


def without_colours(text: str) -> str:
    """Return `text` without the control sequences that set a terminal's colours, or move in it.

    One that is not complete stays, as every other control does.
    """
    return _SEQUENCES.sub("", text) if "\x1b[" in text or "\x9b" in text else text


def _number(command: re.Match[str]) -> str:
    code = ord(command[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def clipped(text: str, longest: int) -> str:
    """Return `text` in at most `longest` characters (100 or more), telling how many were cut."""
    if len(text) <= longest:
        return text
    kept = longest - _SUFFIX
    return f"{text[:kept]}… ({len(text) - kept:,} more characters)"
