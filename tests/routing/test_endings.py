"""Ending an incident from the envelope to its effect: every verb, button and form of it."""

from functools import partial

import pytest

from incident_response.blocks.action_ids import encode_value
from incident_response.blocks.ending_forms import TEXT_BLOCK
from incident_response.domain.errors import RefusedError
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.model import ChannelId, Json, UserId
from incident_response.ports.inbox import EnvelopeKind
from tests.routing.front import Front, open_front
from tests.workflows.ends import asked, ended, now, resolve, said
from tests.workflows.house import ADA, BEN, DEV, World, eventually, house


async def found(front: Front) -> Incident:
    return await now(front.house, front.incident)


async def over(front: Front) -> Incident:
    """The incident once its resolving has ended."""
    incident = await found(front)
    return await ended(front.house, incident)


async def press(front: Front, action_id: str, *, by: UserId = ADA) -> str:
    """Click a button, its trigger as fresh as any."""
    value = encode_value(front.incident.incident_id)
    action: Json = {"action_id": action_id, "value": value}
    payload: Json = {
        "user": {"id": by},
        "channel": {"id": front.room},
        "response_url": "https://slack.test/answer",
        "trigger_id": f"press{front.count}",
        "actions": [action],
    }
    await front.do(front.envelope(EnvelopeKind.ACTION, payload))
    return front.told()


async def submit(front: Front, text: str, *, by: UserId = ADA) -> Json | None:
    """Fill in the form that is open and send it; the errors it is answered with."""
    view = dict(next(reversed(front.house.world.chat.views.values())))
    view["state"] = {"values": {TEXT_BLOCK: {TEXT_BLOCK: {"value": text}}}}
    envelope = front.envelope(EnvelopeKind.VIEW, {"user": {"id": by}, "view": view})
    prepared = await front.reception.prepare(envelope)
    if prepared.keep:
        await front.reception.handle(envelope)
    return prepared.answer


def private(front: Front, user: str) -> list[str]:
    return [p.message.text for p in front.house.world.room.posted if p.private_to == user]


@pytest.mark.parametrize("verb", ["resolve", "close", "fixed"])
async def test_resolve_with_words_ends_it_and_says_what_is_certain(verb: str) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        told = await front.type(f"{verb} Rolled back, said <@U0BEN|ben>")
        assert "nobody is reminded or paged" in told
        incident = await over(front)
        assert incident.status is IncidentStatus.RESOLVED
        assert incident.resolution is not None
        assert incident.resolution.summary == "Rolled back, said @ben"


async def test_resolve_without_words_asks_for_them_in_a_form_filled_with_what_was_said() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("mitigate Failed over to B")
        await front.type("resolve")
        assert "Failed over to B" in str(next(reversed(h.world.chat.views.values())))
        assert not (await found(front)).is_ending
        assert await submit(front, "  ") == {
            "response_action": "errors",
            "errors": {TEXT_BLOCK: "Say it in a few words."},
        }
        assert not (await found(front)).is_ending
        assert await submit(front, "Fixed the\nlimit") is None
        incident = await over(front)
        assert incident.resolution is not None
        assert incident.resolution.summary == "Fixed the limit"
        assert any("Resolving" in text for text in private(front, ADA))


async def test_the_resolve_button_opens_the_form_and_the_form_ends_it() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await press(front, "resolve_incident")
        assert "Fixed: Payments fail" in str(h.world.chat.views)
        await submit(front, "Done")
        assert (await over(front)).is_closed


async def test_a_second_resolve_hears_who_does_it_already_and_begins_nothing() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await h.workflows.resolver.resolve(front.incident.incident_id, summary="x", asked=asked(h))
        for told in (
            await front.type("resolve me too", by=BEN),
            await front.type("resolve", by=BEN),
            await press(front, "resolve_incident", by=BEN),
        ):
            assert "being resolved already" in told
            assert f"<@{ADA}>" in told
        assert (await found(front)).resolutions == 1
        assert not h.world.chat.views


async def test_who_may_not_is_told_who_can() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("role ic", by=BEN)
        for typed in ("resolve x", "mitigate x", "cancel x"):
            told = await front.type(typed, by=ADA)
            assert f"<@{BEN}> is in command" in told
        assert not (await found(front)).is_ending


@pytest.mark.parametrize("typed", ["mitigate Failed over", "mit Failed over"])
async def test_mitigate_says_so_in_the_room(typed: str) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type(typed)
        assert (await found(front)).status is IncidentStatus.MITIGATED
        assert said(h.world.room, "Failed over")


async def test_the_mitigated_button_does_the_same() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await press(front, "mitigate_incident")
        assert (await found(front)).status is IncidentStatus.MITIGATED
        assert "mitigated already" in await press(front, "mitigate_incident")


async def test_reopen_works_in_the_room_by_button_and_by_code_from_anywhere() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        elsewhere = h.world.chat.channel("incidents").channel_id
        code = front.incident.code
        ways = (
            partial(front.type, "reopen It is back"),
            partial(press, front, "reopen_incident"),
            partial(front.type, f"reopen {code} It is back", channel=elsewhere),
        )
        for reopen in ways:
            await resolve(h, await found(front))
            told = await reopen()
            incident = await found(front)
            assert incident.status is IncidentStatus.ASSEMBLED
        assert incident.resolutions == 3
        assert "Reopened" in told
        assert len(said(h.world.room, "It is back")) == 2
        assert "no incident" in await front.type("reopen nothing", channel=elsewhere)
        assert "nothing to reopen" in await front.type("reopen")


@pytest.mark.parametrize("typed", ["cancel It was a test", "decline It was a test"])
async def test_cancel_closes_what_was_nothing(typed: str) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type(typed)
        assert (await found(front)).status is IncidentStatus.CANCELLED
        assert said(h.world.room, "It was a test")


@pytest.mark.parametrize("how", ["typed", "pressed"])
async def test_cancel_without_a_reason_asks_for_it_in_a_form(how: str) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        if how == "typed":
            await front.type("cancel")
        else:
            await press(front, "cancel_incident")
        assert not (await found(front)).is_closed
        assert await submit(front, "") is not None
        assert await submit(front, "False alarm") is None
        assert (await found(front)).status is IncidentStatus.CANCELLED
        assert said(h.world.room, "False alarm")


async def test_link_and_merge_find_the_other_by_its_code_or_its_room() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        other = await h.assembled(group_key="g2", title="Disk full")
        assert other.room is not None
        assert "I know no incident" in await front.type("link abcdef")
        await front.type(f"link {other.code}")
        assert (await found(front)).linked == (other.incident_id,)
        channel = other.room.channel_id
        await front.type(f"duplicate <#{channel}|{other.room.name}>")
        incident = await found(front)
        assert incident.merged_into == other.incident_id
        assert ADA in h.world.chat.channels[channel].members


async def test_a_rating_is_typed_or_clicked() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        assert "not over" in await front.type("rate 4")
        await resolve(h, front.incident)
        assert "4 of 5" in await front.type("rate 4")
        for rating in range(1, 6):
            assert f"{rating} of 5" in await press(front, f"rate_{rating}", by=DEV)
        assert (await found(front)).ratings == {ADA: 4, DEV: 5}
        for wrong in ("rate 0", "rate 9", "rate good"):
            assert "no figure from 1 to 5" in await front.type(wrong)


async def test_a_form_for_an_incident_that_ended_meanwhile_is_refused_in_words() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await press(front, "resolve_incident")
        await resolve(h, front.incident)
        await submit(front, "Done")
        direct = h.world.chat.channels[ChannelId(f"D{ADA}")].posted
        assert "resolved already" in direct[-1].message.text
        assert (await found(front)).resolutions == 1


async def test_retry_asks_again_for_what_the_end_is_missing() -> None:
    world = World()
    world.tracker.break_down(RefusedError("the team is unknown"))
    async with house(world) as h:
        front = await open_front(h)
        await front.type("resolve Rolled back")
        incident = await over(front)
        assert incident.postmortem is None
        world.tracker.behaviour.recover()
        told = await front.type("retry")
        assert "Asking again: " in told

        async def is_filed() -> bool:
            return (await found(front)).postmortem is not None

        await eventually(is_filed)
        assert await front.type("retry") == "Nothing is missing."
