"""What static forms may be made of, and what a browser makes of them."""

from html.parser import HTMLParser

ELEMENTS = {"div", "span", "strong", "code", "small", "details", "summary", "table"}
ELEMENTS |= {"thead", "tbody", "tr", "th", "td"}
# GitHub's published sanitiser leaves all of these, and takes out every style:
# https://github.com/gjtorikian/html-pipeline/blob/main/lib/html_pipeline/sanitization_filter.rb
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</td></tr></table></details></div><script>alert(1)</script>",
    "\"><svg onload='alert(1)'>",
    "' onmouseover='alert(1)",
    '" style="position:fixed" x="',
    "<style>*{display:none}</style><!-- <![CDATA[ <?php ?>",
    "&lt;b&gt; &amp; &#60;b&#62; &notit;",
    "javascript:alert(1)",
    "<a href=https://evil.example.net>click</a>",
    "${alert(1)} {{alert(1)}} `alert(1)`",
    "line\nbreak\ttab\x00zero\x1b]0;title",
    "ünïcode ✓ 任务 🚀 \u202eabc",
    "word " * 400,
]


class Page(HTMLParser):
    """What a browser makes of a piece of HTML: elements, attributes, texts and table rows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.rows: list[list[str]] = []
        self.roots = 0
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and its attributes."""
        self.roots += not self._open
        self._open.append(tag)
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.attributes.extend(attrs)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Hold that every element is closed, in order."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note a text."""
        assert self._open, "text outside the root"
        self.texts.append(data)
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data

    def handle_comment(self, data: str) -> None:
        """Hold that there are no comments."""
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment

    @property
    def words(self) -> str:
        """Every text, and every attribute that holds one."""
        return "\n".join([*self.texts, *(value or "" for _, value in self.attributes)])
