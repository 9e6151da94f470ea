"""What people do in the chat, from the envelope to what they see, over fakes."""

import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from structlog.testing import capture_logs

from incident_response.blocks.action_ids import encode_value
from incident_response.commands import COMMANDS
from incident_response.domain.errors import UnavailableError
from incident_response.domain.model import Json
from incident_response.domain.severity import Severity
from incident_response.ports.inbox import EnvelopeKind
from incident_response.telemetry import span
from tests.routing.front import ANSWERS, open_front
from tests.workflows.house import ADA, BEN, DEV, GUEST, House, World, house


async def test_status_says_where_it_stands() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        assert "Payments fail" in await front.type("status")


async def test_a_command_of_a_room_says_so_elsewhere() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        elsewhere = h.world.chat.channel("incidents").channel_id
        told = await front.type("status", channel=elsewhere)
    assert "no war room" in told
    assert "/inc list" in told


async def test_an_unknown_verb_gets_the_nearest_one() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        assert "status" in await front.type("statsu")


async def test_help_names_every_command() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        told = await front.type("help")
    for command in COMMANDS:
        assert command.name in told


async def test_a_guest_may_do_nothing() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        told = await front.type("role ic", by=GUEST)
        found = await h.workflows.store.get(front.incident.incident_id)
    assert "Only full members" in told
    assert found is not None
    assert found.commander is None


@pytest.mark.parametrize("typed", ["role ic", "role ic <@U0ADA|ada>", "assign commander"])
async def test_a_role_is_given_and_the_room_hears_it(typed: str) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type(typed)
        found = await h.workflows.store.get(front.incident.incident_id)
    assert found is not None
    assert found.commander == ADA
    assert any("Incident commander" in p.message.text for p in h.world.room.posted)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("role boss", "I do not know the role"),
        ("role ic @ben", "I do not know"),
        ("role ic <@U0ADA> <@U0BEN>", "several people"),
        ("invite Ben", "no person was named"),
    ],
)
async def test_what_cannot_be_understood_says_what_to_type(typed: str, hint: str) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        assert hint in await front.type(typed)


async def test_people_are_invited_and_those_who_cannot_be_are_named() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        told = await front.type("invite <@U0DEV|dev> <@U0NOBODY>")
        assert DEV in h.world.room.members
        found = await h.workflows.store.get(front.incident.incident_id)
    assert found is not None
    assert DEV in found.responders
    assert "Not invited" in told


async def test_the_buttons_do_what_they_say() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        value = encode_value(front.incident.incident_id)
        await front.click({"action_id": "take_command", "value": value}, by=BEN)
        await front.click({"action_id": "join_room", "value": value}, by=DEV)
        found = await h.workflows.store.get(front.incident.incident_id)
        assert found is not None
        assert found.commander == BEN
        assert DEV in h.world.room.members


async def test_a_button_nobody_knows_any_more_says_so() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        assert "Could not" in await front.click({"action_id": "old_button", "value": "x"})
        assert "Could not" in await front.click({"action_id": "take_command", "value": "x"})


async def test_without_an_answer_address_the_person_is_told_in_the_channel() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        h.world.chat.use_up(ANSWERS)
        await front.type("status")
        private = [p for p in h.world.room.posted if p.private_to == ADA]
    assert "Payments fail" in private[-1].message.text


async def test_declaring_opens_a_form_at_once_and_keeps_nothing() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("declare Tea is cold")
        views = list(h.world.chat.views.values())
    assert "Tea is cold" in str(views)


async def test_a_form_that_comes_too_late_says_so() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        h.world.chat.use_up_trigger("trigger0")
        assert "Could not open the form" in await front.type("declare")


def submission(h: House, *, title: str = "Tea is cold", severity: str = "P2") -> Json:
    view = dict(next(iter(h.world.chat.views.values())))
    blocks = [b for b in view["blocks"] if isinstance(b, dict)]  # type: ignore[union-attr]  # our own modal
    values: Json = {}
    entered: dict[str, Json] = {
        "What is wrong?": {"value": title},
        "How bad is it?": {"selected_option": {"value": severity}},
        "What do you know?": {"value": None},
    }
    for block in blocks:
        label, element = block["label"], block["element"]
        assert isinstance(label, dict)
        assert isinstance(element, dict)
        values[str(block["block_id"])] = {str(element["action_id"]): entered[str(label["text"])]}
    view["state"] = {"values": values}
    return {"user": {"id": ADA}, "view": view}


async def test_a_form_without_a_title_is_refused_at_the_field() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("declare")
        envelope = front.envelope(EnvelopeKind.VIEW, submission(h, title="  "))
        prepared = await front.reception.prepare(envelope)
    assert not prepared.keep
    assert prepared.answer is not None
    assert prepared.answer["response_action"] == "errors"


async def test_a_declaration_worked_off_twice_is_one_incident_with_one_room() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("declare")
        envelope = front.envelope(EnvelopeKind.VIEW, submission(h))
        assert (await front.reception.prepare(envelope)).keep
        for _ in range(2):
            await front.reception.handle(envelope)
        found = await h.workflows.store.recent(open_only=True, limit=9)
        declared = [incident for incident in found if incident.declared_by == ADA]
        assert len(declared) == 1
        assert declared[0].severity is Severity.P2
        settled = await h.settled(declared[0])
    assert settled.room is not None
    assert ADA in h.world.chat.channel(settled.room.name).members


async def test_who_comes_in_is_remembered_and_what_the_commander_says_is_an_update() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        value = encode_value(front.incident.incident_id)
        await front.click({"action_id": "take_command", "value": value}, by=BEN)
        for event in (
            {"type": "member_joined_channel", "user": DEV, "channel": front.room},
            {
                "type": "message",
                "user": BEN,
                "channel": front.room,
                "text": "We have rolled back, errors recover",
            },
        ):
            await front.do(front.envelope(EnvelopeKind.EVENT, {"event": dict(event)}))
        found = await h.workflows.store.get(front.incident.incident_id)
    assert found is not None
    assert DEV in found.responders
    assert found.last_update_at is not None


async def test_events_nobody_handles_are_not_kept() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        event: Json = {"event": {"type": "emoji_changed"}}
        prepared = await front.reception.prepare(front.envelope(EnvelopeKind.EVENT, event))
    assert not prepared.keep


async def test_what_was_given_up_is_told_to_the_person_or_the_operators() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        command = front.envelope(
            EnvelopeKind.COMMAND,
            {"command": "/inc", "user_id": ADA, "response_url": ANSWERS, "text": "status"},
        )
        await front.reception.on_buried(command, "the store is gone")
        assert "the store is gone" in front.told()
        event = front.envelope(EnvelopeKind.EVENT, {"event": {"type": "message"}})
        await front.reception.on_buried(event, "broken")
    assert "broken" in h.world.chat.channel("incidents").posted[-1].message.text


async def test_what_may_work_later_is_left_to_be_tried_again() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        h.world.chat.fail("invite", UnavailableError("slack is down"))
        with pytest.raises(UnavailableError):
            await front.type("invite <@U0DEV>")


async def test_a_declaration_whose_message_has_no_address_is_made_without_and_that_is_logged() -> (
    None
):
    async with house(World()) as h:
        front = await open_front(h)
        shortcut: Json = {
            "callback_id": "declare_from_message",
            "user": {"id": ADA},
            "channel": {"id": front.room},
            "message": {"ts": "1.2", "text": "Tea is cold"},
            "trigger_id": "trigger",
        }
        await front.do(front.envelope(EnvelopeKind.SHORTCUT, shortcut))
        h.world.chat.fail("permalink", UnavailableError("slack is down"))
        with capture_logs() as logs:
            await front.do(front.envelope(EnvelopeKind.VIEW, submission(h)))
        found = await h.workflows.store.recent(open_only=True, limit=9)
    assert [incident.title for incident in found if incident.declared_by == ADA] == ["Tea is cold"]
    assert [log["reason"] for log in logs if "without a link" in log["event"]] == ["slack is down"]


async def test_what_a_person_does_in_a_room_is_logged_and_traced_with_its_incident() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        structlog.contextvars.clear_contextvars()
        with span("handle command", parent="") as handled:
            await front.type("status")
        bound = structlog.contextvars.get_contextvars()
    assert bound == {"incident_id": front.incident.incident_id}
    assert isinstance(handled, ReadableSpan)
    assert dict(handled.attributes or {}) == {
        "incident_response.request": "/inc",
        "incident_response.incident.id": front.incident.incident_id,
    }
