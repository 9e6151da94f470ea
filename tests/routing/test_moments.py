from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from incident_response.domain.errors import RefusedError
from incident_response.domain.people import ChatUser
from incident_response.routing.moments import (
    UTC_ZONE,
    Zone,
    is_moment,
    leading_moment,
    read_moment,
    shown_in,
    zone_of,
)
from tests.fakes.chat import FakeChat
from tests.fakes.clock import FakeClock
from tests.workflows.house import ADA, BEN

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
BERLIN = Zone(ZoneInfo("Europe/Berlin"), "Europe/Berlin")


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("now", "2026-03-02 09:30"),
        ("9:04", "2026-03-02 09:04"),
        ("09:04 UTC", "2026-03-02 09:04"),
        ("09:04Z", "2026-03-02 09:04"),
        ("at 9:04", "2026-03-02 09:04"),
        ("9:04am", "2026-03-02 09:04"),
        ("12:10 am", "2026-03-02 00:10"),
        ("11:04 pm", "2026-03-01 23:04"),
        ("15:04", "2026-03-01 15:04"),
        ("9:30:59", "2026-03-02 09:30"),
        ("yesterday 8:00", "2026-03-01 08:00"),
        ("-10m", "2026-03-02 09:20"),
        ("- 1h 10m", "2026-03-02 08:20"),
        ("10m ago", "2026-03-02 09:20"),
        ("10 min ago", "2026-03-02 09:20"),
        ("1 minute ago", "2026-03-02 09:29"),
        ("2 hours ago", "2026-03-02 07:30"),
        ("1h30m ago", "2026-03-02 08:00"),
        ("2026-03-01T15:04Z", "2026-03-01 15:04"),
        ("2026-03-01 15:04", "2026-03-01 15:04"),
        ("2026-03-01 15:04:05.123+02:00", "2026-03-01 13:04"),
        ("2026-03-01T15:04 UTC", "2026-03-01 15:04"),
    ],
)
def test_a_time_is_read_however_it_is_typed(typed: str, at: str) -> None:
    found = read_moment(typed, now=NOW, zone=UTC_ZONE)
    assert f"{found.astimezone(UTC):%Y-%m-%d %H:%M}" == at
    assert is_moment(typed)


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("10:04", "2026-03-02 09:04"),
        ("10:04 UTC", "2026-03-01 10:04"),
        ("2026-07-01 10:04", "2026-07-01 08:04"),
        ("00:10", "2026-03-01 23:10"),
    ],
)
def test_a_time_without_a_zone_counts_in_the_persons_own(typed: str, at: str) -> None:
    found = read_moment(typed, now=NOW, zone=BERLIN)
    assert f"{found:%Y-%m-%d %H:%M}" == at
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("typed", "rest"),
    [
        ("9:04 we failed over", "we failed over"),
        ("10 min ago we failed over", "we failed over"),
        ("2026-03-01T15:04Z the disk was full", "the disk was full"),
    ],
)
def test_what_follows_the_time_is_the_text(typed: str, rest: str) -> None:
    at, text = leading_moment(typed, now=NOW, zone=UTC_ZONE)
    assert at is not None
    assert text == rest


@pytest.mark.parametrize(
    "typed",
    ["we failed over", "10 hosts are gone", "10m rows deleted", "nowhere", "3 ago", "1:2 vote"],
)
def test_a_text_that_begins_with_no_time_is_all_text(typed: str) -> None:
    assert leading_moment(typed, now=NOW, zone=UTC_ZONE) == (None, typed)


@pytest.mark.parametrize("typed", ["25:99", "2026-13-01 10:00", "2026-02-30T10:00Z", "13:00 pm"])
def test_what_looks_like_a_time_and_is_none_is_refused_with_examples(typed: str) -> None:
    with pytest.raises(RefusedError, match=r"no time.*type 15:04, 15:04 UTC"):
        leading_moment(f"{typed} something", now=NOW, zone=UTC_ZONE)
    assert not is_moment(typed)


@pytest.mark.parametrize("typed", ["", "soon", "9:04 and a text", "9"])
def test_what_is_no_time_is_refused_with_examples(typed: str) -> None:
    with pytest.raises(RefusedError, match="10m ago"):
        read_moment(typed, now=NOW, zone=UTC_ZONE)
    assert not is_moment(typed)


def test_a_clock_a_little_ahead_of_ours_means_today() -> None:
    found = read_moment("9:31", now=NOW, zone=UTC_ZONE)
    assert found == NOW + timedelta(minutes=1)


async def test_the_zone_is_the_persons_own_or_utc_and_is_named() -> None:
    chat = FakeChat(FakeClock(), users=[ChatUser(user_id=ADA, name="Ada", tz="Europe/Berlin")])
    chat.add_user(ChatUser(user_id=BEN, name="Ben", tz="Atlantis/Nowhere"))
    ada = await zone_of(chat, ADA)
    assert shown_in(NOW, ada) == "2026-03-02 10:30 (Europe/Berlin)"
    assert shown_in(NOW, await zone_of(chat, BEN)) == "2026-03-02 09:30 (UTC)"
