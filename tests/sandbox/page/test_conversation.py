"""How a channel reads: days, runs by one author, what Slack says, what is new, what is hidden."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from incident_response.sandbox.alert_groups import AlertGroups
from incident_response.sandbox.faults import FaultBoard
from incident_response.sandbox.page.conversation import channel_list, thread_list
from incident_response.sandbox.page.document import Where, document
from incident_response.sandbox.page.reading import Reading
from incident_response.sandbox.page.sidebar import sidebar
from incident_response.sandbox.page.views import modal
from incident_response.sandbox.page.workbench import Workbench
from incident_response.sandbox.slack.model import Channel, Message
from incident_response.sandbox.slack.workspace import Workspace
from incident_response.sandbox.tidewater import TIDEWATER
from incident_response.sandbox.vendors.world import World
from tests.sandbox.page.test_mrkdwn import Inventory
from tests.sandbox.slack.stand import ADA, APP, BEN, BOT, CY, GENERAL, SEED, HandClock

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOON)


@pytest.fixture
def workspace(clock: HandClock) -> Iterator[Workspace]:
    workspace = Workspace(seed=SEED, app=APP, now=clock.now)
    yield workspace
    workspace.close()


def reading(workspace: Workspace, clock: HandClock, who: str = ADA) -> Reading:
    return Reading(workspace, workspace.directory.user(who), zone=UTC, now=clock.now())


def room(workspace: Workspace) -> Channel:
    return workspace.channels.create("room", actor=ADA, is_private=True)


def say(workspace: Workspace, channel: Channel, text: str, *, user: str = ADA) -> Message:
    return workspace.messages.post(Message(channel=channel.id, ts="", user=user, text=text))


def shown(markup: str) -> str:
    return re.sub(r"\s+", " ", Inventory(markup).text)


def test_people_who_join_together_are_told_in_one_line(
    workspace: Workspace, clock: HandClock
) -> None:
    place = room(workspace)
    workspace.channels.invite(place, [BEN, CY, BOT], actor=ADA)
    markup = channel_list(place, reading(workspace, clock))
    assert "Ada Byron, Ben Okri, Cy Twombly, Incident Bot joined the channel" in shown(markup)
    assert markup.count('class="message compact"') == 1


def test_a_follow_up_needs_no_second_name(workspace: Workspace, clock: HandClock) -> None:
    place = room(workspace)
    say(workspace, place, "one")
    clock.time += 60
    say(workspace, place, "two")
    clock.time += 600
    say(workspace, place, "three")
    say(workspace, place, "four", user=BEN)
    markup = channel_list(place, reading(workspace, clock))
    names = re.findall(r'<span class="author">([^<]+)', markup)
    assert names == ["Ada Byron", "Ada Byron", "Ben Okri"]


def test_days_are_told_apart_on_the_viewers_clock(workspace: Workspace, clock: HandClock) -> None:
    place = room(workspace)
    for day in range(3):
        say(workspace, place, f"day {day}")
        clock.time += 86_400
    clock.time -= 86_400
    markup = channel_list(place, reading(workspace, clock))
    days = re.findall(r'data-key="day-([^"]+)"', markup)
    assert days == ["Saturday, November 21st", "Yesterday", "Today"]


def test_what_is_new_stands_below_a_line(workspace: Workspace, clock: HandClock) -> None:
    place = room(workspace)
    workspace.channels.invite(place, [BEN], actor=ADA)
    old = say(workspace, place, "old", user=BEN)
    workspace.channels.mark(place, ADA, old.ts)
    assert "new-line" not in channel_list(place, reading(workspace, clock))
    fresh = say(workspace, place, "fresh", user=BEN)
    markup = channel_list(place, reading(workspace, clock))
    assert markup.index('id="c-' + old.ts) < markup.index("new-line")
    assert markup.index("new-line") < markup.index('id="c-' + fresh.ts)
    workspace.channels.mark(place, ADA, fresh.ts)
    kept = channel_list(place, reading(workspace, clock), since=old.ts)
    assert "new-line" in kept


def test_ones_own_words_are_never_new(workspace: Workspace, clock: HandClock) -> None:
    place = room(workspace)
    workspace.channels.mark(place, ADA, say(workspace, place, "one").ts)
    say(workspace, place, "two")
    assert "new-line" not in channel_list(place, reading(workspace, clock))
    assert "data-unread" not in sidebar(reading(workspace, clock), GENERAL)


def test_a_long_channel_begins_with_an_offer_of_more(
    workspace: Workspace, clock: HandClock
) -> None:
    place = room(workspace)
    for number in range(7):
        say(workspace, place, f"message {number}")
    markup = channel_list(place, reading(workspace, clock), limit=3)
    assert "Show earlier messages (5)" in shown(markup)
    assert markup.count("<article") == 3
    whole = channel_list(place, reading(workspace, clock))
    assert "Ada Byron created this private channel today." in shown(whole)


def test_what_only_one_person_sees_stands_in_order_and_for_them_alone(
    workspace: Workspace, clock: HandClock
) -> None:
    place = room(workspace)
    workspace.channels.invite(place, [BEN], actor=ADA)
    workspace.messages.post_ephemeral(
        Message(channel=place.id, ts="", user=BOT, text="psst", ephemeral_to=ADA, bot_id="B")
    )
    clock.time += 1
    say(workspace, place, "after")
    hers = shown(channel_list(place, reading(workspace, clock)))
    his = shown(channel_list(place, reading(workspace, clock, BEN)))
    assert hers.index("Only visible to you") < hers.index("psst") < hers.index("after")
    assert "psst" not in his


def test_a_thread_counts_its_replies(workspace: Workspace, clock: HandClock) -> None:
    place = room(workspace)
    parent = say(workspace, place, "why?")
    for text in ("because", "no, because"):
        workspace.messages.post(
            Message(channel=place.id, ts="", user=BEN, text=text, thread_ts=parent.ts)
        )
    clock.time += 301
    listed = shown(channel_list(place, reading(workspace, clock)))
    assert "2 replies" in listed
    assert "Last reply 5 minutes ago" in listed
    assert "because" not in listed
    assert "2 replies" in shown(thread_list(place, parent.ts, reading(workspace, clock)))


def test_a_message_keeps_its_hash_until_it_changes(workspace: Workspace, clock: HandClock) -> None:
    place = room(workspace)
    message = say(workspace, place, "same")

    def hash_of() -> str:
        markup = channel_list(place, reading(workspace, clock))
        return markup.split(f'data-key="c-{message.ts}" data-hash="')[1].split('"')[0]

    before = hash_of()
    say(workspace, place, "other", user=BEN)
    assert hash_of() == before
    workspace.messages.react(message, "eyes", user=BEN)
    assert hash_of() != before


def test_a_modal_in_front_can_go_back_and_away(workspace: Workspace, clock: HandClock) -> None:
    body = {"type": "modal", "title": {"type": "plain_text", "text": "First"}, "blocks": []}
    workspace.views.open(body, user=ADA)
    assert 'aria-label="Back"' not in modal(reading(workspace, clock))
    workspace.views.push({**body, "title": {"type": "plain_text", "text": "<b>"}}, user=ADA)
    front = modal(reading(workspace, clock))
    assert "&lt;b&gt;" in front
    assert 'aria-label="Back"' in front
    assert "data-all" in front
    assert modal(reading(workspace, clock, BEN)) == ""


def test_every_part_of_the_page_that_changes_is_a_region_of_its_own_name(
    workspace: Workspace, clock: HandClock
) -> None:
    groups = AlertGroups()
    bench = Workbench(World(TIDEWATER, clock, FaultBoard(clock), groups))
    where = Where(workspace.channels.get(GENERAL), pane="workbench")
    written = document(where, reading(workspace, clock), bench)
    groups.close()
    names = re.findall(r'data-region="([a-z-]+)"', written)
    assert len(names) == len(set(names)) == 13
