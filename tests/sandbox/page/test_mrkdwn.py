"""What Slack's mrkdwn becomes, above all what hostile text does not become."""

from collections.abc import Sequence
from datetime import UTC
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_response.sandbox.page.mrkdwn import is_safe_address, mrkdwn, plain
from incident_response.sandbox.page.viewer import Viewer

NOON = 1_763_726_400.0  # 2025-11-21 12:00:00 UTC, a Friday


class FewNames:
    """Knows Maya, Jonas, one channel and one group."""

    def person(self, user_id: str) -> str | None:
        return {"U1": "Maya", "U2": "Jonas"}.get(user_id)

    def channel(self, channel_id: str) -> str | None:
        return {"C1": "general"}.get(channel_id)

    def group(self, group_id: str) -> str | None:
        return {"S1": "payments"}.get(group_id)

    def everyone(self) -> Sequence[tuple[str, str]]:
        return [("U1", "Maya Okafor"), ("U2", "Jonas Lindqvist")]

    def channels(self) -> Sequence[tuple[str, str]]:
        return [("C1", "general")]


VIEWER = Viewer("U1", FewNames(), UTC, NOON)


class Inventory(HTMLParser):
    """Counts what a browser would make of some markup: elements, links, mentions."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.links: list[str] = []
        self.mentions = 0
        self.text = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append(tag)
        self.links += [found["href"] or ""] if tag == "a" else []
        self.mentions += "mention" in (found.get("class") or "").split()
        assert not any(name.startswith("on") for name in found)

    def handle_data(self, data: str) -> None:
        self.text += data


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* _italic_ ~gone~", "<strong>bold</strong> <em>italic</em> <del>gone</del>"),
        ("*_both_*", "<strong><em>both</em></strong>"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("`a *b* <c`", "<code>a *b* &lt;c</code>"),
        ("a &amp;&lt; b", "a &amp;&lt; b"),
        ("one\ntwo", "one<br>two"),
        ("> said\n> again\nafter", "<blockquote>said<br>again</blockquote>after"),
        ("&gt; said", "<blockquote>said</blockquote>"),
        ("*not\nbold*", "*not<br>bold*"),
        (":nosuchemoji:", ":nosuchemoji:"),
    ],
)
def test_styles_are_slacks(text: str, shown: str) -> None:
    assert mrkdwn(text, VIEWER) == shown


def test_a_fence_keeps_its_lines_as_they_are() -> None:
    shown = mrkdwn("before\n```\n*a* <b>\n  c\n```", VIEWER)
    assert "<code>*a* &lt;b&gt;\n  c</code>" in shown


def test_a_mention_shows_the_name_and_marks_the_viewer() -> None:
    assert '<span class="mention mention-me" data-user="U1">@Maya</span>' in mrkdwn(
        "<@U1>", VIEWER
    )
    assert '<span class="mention" data-user="U2">@Jonas</span>' in mrkdwn("<@U2|x>", VIEWER)


def test_a_channel_the_viewer_may_not_know_has_no_name_and_no_link() -> None:
    shown = Inventory(mrkdwn("<#C9|secret-plan>", VIEWER))
    assert (shown.links, "secret" in shown.text) == ([], False)


def test_a_link_opens_elsewhere_without_telling_where_from() -> None:
    shown = mrkdwn("<https://a.example/x?a=1&amp;b=2|the page>", VIEWER)
    assert 'href="https://a.example/x?a=1&amp;b=2"' in shown
    assert 'rel="noopener noreferrer"' in shown
    assert ">the page</a>" in shown


def test_a_bare_address_is_a_link_unless_the_text_is_verbatim() -> None:
    text = "see https://a.example/b_c_d, then"
    assert Inventory(mrkdwn(text, VIEWER)).links == ["https://a.example/b_c_d"]
    assert Inventory(mrkdwn(text, VIEWER, verbatim=True)).links == []


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example",
        "http://[broken",
    ],
)
def test_an_address_that_could_run_something_is_no_link(address: str) -> None:
    assert not is_safe_address(address)
    assert Inventory(mrkdwn(f"<{address}|click>", VIEWER)).links == []


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<!channel> <!here> <!everyone> <@U1> <!subteam^S1>",
        "<https://evil.example|https://bank.example>",
        '"><svg onload=alert(1)>',
        "</code></pre><b>",
        "&lt;script&gt;",
    ],
)
def test_hostile_text_that_was_escaped_is_shown_and_does_nothing(text: str) -> None:
    shown = Inventory(mrkdwn(escaped(text), VIEWER, verbatim=True))
    assert (shown.elements, shown.links, shown.mentions) == ([], [], 0)
    assert shown.text == text


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "<b onclick=x>", "<x y='\"'>"])
def test_html_that_was_not_escaped_is_still_only_text(text: str) -> None:
    shown = Inventory(mrkdwn(text, VIEWER))
    assert (shown.elements, shown.text) == ([], text)


@given(st.text(alphabet="<>@#!|*_~`:&;/^{}\n abcUC1.\"'", max_size=80))
def test_no_text_makes_an_element_slack_does_not_have(text: str) -> None:
    allowed = {"strong", "em", "del", "code", "pre", "br", "blockquote", "span", "a", "time"}
    assert set(Inventory(mrkdwn(text, VIEWER)).elements) <= allowed


@pytest.mark.timeout(5)
@pytest.mark.parametrize("piece", ["<a", "*<", "_a ", "`<b>", "<a>*", ":a", "```", "~ ~", "&lt;"])
def test_a_long_awkward_text_takes_no_longer_than_it_should(piece: str) -> None:
    mrkdwn(piece * 6_000, VIEWER)


def test_plain_text_knows_emoji_and_nothing_else() -> None:
    shown = Inventory(plain("*no* <@U1> <https://a.example> :fire: &lt;"))
    assert shown.elements == ["span"]
    assert shown.text == "*no* <@U1> <https://a.example> 🔥 &lt;"


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ("{date_short_pretty} at {time}", "today at 12:00 PM"),
        ("{date_num} {time_secs}", "2025-11-21 12:00:00 PM"),
        ("{date_long}", "Friday, November 21st, 2025"),
        ("{nonsense}", "{nonsense}"),
    ],
)
def test_a_date_is_told_on_the_viewers_clock(pattern: str, shown: str) -> None:
    markup = mrkdwn(f"<!date^{int(NOON)}^{pattern}|fallback>", VIEWER)
    assert Inventory(markup).text == shown


@pytest.mark.parametrize("stamp", ["soon", "", "9" * 40, "nan"])
def test_a_date_nobody_can_read_shows_its_fallback(stamp: str) -> None:
    assert mrkdwn(f"<!date^{stamp}^{{date}}|then>", VIEWER) == "then"
