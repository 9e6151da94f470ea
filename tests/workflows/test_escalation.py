"""The ladder over time: who is called when, once, by every way, and what stops it."""

import asyncio
from datetime import timedelta

import pytest

from incident_response.adapters.policy_yaml import shipped_policy
from incident_response.bootstrap.vendors import Outside
from incident_response.domain.alert import OnCallRoute
from incident_response.domain.errors import (
    NotAllowedError,
    NotFoundError,
    PermanentError,
    UnavailableError,
)
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ledger import EntryKind
from incident_response.domain.model import Json
from incident_response.domain.people import Roster
from incident_response.domain.policy import Policy
from incident_response.domain.response import Resolution
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity
from incident_response.events import EVENTS
from incident_response.ports.event_queue import Delivery, QueueMessage, encode
from incident_response.routing.event import EventRegistry, UndecodableEventError
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.roles import Asked
from tests.fakes.clock import START, LeapClock
from tests.workflows.house import (
    ADA,
    BEN,
    CLEO,
    DEV,
    GONE,
    House,
    World,
    eventually,
    house,
    person,
)
from tests.workflows.passing import called, directly, entries, in_room, now_of, passes

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def policy(**contacts: str) -> Policy:
    """The shipped ladders, with these people as contacts."""
    shipped = shipped_policy()
    return shipped.model_copy(update={"contacts": {**shipped.contacts, **contacts}})


STAFFED = policy(technical_lead="cleo@x.test", engineering_manager="ben@x.test", cto="dev@x.test")


def asked(h: House, by: str = ADA, key: str = "click") -> Asked:
    return Asked(by=by, at=h.world.clock.now(), key=key)  # type: ignore[arg-type]


async def alerted(h: House, **changes: object) -> Incident:
    return await h.assembled(**({"at": h.world.clock.now()} | changes))


async def test_unacknowledged_the_next_level_is_called_by_every_way_at_its_time() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h)
        await passes(h, 29 * MINUTE)
        assert (await now_of(h, incident)).escalation.calls == ()
        await passes(h, 2 * MINUTE)
        incident = await called(h, incident)
        (call,) = incident.escalation.calls
        assert (call.levels, call.users) == (("L2",), (ADA, CLEO)), (
            "who was proposed, and the lead"
        )
        assert any("L2 is called" in text and f"<@{CLEO}>" in text for text in in_room(h))
        assert "Nobody has acknowledged in time." in directly(h, CLEO)[0]
        assert CLEO in world.room.members
        assert world.pager.called == ["ada@x.test", "cleo@x.test"]
        (entry,) = await entries(h, incident, EntryKind.ESCALATED)
        assert entry.details["levels"] == ["L2"]
        assert entry.details["to"] == [ADA, CLEO]
        assert entry.details["how"] == ["room", "direct message", "pager"]
        assert "commander: the policy names nobody" in str(entry.details["unresolved"])


async def test_the_levels_follow_each_other_in_the_time_of_the_ladder() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h, severity=Severity.P0)
        for minutes, level in ((16, "L2"), (46, "L3"), (61, "L4")):
            await passes(h, minutes * MINUTE)
            incident = await called(h, incident)
            assert incident.escalation.calls[-1].levels == (level,)
        assert incident.escalation.paged == (DEV,)


async def test_a_schedule_that_fires_twice_calls_once() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h)
        await passes(h, 31 * MINUTE, is_redelivered=True)
        await called(h, incident)
        assert len(directly(h, CLEO)) == 1
        assert len(world.pager.pages) == 1
        assert len(await entries(h, incident, EntryKind.ESCALATED)) == 1


async def test_after_an_outage_everything_that_was_due_is_one_call() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h)
        await passes(h, 5 * HOUR)
        incident = await called(h, incident)
        (call,) = incident.escalation.calls
        assert call.levels == ("L2", "L3", "L4")
        assert set(call.users) == {ADA, BEN, CLEO, DEV}
        assert len(world.pager.pages) == 1
        await passes(h, 3 * HOUR)
        assert len((await now_of(h, incident)).escalation.calls) == 1, "its time counts anew"
        await passes(h, 2 * HOUR)
        assert (await called(h, incident)).escalation.calls[-1].levels == ("L5",)


async def test_a_schedule_outlives_the_process_and_what_it_began_is_finished() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h)
    world.chat.hang("direct", times=2)
    async with house(world, policy=STAFFED) as h:
        await passes(h, 31 * MINUTE)

        async def is_asked() -> bool:
            return world.chat.calls.count("direct") == 2

        await eventually(is_asked)
    await world.backend.claim_processor()
    async with house(world, policy=STAFFED) as h:
        await called(h, incident)
        assert len(directly(h, CLEO)) == 1
        assert sum("L2 is called" in text for text in in_room(h)) == 1


@pytest.mark.parametrize("way", ["button", "command", "role given"])
async def test_somebody_who_is_on_it_stops_the_calls(way: str) -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h)
        if way == "button":
            await h.workflows.escalation.acknowledge(incident.incident_id, asked=asked(h, BEN))
            assert any(f"<@{BEN}> is on it" in text for text in in_room(h))
        else:
            to = BEN if way == "command" else DEV
            await h.workflows.roles.assign(
                incident.incident_id, Role.COMMANDER, to=to, asked=asked(h, BEN)
            )
        assert (await now_of(h, incident)).escalation.acknowledged_by == BEN
        await passes(h, 9 * HOUR)
        assert await entries(h, incident, EntryKind.ESCALATED) == []
        assert len(await entries(h, incident, EntryKind.ACKNOWLEDGED)) == 1


async def test_acknowledging_and_the_time_meet_and_either_wins_whole() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h)
        await asyncio.gather(
            passes(h, 31 * MINUTE),
            h.workflows.escalation.acknowledge(incident.incident_id, asked=asked(h, BEN)),
        )
        incident = await called(h, incident)
        told = await h.world.backend.ledger.entries(incident.incident_id)
        kinds = [
            entry.kind
            for entry in told
            if entry.kind in (EntryKind.ESCALATED, EntryKind.ACKNOWLEDGED)
        ]
        assert kinds in (
            [EntryKind.ACKNOWLEDGED],
            [EntryKind.ESCALATED, EntryKind.ACKNOWLEDGED],
        )
        await passes(h, 9 * HOUR)
        assert len(await entries(h, incident, EntryKind.ESCALATED)) == len(kinds) - 1


def asking_on_call() -> Policy:
    """A ladder whose second step is whoever is on call then."""
    of = shipped_policy().of(Severity.P1)
    again = of.ladder[1].model_copy(update={"who": ("on_call", "technical_lead")})
    changed = of.model_copy(update={"ladder": (of.ladder[0], again)})
    return STAFFED.model_copy(update={"severities": {**STAFFED.severities, Severity.P1: changed}})


async def test_an_acknowledgement_while_people_are_looked_up_is_in_time() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=asking_on_call()) as h, asyncio.TaskGroup() as tasks:
        incident = await alerted(h)
        calls = world.on_call.behaviour.calls
        world.on_call.behaviour.hang()
        firing = tasks.create_task(passes(h, 31 * MINUTE))

        async def is_asking() -> bool:
            return world.on_call.behaviour.calls > calls

        await eventually(is_asking)
        await h.workflows.escalation.acknowledge(incident.incident_id, asked=asked(h, BEN))
        world.on_call.behaviour.recover()
        await firing
        assert await entries(h, incident, EntryKind.ESCALATED) == []
        assert (await now_of(h, incident)).escalation.acknowledged_by == BEN


async def test_an_acknowledgement_before_the_first_word_spares_everybody_the_call() -> None:
    clock = LeapClock()
    world = World(clock=clock)
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h)
        clock.leap(31 * MINUTE)
        name = f"{incident.incident_id}/escalate#1"
        held = await world.backend.leases.acquire(name, owner="another", ttl=HOUR)
        assert held is not None, "nobody begins the call while another has it"
        await passes(h, timedelta(0))
        await h.workflows.escalation.acknowledge(incident.incident_id, asked=asked(h, BEN))
        assert len(await entries(h, incident, EntryKind.ESCALATED)) == 1
        await world.backend.leases.release(held)
        await called(h, incident)
        assert directly(h, CLEO) == []
        assert world.pager.pages == []
        assert not any("L2 is called" in text for text in in_room(h))


async def test_an_acknowledgement_takes_the_button_from_the_call() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h)
        await passes(h, 31 * MINUTE)
        await called(h, incident)
        (before,) = (text for text in in_room(h) if "L2 is called" in text)
        assert "acknowledge" in before
        await h.workflows.escalation.acknowledge(incident.incident_id, asked=asked(h, CLEO))
        (after,) = (text for text in in_room(h) if "L2 is called" in text)
        assert "'action_id': 'acknowledge'" not in after
        assert f"<@{CLEO}> acknowledged" in after


async def test_by_hand_the_next_level_is_called_now_and_the_ones_after_it_follow_anew() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h)
        await h.workflows.escalation.acknowledge(incident.incident_id, asked=asked(h, ADA, "a"))
        for _ in range(2):
            incident = await h.workflows.escalation.escalate(
                incident.incident_id, reason="we need help", asked=asked(h, ADA, "b")
            )
        incident = await called(h, incident)
        (call,) = incident.escalation.calls
        assert (call.by, call.why) == (ADA, "we need help")
        assert not incident.escalation.is_acknowledged
        assert any("we need help" in text for text in in_room(h))
        await passes(h, 91 * MINUTE)
        assert (await called(h, incident)).escalation.calls[-1].levels == ("L3",)


async def test_at_the_top_the_last_level_is_called_again() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=policy(ceo="dev@x.test")) as h:
        incident = await alerted(h)
        for key in ("a", "b", "c"):
            incident = await h.workflows.escalation.escalate(
                incident.incident_id, reason="", asked=asked(h, ADA, key)
            )
        incident = await called(h, incident)
        assert [call.levels[-1] for call in incident.escalation.calls] == ["L2", "L5", "L5"]


async def test_a_level_with_nobody_behind_it_is_said_and_the_next_one_called_at_once() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=policy(cto="dev@x.test")) as h:
        incident = await alerted(h)
        await passes(h, 31 * MINUTE)
        await passes(h, 91 * MINUTE)
        incident = await called(h, incident)
        call = incident.escalation.calls[-1]
        assert (call.levels, call.users) == (("L3", "L4"), (DEV,))
        assert any("engineering manager: the policy names nobody" in t for t in in_room(h))
        assert any("*L4 is called:*" in t and "Nobody stands behind L3." in t for t in in_room(h))
        said = [p.message.text for p in world.chat.channel("incidents").posted]
        (told,) = (text for text in said if "Nobody could be called" in text)
        assert "(L3)" in told
        assert "The next step was called instead." in told


async def test_where_nobody_is_left_to_call_the_room_and_the_operators_are_told() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=policy()) as h:
        incident = await alerted(h)
        await passes(h, 31 * MINUTE)
        await passes(h, 91 * MINUTE)
        incident = await called(h, incident)
        assert incident.escalation.calls[-1].users == ()
        assert any("Nobody could be called for L3, L4, L5" in text for text in in_room(h))
        said = [p.message.text for p in world.chat.channel("incidents").posted]
        assert sum("Nobody could be called" in text for text in said) == 1


async def test_an_empty_room_of_an_urgent_incident_does_not_wait() -> None:
    world = World(clock=LeapClock())
    world.on_call.rosters, world.directory.rosters = {}, {}
    async with house(world, policy=STAFFED) as h:
        incident = await called(h, await alerted(h))
        assert [call.levels for call in incident.escalation.calls] == [("L2",)]
        assert CLEO in world.room.members
        calm = await called(h, await alerted(h, group_key="g2", severity=Severity.P3))
        assert calm.escalation.calls == (), "eight hours are time enough"


async def test_whoever_is_on_call_now_is_called_by_a_step_that_says_so() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=asking_on_call()) as h:
        incident = await alerted(h)
        world.on_call.rosters = {"payments": Roster(people=(person("Dev"),))}
        await passes(h, 31 * MINUTE)
        assert (await called(h, incident)).escalation.paged == (DEV, CLEO)


async def test_a_chat_that_finds_nobody_does_not_keep_the_pager_from_calling() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h)
        world.chat.fail("user_by_email", UnavailableError("down"), times=5)
        world.chat.fail("user", UnavailableError("down"), times=5)
        await passes(h, 31 * MINUTE)
        incident = await called(h, incident)
        assert world.pager.called == ["cleo@x.test"]
        assert incident.escalation.paged == ()


async def test_a_pager_that_fails_is_said_in_the_room_and_people_are_called_by_message() -> None:
    world = World(clock=LeapClock())
    world.pager.behaviour.fail_with(NotAllowedError("no right to page"))
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h)
        await passes(h, 31 * MINUTE)
        await called(h, incident)
        assert directly(h, CLEO)
        assert any("the pager: no right to page" in text for text in in_room(h))


async def test_whom_the_chat_will_not_message_is_said_and_the_others_are_called() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h)
        await change(h, incident, proposed_commander=GONE)
        await passes(h, 31 * MINUTE)
        incident = await called(h, incident)
        assert incident.escalation.paged == (CLEO,)
        assert "cannot be called" in str(incident.escalation.calls[-1].unresolved)


async def test_a_message_that_fails_for_one_is_tried_again_for_that_one_alone() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h)
        world.chat.fail("direct", UnavailableError("hiccup"))
        await passes(h, 31 * MINUTE)
        await called(h, incident)
        assert len(directly(h, ADA)) == len(directly(h, CLEO)) == 1
        assert not any("Not everybody was reached" in text for text in in_room(h))


async def test_a_person_whom_nothing_reaches_is_named_in_the_room() -> None:
    world = World(clock=LeapClock())
    world.pager.known = frozenset({"cleo@x.test"})
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h)
        world.chat.fail("direct", NotAllowedError("messages are off"))
        await passes(h, 31 * MINUTE)
        await called(h, incident)
        (told,) = (text for text in in_room(h) if "Not everybody was reached" in text)
        assert f"<@{ADA}>, direct messages: messages are off" in told
        assert "the pager: it does not know 1 of 2 people" in told
        assert len(directly(h, CLEO)) == 1


async def test_while_there_is_no_room_people_are_called_all_the_same() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=STAFFED) as h:
        world.chat.fail("create_room", UnavailableError("down"), times=1_000)
        incident = await h.alert(at=world.clock.now())
        assert incident is not None

        async def is_armed() -> bool:
            name = f"escalate-{incident.incident_id}"
            return await world.backend.scheduler.get(name) is not None

        await eventually(is_armed)
        await passes(h, 31 * MINUTE)
        assert (await called(h, incident)).room is None
        assert "You are called" in directly(h, CLEO)[0]
        assert "cleo@x.test" in world.pager.called


async def test_without_an_on_call_product_and_a_pager_the_contacts_are_called() -> None:
    world = World(clock=LeapClock())
    outside = Outside()
    async with house(world, policy=STAFFED, outside=outside) as h:
        incident = await called(h, await alerted(h))
        (call,) = incident.escalation.calls
        assert (call.users, call.addresses) == ((CLEO,), ())
        (entry,) = await entries(h, incident, EntryKind.ESCALATED)
        assert entry.details["how"] == ["room", "direct message"]


async def test_an_on_call_product_that_does_not_answer_does_not_hide_the_contacts() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=asking_on_call()) as h:
        incident = await alerted(h)
        world.on_call.behaviour.fail_with(UnavailableError("no answer"))
        await passes(h, 31 * MINUTE)
        (call,) = (await called(h, incident)).escalation.calls
        assert call.users == (CLEO,)
        assert call.unresolved == ("on call: no answer",)


async def test_an_event_that_names_no_level_or_no_incident_is_given_up_aloud() -> None:
    world = World()
    async with house(world) as h:
        handle = EventRegistry(EVENTS).handle
        bodies: tuple[tuple[Json, type[PermanentError]], ...] = (
            ({"incident_id": "inc-1"}, UndecodableEventError),
            ({"incident_id": "inc-1", "level": True}, UndecodableEventError),
            ({"level": 1}, UndecodableEventError),
            ({"incident_id": "inc-1", "level": 1}, NotFoundError),
        )
        for body, error in bodies:
            with pytest.raises(error):
                await handle(_delivery(body), h.workflows)


def _delivery(body: Json) -> Delivery:
    raw = encode(QueueMessage(type="ESCALATION_DUE", group="g", dedup_id="d", body=body))
    return Delivery(
        message_id="m", receipt="r", raw=raw, group="g", receive_count=1, sent_at=START
    )


@pytest.mark.parametrize("how", ["resolving", "closed", "stopped"])
async def test_an_incident_that_is_ending_calls_nobody(how: str) -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h)
        if how == "stopped":
            for _ in range(2):
                await h.workflows.escalation.stop(incident.incident_id)
        elif how == "closed":
            await change(h, incident, status=IncidentStatus.CANCELLED)
        else:
            ending = Resolution(by=ADA, at=world.clock.now())
            await change(h, incident, resolution=ending)
        await passes(h, 9 * HOUR)
        assert await entries(h, incident, EntryKind.ESCALATED) == []
        name = f"escalate-{incident.incident_id}"
        assert await world.backend.scheduler.get(name) is None


async def test_a_closed_incident_and_one_without_a_ladder_are_not_escalated() -> None:
    world = World(clock=LeapClock())
    async with house(world) as h:
        record = await h.alert(severity=Severity.P4)
        assert record is not None
        with pytest.raises(NotAllowedError, match="raise the severity"):
            await h.workflows.escalation.escalate(record.incident_id, reason="", asked=asked(h))
        await change(h, record, status=IncidentStatus.RESOLVED)
        for does in (
            h.workflows.escalation.escalate(record.incident_id, reason="", asked=asked(h)),
            h.workflows.escalation.acknowledge(record.incident_id, asked=asked(h)),
        ):
            with pytest.raises(NotAllowedError, match="closed"):
                await does


async def test_a_page_names_where_the_alert_came_from() -> None:
    world = World(clock=LeapClock())
    async with house(world, policy=STAFFED) as h:
        incident = await alerted(h, route=OnCallRoute(alert_group_id="I1"))
        await passes(h, 31 * MINUTE)
        await called(h, incident)
        (page,) = world.pager.pages
        assert page.route.alert_group_id == "I1"
        assert page.title == "P1 Payments fail (L2)"
        assert page.url == "https://wiki.x.test/pay"


async def change(h: House, incident: Incident, **changes: object) -> None:
    await change_incident(
        h.workflows.store,
        incident.incident_id,
        lambda now: Decision(now.model_copy(update=changes), ()),
    )
