import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from incident_response.blocks import text
from incident_response.blocks.text import Safe
from tests.blocks import samples

AT = datetime(2026, 3, 2, 11, 28, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("<!channel> now", "&lt;!channel&gt; now"),
        ("&lt;!here&gt;", "&amp;lt;!here&amp;gt;"),
        ("payments_api a*b", "payments_api a*b"),
        ("*bold* _it_ ~no~", "\u2217bold\u2217 \u02cdit\u02cd \u223cno\u223c"),
        ("__init__", "\u02cd\u02cdinit\u02cd\u02cd"),
        ("`x` ```y```", "\u02cbx\u02cb \u02cb\u02cb\u02cby\u02cb\u02cb\u02cb"),
        (">>> quoted > 5 %", "\u203a\u203a\u203a quoted &gt; 5 %"),
        ("two\nlines\r\n\u2028here", "two lines here"),
        ("v1.2.3 of 10.0.0.1", "v1.2.3 of 10.0.0.1"),
        ("see https://evil.test", "see https:\u2060//evil.\u2060test"),
        ("eve@evil.test", "eve@\u2060evil.\u2060test"),
        ("@here #general", "@\u2060here #\u2060general"),
        ("a\u202eb\u200b\x00c\ud800d", "abcd"),
        ("👩\u200d👧", "👩\u200d👧"),
    ],
)
def test_untrusted_text_shows_itself_and_does_nothing(given_text: str, shown: str) -> None:
    assert text.escape(given_text) == shown


def test_safe_text_is_not_escaped_again_and_an_f_string_is_not_safe() -> None:
    safe = text.escape("a & b")
    assert text.escape(safe) is safe
    assert not isinstance(f"{safe}", Safe)
    assert not isinstance(safe + "<!here>", Safe)


def test_say_escapes_every_value_that_is_not_safe() -> None:
    said = text.say("*{who}* did {what} {n}", who=text.mention("U0ADA"), what="<x> {n}", n=3)
    assert said == "*<@U0ADA>* did &lt;x&gt; {n} 3"
    assert isinstance(said, Safe)


def test_bold_code_and_join_of_nothing_are_nothing() -> None:
    assert text.bold("\u200b") == text.code("") == text.join([Safe(), Safe()]) == ""
    assert text.join([text.bold("a"), Safe(), text.code("b`c@d.e")]) == "*a* · `b'c@d.e`"


@pytest.mark.parametrize(
    "user_id", ["u0ada", "U", "", "U1> <!here>", "C0ROOM", "U0ADA\n", "U0ÀDA", "!here"]
)
def test_only_a_user_id_becomes_a_mention(user_id: str) -> None:
    assert "<" not in text.mention(user_id)
    assert text.mention("W0ADA") == "<@W0ADA>"


def test_only_a_channel_id_becomes_a_channel_link() -> None:
    assert text.channel("C0ROOM", "room") == "<#C0ROOM>"
    assert text.channel("U0ADA", "a<b") == "#a&lt;b"


@pytest.mark.parametrize(
    ("url", "label", "shown"),
    [
        ("https://a.test/?x=1&y=2", "Alert", "<https://a.test/?x=1&amp;y=2|Alert (a.test)>"),
        ("http://a.test/x|y>", "", "<http://a.test/x%7Cy%3E|a.test>"),
        (
            "https://evil.test",
            "https://bank.test",
            "<https://evil.test|https://bank.test (evil.test)>",
        ),
        (
            "https://bank.test@evil.test/",
            "Log in",
            "<https://bank.test@evil.test/|Log in (evil.test)>",
        ),
        ("https://bücher.test", "Books", "<https://bücher.test|Books (xn--bcher-kva.test)>"),
        ("javascript:alert(1)", "Alert", "Alert"),
        ("https://good.test\\@evil.test", "Alert", "Alert"),
        ("https://a.test/\u202ex", "Alert", "Alert"),
        ("https://a.test/a b", "Alert", "Alert"),
        ("https://a.test:99999", "Alert", "Alert"),
        ("https://[::1", "Alert", "Alert"),
        ("https:///x", "Alert", "Alert"),
        ("https://a..test/", "Alert", "Alert"),
        ("https://a.test/" + "a" * 3000, "Alert", "Alert"),
    ],
)
def test_a_link_leads_exactly_where_it_says_or_is_none(url: str, label: str, shown: str) -> None:
    assert text.link(url, label) == shown


def test_a_link_of_our_own_needs_no_host() -> None:
    assert text.link("https://a.test/x", "Metrics", foreign=False) == "<https://a.test/x|Metrics>"


def test_times_are_shown_in_each_readers_zone_with_utc_to_fall_back_on() -> None:
    assert text.when(AT) == (
        "<!date^1772447280^{date_short_pretty} at {time}|2026-03-02 10:28 UTC>"
    )
    assert text.clock(AT) == "<!date^1772447280^{time}|10:28 UTC>"
    assert text.utc(datetime(2026, 3, 2, tzinfo=UTC)) == "2026-03-02 00:00 UTC"


def test_cutting_counts_as_slack_does_and_never_splits_a_character() -> None:
    assert text.units("a😀") == 3
    assert text.cut("a😀😀b", 6) == "a😀😀b"
    assert text.cut("a😀😀b", 5) == "a😀…"
    assert text.cut("a😀😀b", 4) == "a😀…"
    assert text.cut("👩\u200d👧 x", 5) == "👩…"


def test_cutting_mrkdwn_keeps_entities_whole() -> None:
    mrkdwn = text.say(
        "ab {amp} {who} {code}", amp="&", who=text.mention("U0ADA"), code=text.code("x y")
    )
    cuts = {text.cut_mrkdwn(mrkdwn, limit) for limit in range(3, len(mrkdwn) + 1)}
    assert cuts == {"ab…", "ab &amp;…", "ab &amp; <@U0ADA>…", "ab &amp; <@U0ADA> `x y`"}


@given(shown=samples.hostile, limit=st.integers(1, 60))
@example(shown="&&&&", limit=7)
def test_what_is_cut_fits_and_stays_safe(shown: str, limit: int) -> None:
    piece = text.cut_mrkdwn(text.escape(shown), limit)
    assert text.units(piece) <= limit
    assert re.search(r"&(?!(?:amp|lt|gt);)", piece) is None


def test_clean_keeps_lines_only_where_asked_to() -> None:
    assert text.clean(" a \r\n\n\n\n\tb\x07 ") == "a b"
    assert text.clean(" a \r\n\n\n\n\tb\x07 ", lines=True) == " a\n\n\tb"


@pytest.mark.parametrize(
    ("mrkdwn", "shown"),
    [
        (
            "see <https://a.test|the log> &amp; <https://b.test>",
            "see the log (https://a.test) & https://b.test",
        ),
        ("<@U0ADA|ada> <@U0BEN> <#C0ROOM|room>", "@ada @U0BEN #room"),
        ("<!here> <!subteam^S1|@oncall> <!date^1^{time}|noon>", "@here @oncall noon"),
        ("&lt;!here&gt;", "<!here>"),
    ],
)
def test_mrkdwn_of_a_person_is_read_as_a_person_reads_it(mrkdwn: str, shown: str) -> None:
    assert text.unescape(mrkdwn) == shown
