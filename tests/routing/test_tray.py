"""The slash command alone, the tray's buttons and the forms behind them: each does what typing
does.
"""

import pytest

from incident_response.domain.errors import UnavailableError
from incident_response.domain.model import Json
from incident_response.ports.inbox import EnvelopeKind
from tests.routing.front import open_front
from tests.workflows.house import ADA, BEN, DEV, GUEST, World, house

TRAY = "What do you want to do?"


def people(*users: str) -> Json:
    return {"type": "multi_users_select", "selected_users": [*users]}


async def test_alone_in_a_room_it_shows_the_tray_and_elsewhere_the_declare_form() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        assert await front.type("") == TRAY
        assert h.world.chat.views == {}
        elsewhere = h.world.chat.channel("incidents").channel_id
        await front.type("", channel=elsewhere)
        assert front.form()["callback_id"] == "declare"


async def test_the_tray_can_be_asked_for_by_name_but_not_outside_of_a_room() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        assert await front.type("tray") == TRAY
        elsewhere = h.world.chat.channel("incidents").channel_id
        assert "no war room" in await front.type("tray", channel=elsewhere)


async def test_a_button_of_the_tray_does_what_typing_its_command_does() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("")
        assert "Payments fail" in await front.press("Status")
        await front.type("")
        assert "Scribe" in await front.press("Roles")


async def test_a_button_of_the_tray_that_opens_a_form_opens_it_before_the_acknowledgement() -> (
    None
):
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("")
        click: Json = {
            "user": {"id": ADA},
            "channel": {"id": front.room},
            "trigger_id": "t",
            "actions": [{"action_id": "run_command:declare", "value": "/inc declare"}],
        }
        envelope = front.envelope(EnvelopeKind.ACTION, click)
        prepared = await front.reception.prepare(envelope)
        assert not prepared.keep, "a trigger lives three seconds: it must not wait in the inbox"
        assert front.form()["callback_id"] == "declare"


async def test_what_a_command_needs_is_asked_for_in_a_form_whether_clicked_or_typed() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("")
        await front.press("Invite …")
        await front.submit({"people": people(DEV)})
        assert DEV in h.world.room.members
        assert DEV in (await front.now()).responders
        assert any("In the room" in text for text in front.private())

        await front.type("tick")
        await front.submit({"words": {"type": "plain_text_input", "value": "4"}}, by=BEN)
        ticked = {i.key: i.checked_by for i in (await front.now()).checklist if i.is_checked}
        assert ticked == {"severity_assessed": BEN}


async def test_a_form_worked_off_twice_has_its_effect_once() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("invite")
        state: Json = {"values": {"people": {"people": people(DEV)}}}
        payload: Json = {"user": {"id": ADA}, "view": {**front.form(), "state": state}}
        envelope = front.envelope(EnvelopeKind.VIEW, payload)
        for _ in range(2):
            await front.reception.handle(envelope)
        assert [*(await front.now()).responders].count(DEV) == 1


async def test_a_guest_gets_nothing_from_a_button_or_a_form() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        status: Json = {"action_id": "run_command:status", "value": "/inc status"}
        assert "Only full members" in await front.click(status, by=GUEST)
        await front.type("invite")
        h.world.room.members.append(GUEST)
        await front.submit({"people": people(DEV)}, by=GUEST)
        assert "Only full members" in front.private(GUEST)[-1]
        assert DEV not in h.world.room.members


@pytest.mark.parametrize(
    ("value", "told"),
    [("/inc frobnicate", "I do not know “frobnicate”"), ("/inc", TRAY), ("", "Could not")],
)
async def test_a_button_of_an_older_tray_is_answered(value: str, told: str) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        button: Json = {"action_id": "run_command:old", "value": value}
        assert told in await front.click(button)


async def test_a_form_of_another_version_is_refused_to_the_person() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        view: Json = {"callback_id": "run_command", "private_metadata": '{"v":99}'}
        await front.do(front.envelope(EnvelopeKind.VIEW, {"user": {"id": ADA}, "view": view}))
        direct = h.world.chat.channels[f"D{ADA}"].posted  # type: ignore[index]  # a channel id
    assert "another version" in direct[-1].message.text


async def test_a_form_that_cannot_be_opened_says_so() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        h.world.chat.fail("open_view", UnavailableError("slack is down"))
        assert "Could not open the form" in await front.type("invite")
