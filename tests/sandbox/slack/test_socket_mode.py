"""Socket Mode frame by frame, with a bare WebSocket in the app's place."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from incident_response.sandbox.faults import Fault
from incident_response.sandbox.slack.connections import SocketSettings
from incident_response.sandbox.slack.people import Outcome
from incident_response.sandbox.slack.server import SlackSettings
from tests.sandbox.slack.stand import ADA, APP, GENERAL, Stand, open_stand

Socket = aiohttp.ClientWebSocketResponse


@pytest.fixture
async def wires() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def stand_with(wires: AsyncExitStack, settings: SocketSettings) -> Stand:
    stand = await open_stand(settings=SlackSettings(sockets=settings))
    wires.push_async_callback(stand.stop)
    return stand


async def link(stand: Stand, wires: AsyncExitStack) -> Socket:
    """A connected socket, its hello read."""
    socket = await dial(stand, wires)
    assert (await read(socket))["type"] == "hello"
    return socket


async def dial(stand: Stand, wires: AsyncExitStack) -> Socket:
    url = (await stand.client(APP.app_token).apps_connections_open(app_token=APP.app_token))["url"]
    session = await wires.enter_async_context(aiohttp.ClientSession())
    return await wires.enter_async_context(session.ws_connect(str(url), autoping=False))


async def read(socket: Socket) -> dict[str, Any]:
    frame: dict[str, Any] = await socket.receive_json(timeout=5)
    return frame


async def acknowledge(socket: Socket, envelope: dict[str, Any], **payload: Any) -> None:
    body = {"envelope_id": envelope["envelope_id"]}
    await socket.send_json(body | ({"payload": payload} if payload else {}))


def typing(stand: Stand, text: str = "x") -> asyncio.Task[Outcome]:
    command = stand.slack.people.slash(user=ADA, channel=GENERAL, command="/inc", text=text)
    return asyncio.get_running_loop().create_task(command)


async def test_a_hello_says_how_many_sockets_there_are_and_for_how_long(
    stand: Stand, wires: AsyncExitStack
) -> None:
    await link(stand, wires)
    hello = await read(await dial(stand, wires))
    assert (hello["num_connections"], hello["connection_info"]) == (2, {"app_id": APP.app_id})
    assert hello["debug_info"]["approximate_connection_time"] == 3600


async def test_a_ticket_is_good_for_one_connection(stand: Stand) -> None:
    url = (await stand.client().apps_connections_open(app_token=APP.app_token))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(str(url)):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(str(url))
    assert caught.value.status == 403


async def test_pings_come_back_with_what_they_carried(stand: Stand, wires: AsyncExitStack) -> None:
    socket = await link(stand, wires)
    await socket.ping(b"sdk-ping-pong:123")
    pong = await socket.receive(timeout=5)
    assert (pong.type, bytes(pong.data)) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:123")


async def test_an_envelope_has_slacks_shape_and_its_answer_is_shown(
    stand: Stand, wires: AsyncExitStack
) -> None:
    socket = await link(stand, wires)
    command = typing(stand, "status")
    envelope = await read(socket)
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    assert envelope["payload"]["text"] == "status"
    assert envelope["payload"]["is_enterprise_install"] == "false"
    await acknowledge(socket, envelope, text="all well", response_type="in_channel")
    outcome = await command
    assert outcome.message is not None
    assert stand.workspace.messages.top_level(GENERAL) == [outcome.message]


async def test_each_payload_goes_to_one_socket_in_turn(
    stand: Stand, wires: AsyncExitStack
) -> None:
    sockets = [await link(stand, wires) for _ in range(3)]
    for number in range(6):
        command = typing(stand, str(number))
        socket = sockets[number % 3]
        envelope = await read(socket)
        assert envelope["payload"]["text"] == str(number)
        await acknowledge(socket, envelope)
        assert (await command).ok


async def test_an_acknowledgement_counts_from_any_socket(
    stand: Stand, wires: AsyncExitStack
) -> None:
    first, second = await link(stand, wires), await link(stand, wires)
    command = typing(stand)
    await acknowledge(second, await read(first))
    assert (await command).ok


async def test_a_payload_waits_for_a_socket_to_come(stand: Stand, wires: AsyncExitStack) -> None:
    command = typing(stand)
    socket = await link(stand, wires)
    await acknowledge(socket, await read(socket))
    assert (await command).ok


async def test_an_event_comes_again_with_its_attempt_and_reason(wires: AsyncExitStack) -> None:
    settings = SocketSettings(ack_seconds=0.05, retry_delays=(0, 1, 2), retry_scale=0.01)
    stand = await stand_with(wires, settings)
    socket = await link(stand, wires)
    await stand.slack.people.say(user=ADA, channel=GENERAL, text="hi")
    heard = [await read(socket) for _ in range(4)]
    assert [e["retry_attempt"] for e in heard] == [0, 1, 2, 3]
    assert [e["retry_reason"] for e in heard] == ["", "timeout", "timeout", "timeout"]
    assert len({e["payload"]["event_id"] for e in heard}) == 1
    assert len({e["envelope_id"] for e in heard}) == 4
    assert all(e["accepts_response_payload"] is False for e in heard)


async def test_an_acknowledged_event_does_not_come_again(wires: AsyncExitStack) -> None:
    settings = SocketSettings(ack_seconds=0.2, retry_delays=(0.0,))
    stand = await stand_with(wires, settings)
    socket = await link(stand, wires)
    for text in ("one", "two"):
        await stand.slack.people.say(user=ADA, channel=GENERAL, text=text)
        envelope = await read(socket)
        assert (envelope["payload"]["event"]["text"], envelope["retry_attempt"]) == (text, 0)
        await acknowledge(socket, envelope)


async def test_an_interaction_is_never_sent_again(wires: AsyncExitStack) -> None:
    stand = await stand_with(wires, SocketSettings(ack_seconds=0.05, retry_delays=(0.0,)))
    socket = await link(stand, wires)
    assert (await typing(stand, "one")).error == "operation_timeout"
    command = typing(stand, "two")
    assert [(await read(socket))["payload"]["text"] for _ in range(2)] == ["one", "two"]
    assert (await command).error == "operation_timeout"


async def test_an_eleventh_socket_is_one_too_many(wires: AsyncExitStack) -> None:
    stand = await stand_with(wires, SocketSettings(max_sockets=2))
    for _ in range(2):
        await link(stand, wires)
    third = await dial(stand, wires)
    assert (await read(third))["reason"] == "too_many_websockets"
    assert (await third.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
    assert stand.slack.sockets.connected == 2


async def test_a_refresh_warns_first_and_then_sends_nothing_more(wires: AsyncExitStack) -> None:
    stand = await stand_with(wires, SocketSettings(refresh_seconds=0.1, ack_seconds=0.5))
    old = await link(stand, wires)
    assert [(await read(old))["reason"] for _ in range(2)] == ["warning", "refresh_requested"]
    fresh = await link(stand, wires)
    command = typing(stand)
    while (frame := await read(fresh))["type"] == "disconnect":
        pass
    await acknowledge(fresh, frame)
    assert (await command).ok


async def test_a_form_whose_modal_was_closed_meanwhile_opens_nothing_again(
    stand: Stand, wires: AsyncExitStack
) -> None:
    socket = await link(stand, wires)
    body = {
        "type": "modal",
        "notify_on_close": True,
        "title": {"type": "plain_text", "text": "T"},
        "blocks": [],
    }
    people = stand.slack.people
    view = stand.workspace.views.open(body, user=ADA)
    submitting = asyncio.get_running_loop().create_task(
        people.submit(user=ADA, view_id=view.id, values={})
    )
    envelope = await read(socket)
    await people.close(user=ADA, view_id=view.id)
    told = await read(socket)
    assert (told["payload"]["type"], told["payload"]["is_cleared"]) == ("view_closed", False)
    await acknowledge(socket, envelope, response_action="update", view=body)
    assert (await submitting).kind == "closed"
    assert people.views_for(ADA) == []


async def test_a_connection_that_ended_is_forgotten(stand: Stand, wires: AsyncExitStack) -> None:
    socket = await link(stand, wires)
    await socket.close()
    await link(stand, wires)
    assert [shown["number"] for shown in stand.slack.sockets.describe()] == [2]


async def test_a_dropped_socket_is_told_nothing(stand: Stand, wires: AsyncExitStack) -> None:
    socket = await link(stand, wires)
    assert stand.slack.sockets.drop() == 1
    end = await socket.receive(timeout=5)
    assert end.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
    assert stand.slack.sockets.connected == 0


async def test_a_delayed_delivery_still_leaves_three_seconds(wires: AsyncExitStack) -> None:
    stand = await stand_with(wires, SocketSettings(ack_seconds=0.2))
    stand.faults.add(Fault(target="slack.socket", kind="delay_delivery", seconds=0.3, times=1))
    socket = await link(stand, wires)
    command = typing(stand)
    await acknowledge(socket, await read(socket))
    assert (await command).ok


async def test_frames_that_mean_nothing_are_passed_over(
    stand: Stand, wires: AsyncExitStack
) -> None:
    socket = await link(stand, wires)
    for nonsense in ("{", "[1]", json.dumps({"envelope_id": "unknown"}), '"text"'):
        await socket.send_str(nonsense)
    command = typing(stand)
    await acknowledge(socket, await read(socket))
    assert (await command).ok
