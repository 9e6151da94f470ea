"""The main job over real sockets, as people in the workspace live it: called, told, in command,
ticking off, asking, inviting, declaring.
"""

import asyncio

import pytest

from incident_response.entrypoints.local_stack import LocalStack
from incident_response.sandbox.alerts import AlertOrder
from incident_response.sandbox.slack.model import Channel
from tests.scenarios.hands import (
    DEREK,
    HANA,
    INES,
    JONAS,
    MAYA,
    PAYMENTS,
    PRIYA,
    ROSA,
    TOMAS,
    Hands,
    drawn,
    elements,
)
from tests.scenarios.rooms import (
    assembled,
    channel_named,
    channel_of,
    eventually,
    now_of,
    open_room,
    rooms,
    said,
    said_as,
    text_of,
    until_drawn,
    until_said,
)


async def test_an_alert_brings_the_right_people_into_a_room_with_everything_in_it(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    room = channel_of(stack, incident)
    bot = stack.sandbox.workspace.app.bot_user_id
    assert set(room.members) == PAYMENTS | {bot}
    assert DEREK not in room.members
    assert "P1" in room.topic.value
    facts, checklist = said_as(stack, incident, "facts"), said_as(stack, incident, "checklist")
    for words in ("13.8 %", "Error rate", "two hours ago", "Newest error lines", "Newest commits"):
        assert words in text_of(facts), words
    assert "Derek Vaughn: their chat account is deactivated" in text_of(facts)
    assert "retry_step" not in text_of(facts)
    assert "0 of 11 done" in text_of(checklist)
    assert [pin.ts for pin in stack.sandbox.workspace.pins.of(room.id)] == [checklist.ts]
    assert len(stack.sandbox.workspace.bookmarks.of(room.id)) == 1
    announced = said(stack, channel_named(stack, "incidents").id)
    assert len(announced) == 1
    assert room.name in text_of(announced[0])


async def test_the_first_on_call_is_asked_and_takes_command_by_the_button(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    room, maya = channel_of(stack, incident), Hands(stack, MAYA)
    proposal = said_as(stack, incident, "proposal")
    assert f"<@{MAYA}>, you are first on call" in text_of(proposal)
    assert (await maya.clicks(proposal, "take_command")).ok
    await until_drawn(proposal, f"<@{MAYA}> is in command")
    await until_drawn(said_as(stack, incident, "announcement"), MAYA)
    assert "You decide and coordinate" in await maya.told(room.id, besides=set())
    for name in ("facts", "proposal", "announcement"):
        message = said_as(stack, incident, name)
        assert "take_command" not in {e["action_id"] for e in elements(message)}, name


async def test_a_role_is_given_by_command_and_passed_on(stack: LocalStack) -> None:
    incident = await open_room(stack)
    room, maya = channel_of(stack, incident), Hands(stack, MAYA)
    assert (await maya.types(room.id, "/incident-response role ic @jonas")).ok
    told = await until_said(stack, room.id, f"<@{JONAS}> is *Incident commander* now")
    assert f"given by <@{MAYA}>" in text_of(told)
    await until_drawn(said_as(stack, incident, "proposal"), f"<@{JONAS}> is in command")
    assert (await Hands(stack, JONAS).types(room.id, "/inc role ic @priya")).ok
    await until_said(stack, room.id, f"<@{PRIYA}> is *Incident commander* now")
    assert (await now_of(stack, incident)).commander == PRIYA
    assert "several people" in await maya.asks(room.id, "/inc role ic @jonas @maya")
    assert "I do not know the role" in await maya.asks(room.id, "/inc role king @jonas")


async def test_two_people_tick_at_the_same_moment_and_neither_tick_is_lost(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    checklist = said_as(stack, incident, "checklist")
    both = await asyncio.gather(
        Hands(stack, MAYA).ticks(checklist, "severity_assessed"),
        Hands(stack, JONAS).ticks(checklist, "responders_joined"),
    )
    assert all(outcome.ok for outcome in both)
    await until_drawn(checklist, "2 of 11 done")
    by = {item.key: item.checked_by for item in (await now_of(stack, incident)).checklist}
    assert by["severity_assessed"] == MAYA
    assert by["responders_joined"] == JONAS
    assert (await Hands(stack, PRIYA).ticks(checklist, "severity_assessed", off=True)).ok
    await until_drawn(checklist, "1 of 11 done")


async def test_status_checklist_list_and_help_answer_the_asker_alone(stack: LocalStack) -> None:
    incident = await open_room(stack)
    room, maya = channel_of(stack, incident), Hands(stack, MAYA)
    before = len(said(stack, room.id))
    status = await maya.asks(room.id, "/inc status")
    assert "Checklist: 0 of 11" in status
    assert "Responders: " in status
    assert "0 of 11 done" in await maya.asks(room.id, "/inc checklist")
    assert incident.title in await maya.asks(room.id, "/inc list")
    usages = await maya.asks(room.id, "/inc help")
    for verb in ("declare", "status", "role", "invite", "checklist", "list", "help"):
        assert f"/inc {verb}" in usages
    assert Hands(stack, JONAS).notes(room.id) == []
    assert len(said(stack, room.id)) == before


async def test_the_checklist_that_was_asked_for_ticks_like_the_pinned_one(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    room, tomas = channel_of(stack, incident), Hands(stack, TOMAS)
    await tomas.asks(room.id, "/inc checklist")
    assert (await tomas.ticks(tomas.notes(room.id)[-1], "customer_impact")).ok
    await until_drawn(said_as(stack, incident, "checklist"), "1 of 11 done", TOMAS)


@pytest.mark.parametrize(
    ("typed", "guessed"), [("statsu", "status"), ("chekclist", "checklist"), ("rol", "role")]
)
async def test_a_slip_of_the_fingers_gets_the_nearest_verb(
    stack: LocalStack, typed: str, guessed: str
) -> None:
    general = channel_named(stack, "general").id
    answer = await Hands(stack, MAYA).asks(general, f"/inc {typed}")
    assert f"Did you mean `/inc {guessed}`?" in answer


async def test_a_command_of_the_room_elsewhere_says_where_it_works(stack: LocalStack) -> None:
    general = channel_named(stack, "general").id
    for verb in ("status", "checklist", "role ic", "invite @jonas"):
        answer = await Hands(stack, MAYA).asks(general, f"/inc {verb}")
        assert "this channel is no war room" in answer, verb


async def test_people_are_invited_and_whoever_cannot_be_is_named_with_the_reason(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    room, maya = channel_of(stack, incident), Hands(stack, MAYA)
    answer = await maya.asks(room.id, "/inc invite @ines @derek @jonas")
    assert f"In the room: <@{INES}>" in answer
    assert f"Not invited: <@{DEREK}>" in answer
    assert INES in room.members
    assert DEREK not in room.members
    assert "no person was named" in await maya.asks(room.id, "/inc invite somebody")


async def test_somebody_who_was_not_called_joins_from_the_incidents_channel(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    room, hana = channel_of(stack, incident), Hands(stack, HANA)
    assert HANA not in room.members
    announcement = said_as(stack, incident, "announcement")
    assert (await hana.clicks(announcement, "join_room")).ok
    assert "You are in" in await hana.told(announcement.channel, besides=set())
    assert HANA in room.members
    assert HANA in (await now_of(stack, incident)).responders


async def test_a_guest_is_refused_everywhere_and_changes_nothing(stack: LocalStack) -> None:
    incident = await open_room(stack)
    room, rosa = channel_of(stack, incident), Hands(stack, ROSA)
    stack.sandbox.workspace.channels.join(channel_named(stack, "incidents"), actor=ROSA)
    announcement = said_as(stack, incident, "announcement")
    assert (await rosa.clicks(announcement, "join_room")).ok
    assert "Only full members" in await rosa.told(announcement.channel, besides=set())
    assert ROSA not in room.members
    given = await Hands(stack, MAYA).asks(room.id, "/inc role ic @rosa")
    assert "Only a full member" in given
    assert (await now_of(stack, incident)).commander is None


async def declared_room(stack: LocalStack, title: str) -> Channel:
    async def incident_of() -> object:
        found = await stack.processor.workflows.store.recent(open_only=False, limit=20)
        return next((i for i in found if i.title == title), None)

    await eventually(incident_of)
    store = stack.processor.workflows.store
    incident = next(i for i in await store.recent(open_only=False, limit=20) if i.title == title)
    return channel_of(stack, await assembled(stack, incident))


async def test_an_incident_is_declared_by_command_and_its_declarer_proposed(
    stack: LocalStack,
) -> None:
    general, ines = channel_named(stack, "general").id, Hands(stack, INES)
    assert (await ines.types(general, "/inc declare Refunds are paid twice")).ok
    view = await ines.form()
    assert "Refunds are paid twice" in str(view.body)
    refused = await ines.submits(view, title="   ")
    assert refused.kind == "errors"
    assert set(refused.errors) == {"title"}
    sent = await ines.submits(view, title="Refunds are paid twice", severity="P1")
    assert sent.kind == "closed"
    assert "Declared: " in await ines.told(general, besides=set())
    room = await declared_room(stack, "Refunds are paid twice")
    assert INES in room.members
    await until_said(stack, room.id, f"<@{INES}>", "please take command")


async def test_an_incident_is_declared_from_a_message_and_links_back_to_it(
    stack: LocalStack,
) -> None:
    eng, tomas = channel_named(stack, "eng").id, Hands(stack, TOMAS)
    people = stack.sandbox.people
    message = await people.say(user=TOMAS, channel=eng, text="Payouts hang\nsince the rollout")
    opened = await people.open_shortcut(
        user=TOMAS, callback_id="declare_from_message", channel=eng, ts=message.ts
    )
    assert opened.ok
    view = await tomas.form()
    assert "since the rollout" in str(view.body)
    assert (await tomas.submits(view, title="Payouts hang", description="since the rollout")).ok
    room = await declared_room(stack, "Payouts hang")
    facts = await until_said(stack, room.id, "Declared from")
    assert f"/archives/{eng}/p{message.ts.replace('.', '')}" in drawn(facts)


async def test_a_p4_is_recorded_and_opens_no_room(stack: LocalStack) -> None:
    general, ines = channel_named(stack, "general").id, Hands(stack, INES)
    await ines.types(general, "/inc declare")
    assert (await ines.submits(await ines.form(), title="A typo", severity="P4")).ok
    assert "P4 opens no room" in await ines.told(general, besides=set())
    delivery = await open_none(stack)
    assert delivery == 202
    assert rooms(stack) == []
    assert said(stack, channel_named(stack, "incidents").id) == []
    assert "A typo" in await ines.asks(general, "/inc list")


async def open_none(stack: LocalStack) -> int | None:
    """Fire a P4 and wait until it has been folded; what the webhook answered."""
    from_sender = await stack.sandbox.alerts.fire(AlertOrder(severity="P4", service="search-api"))
    store = stack.processor.workflows.store

    async def folded() -> bool:
        found = await store.recent(open_only=False, limit=10)
        return any(i.service == "search-api" for i in found)

    await eventually(folded)
    return from_sender.status
