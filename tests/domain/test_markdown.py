"""Text of strangers in Markdown: it is read as it was written, and nothing in it takes effect."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_response.domain import markdown as md
from incident_response.domain.plain_text import clean
from incident_response.sandbox.page.markdown import markdown as rendered

HOSTILE = st.lists(
    st.sampled_from(
        [
            "![x](http://e.test/a.png)",
            "<img src=x onerror=a()>",
            "[a](javascript:alert(1))",
            "<script>",
            "](http://e.test)",
            "**b**",
            "__i__",
            "`c`",
            "```",
            "# h",
            "- x",
            "1. x",
            "> q",
            "| a | b |",
            "---",
            "===",
            "~~s~~",
            "http://e.test",
            "www.e.test",
            "a@e.test",
            "@ada",
            "&lt;",
            "\\",
            "\n",
            "\u202e",
            " ",
            "[^1]",
            "$x$",
        ]
    )
    | st.text(max_size=6),
    max_size=8,
).map("".join)
ALLOWED = re.compile(r"</?(?:p|br|ul|li|blockquote)>")


def read(markdown: str) -> str:
    """What a person reads: the markup of a renderer taken away."""
    html = re.sub(r"<[^>]*>", "", rendered(markdown))
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'")):
        html = html.replace(entity, sign)
    return html.replace("&#39;", "'").replace("&amp;", "&").replace("\u2060", "")


@settings(max_examples=400, deadline=None)
@given(text=HOSTILE)
def test_a_line_of_a_stranger_is_read_as_it_was_written_and_is_only_text(text: str) -> None:
    shown = md.escape(text)
    assert "\n" not in shown
    html = rendered(shown)
    assert set(re.findall(r"<[^>]*>", html)) <= {"<p>", "</p>"}, html
    assert read(shown) == clean(text).replace("\u2060", "")
    assert re.search(r"(?<!\\)[<>\[\]`*_|]", re.sub(r"\\\\", "", shown)) is None


@settings(max_examples=200, deadline=None)
@given(text=HOSTILE)
def test_no_address_or_name_of_a_stranger_is_linked(text: str) -> None:
    for shown in (md.escape(text), md.paragraphs(text), md.quote(text)):
        assert "://" not in shown
        assert re.search(r"[@#]\w", shown) is None
        assert re.search(r"\w\.[^\W\d_]", shown) is None


@settings(max_examples=200, deadline=None)
@given(text=HOSTILE)
def test_paragraphs_and_quotes_of_a_stranger_stay_paragraphs_and_quotes(text: str) -> None:
    html = rendered(md.paragraphs(text))
    assert ALLOWED.sub("", re.sub(r"<br ?/?>", "", html)).count("<") == 0, html
    quoted = md.quote(text)
    assert all(line.startswith(">") for line in quoted.split("\n"))


@settings(max_examples=200, deadline=None)
@given(lines=st.lists(HOSTILE, max_size=4))
def test_nothing_ends_a_box(lines: list[str]) -> None:
    box = md.fenced(lines)
    first, *content, last = box.split("\n")
    assert first == f"{last}text"
    assert len(content) == len(lines)
    longest = max((len(r) for line in content for r in re.findall("`+", line)), default=0)
    assert len(last) > longest
    assert len(last) >= 3


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//e.test",
        "https://",
        "https://a b.test",
        "https://e.test/\nx",
        "https://e.test/\\x",
        "ftp://e.test",
        "https://e.test:port/",
        "",
    ],
)
def test_what_is_no_web_address_is_no_link(url: str) -> None:
    assert md.link(url, "see [this]") == r"see \[this\]"


def test_a_link_goes_to_exactly_its_address() -> None:
    url = "https://x.test/a_(b)?q=<x>&r=`y`"
    shown = md.link(url, "a ] label")
    assert shown == r"[a \] label](<https://x.test/a_(b)?q=%3Cx%3E&r=%60y%60>)"
    assert 'href="https://x.test/a_(b)?q=%3Cx%3E' in rendered(shown)
