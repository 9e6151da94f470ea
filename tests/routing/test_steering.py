"""What people type and click to steer an incident, by its effect: severity, roles, command,
escalation, impact.
"""

import pytest

from incident_response.actions import ACTIONS
from incident_response.blocks.action_ids import encode_value
from incident_response.commands import COMMANDS
from incident_response.domain.incident import Incident, IncidentStatus, Room
from incident_response.domain.ledger import EntryKind
from incident_response.domain.model import Json, UserId
from incident_response.domain.response import Impact
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity
from incident_response.ports.inbox import EnvelopeKind
from incident_response.workflows.change_incident import Decision, change_incident
from tests.routing.front import ANSWERS, Front, open_front
from tests.workflows.house import ADA, BEN, DEV, GUEST, House, World, house
from tests.workflows.passing import called, entries, in_room, now_of


def button(front: Front, name: str, *, choice: str = "") -> Json:
    value = encode_value(front.incident.incident_id, choice=choice)
    return {"type": "button", "action_id": name, "value": value}


def choice_of(front: Front, name: str, choice: str) -> Json:
    value = encode_value(front.incident.incident_id, choice=choice)
    return {"type": "static_select", "action_id": name, "selected_option": {"value": value}}


async def state(h: House, front: Front) -> Incident:
    return await now_of(h, front.incident)


@pytest.mark.parametrize("how", ["typed", "clicked"])
async def test_a_severity_is_changed(how: str) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        if how == "typed":
            await front.type("sev p0 the whole region is gone")
        else:
            await front.click(choice_of(front, "set_severity", "P0"))
        assert (await state(h, front)).severity is Severity.P0
        (entry,) = await entries(h, front.incident, EntryKind.SEVERITY_CHANGED)
        reason = "the whole region is gone" if how == "typed" else ""
        assert entry.details["reason"] == reason


async def test_severity_alone_tells_what_each_means_and_offers_them() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        told = await front.type("severity")
        for severity in Severity:
            assert h.workflows.policy.of(severity).meaning in told
        assert "*P1* High: a major function is impaired for many users *(now)*" in told
        assert "respond within 30 min · resolve within 4 h · updates every 1 h" in told
        assert "set_severity" in str(h.world.chat.responses[-1][1].blocks)


async def test_an_unknown_or_the_same_severity_is_said_to_be_so() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        assert "P0|P1|P2|P3|P4" in await front.type("severity mauve")
        assert "P1 already" in await front.type("severity P1")
        assert "P1 already" in await front.click(choice_of(front, "set_severity", "P1"))
        assert await entries(h, front.incident, EntryKind.SEVERITY_CHANGED) == []


async def test_a_list_of_another_time_that_names_no_severity_is_refused() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        assert "names no severity" in await front.click(choice_of(front, "set_severity", "P9"))
        assert "names no role" in await front.click(choice_of(front, "take_role", "king"))


async def test_a_mere_record_is_raised_from_the_answer_to_who_declared_it() -> None:
    async with house(World()) as h:
        record = await h.alert(severity=Severity.P4)
        assert record is not None
        front = Front(h, record.model_copy(update={"room": _somewhere(h)}))
        joined = await front.click(button(front, "join_room"))
        assert "P4 opens no room" in joined
        assert "set_severity" in str(h.world.chat.responses[-1][1].blocks)
        told = await front.click(choice_of(front, "set_severity", "P1"), by=DEV)
        assert "you are invited as soon as it stands" in told
        await h.settled(record)
        assert DEV in h.world.room.members


@pytest.mark.parametrize("how", ["typed", "clicked"])
async def test_acknowledging_stops_the_ladder_and_a_second_one_hears_who_was_first(
    how: str,
) -> None:
    async def acknowledges(front: Front, by: UserId) -> str:
        if how == "typed":
            return await front.type("ack", by=by)
        return await front.click(button(front, "acknowledge"), by=by)

    async with house(World()) as h:
        front = await open_front(h)
        assert await acknowledges(front, ADA) == ""
        assert (await state(h, front)).escalation.acknowledged_by == ADA
        assert any(f"<@{ADA}> is on it" in text for text in in_room(h))
        assert f"<@{ADA}> acknowledged" in await acknowledges(front, BEN)
        assert len(await entries(h, front.incident, EntryKind.ACKNOWLEDGED)) == 1


async def test_who_acknowledges_on_a_direct_message_is_told_there() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        elsewhere = front.envelope(
            EnvelopeKind.ACTION,
            {
                "user": {"id": BEN},
                "channel": {"id": "D0BEN"},
                "response_url": ANSWERS,
                "actions": [button(front, "acknowledge")],
            },
        )
        await front.do(elsewhere)
        assert f"<@{BEN}> is on it" in front.told()


async def test_a_closed_incident_is_not_handed_over() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("role ic")
        closed = {"status": IncidentStatus.RESOLVED}
        await change_incident(
            h.workflows.store,
            front.incident.incident_id,
            lambda now: Decision(now.model_copy(update=closed), ()),
        )
        assert "is closed" in await front.type("handoff")
        assert not any("would like to hand over" in text for text in in_room(h))


@pytest.mark.parametrize("how", ["typed", "clicked"])
async def test_escalating_calls_the_next_people(how: str) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        if how == "typed":
            await front.type("escalate nobody knows this service")
        else:
            await front.click(button(front, "escalate"))
        (call,) = (await called(h, front.incident)).escalation.calls
        assert (call.by, call.levels) == (ADA, ("L2",))
        assert call.why == ("nobody knows this service" if how == "typed" else "")


@pytest.mark.parametrize("impact", Impact)
@pytest.mark.parametrize("how", ["typed", "clicked"])
async def test_an_impact_is_raised_once(impact: Impact, how: str) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        told = []
        for _ in range(2):
            if how == "typed":
                told.append(await front.type(f"impact {impact.value}"))
            else:
                name = f"raise_impact.{impact.value}"
                told.append(await front.click(button(front, name, choice=impact.value)))
        assert told[0] == ""
        assert "raised already" in told[1]
        assert (await called(h, front.incident)).impacts == (impact,)
        assert len((await state(h, front)).escalation.calls) == 1


async def test_impact_alone_offers_what_has_not_been_raised() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("impact revenue")
        await front.type("impact")
        drawn = str(h.world.chat.responses[-1][1].blocks)
        assert "raise_impact.security" in drawn
        assert "raise_impact.revenue" not in drawn
        assert "customers|security|revenue" in await front.type("impact tea")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.COMMANDER])
async def test_a_role_is_taken_from_the_list_and_its_duty_told_privately(role: Role) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.click(choice_of(front, "take_role", role.value), by=DEV)
        assert (await state(h, front)).roles == {role: DEV}
        (private,) = [p for p in h.world.room.posted if p.private_to == DEV]
        assert h.workflows.policy.duty(role) in private.message.text


async def test_command_is_handed_over_with_where_things_stand() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("role ic")
        await front.type(f"handoff <@{DEV}|dev>")
        assert (await state(h, front)).commander == DEV
        (private,) = [p for p in h.world.room.posted if p.private_to == DEV]
        assert "You decide and coordinate" in private.message.text
        assert "no update has been given yet" in private.message.text
        assert "customers have been told nothing" in private.message.text
        assert "acknowledged" in private.message.text
        last = (await entries(h, front.incident, EntryKind.ROLE_ASSIGNED))[-1]
        assert (last.actor, last.details["to"], last.details["before"]) == (ADA, DEV, ADA)


async def test_who_is_not_in_command_cannot_hand_it_over() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        assert "Only whoever is in command" in await front.type(f"handoff <@{DEV}>")
        await front.type("role ic")
        assert "Only whoever is in command" in await front.type(f"handoff <@{DEV}>", by=BEN)
        assert "Name one" in await front.type(f"handoff <@{DEV}> <@{BEN}>")
        assert "Pick them from the list" in await front.type("handoff @dev")
        assert (await state(h, front)).commander == ADA


@pytest.mark.parametrize("how", ["typed", "clicked"])
async def test_handing_over_to_nobody_named_asks_the_room_and_whoever_clicks_has_it(
    how: str,
) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("role ic")
        if how == "typed":
            await front.type("handoff")
        else:
            await front.click(button(front, "hand_over"))
        assert any("would like to hand over command" in text for text in in_room(h))
        assert (await state(h, front)).commander == ADA, "until somebody takes it"
        await front.click(button(front, "take_command"), by=BEN)
        assert (await state(h, front)).commander == BEN


@pytest.mark.parametrize("typed", ["severity P0", "ack", "escalate", "impact revenue", "handoff"])
async def test_a_guest_steers_nothing(typed: str) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        assert "Only full members" in await front.type(typed, by=GUEST)
        assert await state(h, front) == front.incident


def test_every_button_of_steering_has_a_verb_that_exists() -> None:
    verbs = {name for command in COMMANDS for name in (command.name, *command.aliases)}
    ours = {"acknowledge", "escalate", "set_severity", "take_role", "hand_over"}
    found = {a.name: a.verb for a in ACTIONS if a.name in ours or "raise_impact" in a.name}
    assert len(found) == len(ours) + len(Impact)
    assert all(verb.split()[0] in verbs for verb in found.values())


def _somewhere(h: House) -> Room:
    channel = h.world.chat.channel("incidents")
    return Room(channel_id=channel.channel_id, name=channel.name)
