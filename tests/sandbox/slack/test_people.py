"""What people may do without the app: the client's own rules."""

from collections.abc import Awaitable
from typing import Any

import pytest

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.people import Container
from tests.sandbox.slack.stand import ADA, BEN, CY, ENG, GENERAL, Stand


async def code(doing: Awaitable[Any]) -> str:
    with pytest.raises(SlackError) as caught:
        await doing
    return caught.value.code


async def test_only_members_write_and_only_authors_edit(stand: Stand) -> None:
    people = stand.slack.people
    assert await code(people.say(user=CY, channel=ENG, text="hi")) == "not_in_channel"
    assert await code(people.say(user=ADA, channel=ENG, text="  ")) == "no_text"
    mine = await people.say(user=ADA, channel=ENG, text="mine")
    edit = people.edit(user=BEN, channel=ENG, ts=mine.ts, text="ours")
    assert await code(edit) == "cant_update_message"
    delete = people.delete(user=BEN, channel=ENG, ts=mine.ts)
    assert await code(delete) == "cant_delete_message"
    edited = await people.edit(user=ADA, channel=ENG, ts=mine.ts, text="yours")
    assert (edited.text, edited.edited is not None) == ("yours", True)
    await people.delete(user=ADA, channel=ENG, ts=mine.ts)
    assert stand.workspace.messages.top_level(ENG) == []


async def test_a_private_channel_is_hidden_until_one_is_invited(stand: Stand) -> None:
    people = stand.slack.people
    room = await people.create_channel(user=ADA, name="room", is_private=True)
    assert room not in stand.workspace.channels.visible(CY)
    assert await code(people.join(user=CY, channel=room.id)) == "channel_not_found"
    command = people.slash(user=CY, channel=room.id, command="/inc", text="")
    assert await code(command) == "channel_not_found"
    await people.invite(user=ADA, channel=room.id, users=[CY])
    assert room in stand.workspace.channels.visible(CY)
    again = people.invite(user=ADA, channel=room.id, users=[CY])
    assert await code(again) == "already_in_channel"


async def test_an_archived_channel_is_read_only(stand: Stand) -> None:
    people = stand.slack.people
    message = await people.say(user=ADA, channel=ENG, text="last words")
    await people.archive(user=ADA, channel=ENG)
    assert await code(people.say(user=ADA, channel=ENG, text="x")) == "is_archived"
    react = people.react(user=ADA, channel=ENG, ts=message.ts, name="eyes")
    assert await code(react) == "is_archived"


async def test_reading_is_remembered_and_never_goes_back(stand: Stand) -> None:
    people = stand.slack.people
    first = await people.say(user=ADA, channel=ENG, text="1")
    second = await people.say(user=ADA, channel=ENG, text="2")
    await people.read(user=BEN, channel=ENG, ts=second.ts)
    await people.read(user=BEN, channel=ENG, ts=first.ts)
    assert stand.workspace.channels.get(ENG).last_read == {ADA: second.ts, BEN: second.ts}


async def test_an_ephemeral_message_can_be_dismissed(stand: Stand) -> None:
    answer = await stand.client().chat_postEphemeral(channel=GENERAL, user=ADA, text="psst")
    other = stand.slack.people.dismiss(user=BEN, channel=GENERAL, ts=answer["message_ts"])
    assert await code(other) == "message_not_found"
    await stand.slack.people.dismiss(user=ADA, channel=GENERAL, ts=answer["message_ts"])
    assert stand.slack.people.ephemerals_for(ADA, GENERAL) == []


async def test_what_is_not_there_cannot_be_used(stand: Stand) -> None:
    people = stand.slack.people
    unknown = people.slash(user=ADA, channel=ENG, command="/nope", text="")
    assert await code(unknown) == "unknown_command"
    assert await code(people.open_shortcut(user=ADA, callback_id="nope")) == "unknown_shortcut"
    click = people.click(user=ADA, container=Container(channel=ENG, ts="1.0"), action={})
    assert await code(click) == "message_not_found"
    assert await code(people.submit(user=ADA, view_id="V0", values={})) == "not_found"


async def test_nobody_submits_another_persons_view(stand: Stand) -> None:
    view = stand.workspace.views.open({"type": "modal", "blocks": []}, user=ADA)
    stolen = stand.slack.people.submit(user=BEN, view_id=view.id, values={})
    assert await code(stolen) == "not_found"
