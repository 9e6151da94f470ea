"""The page's doors: who may come in, what goes out with every answer, and what stays private."""

import asyncio
from typing import Any

import aiohttp
import pytest

from incident_response.sandbox.app import Sandbox
from incident_response.sandbox.page.assets import STYLES
from incident_response.sandbox.slack.model import Message
from incident_response.sandbox.tidewater import TIDEWATER

MARKS = {"X-Sandbox": "1"}


def person(sandbox: Sandbox, handle: str) -> str:
    return sandbox.world.company.person(handle).slack_id


def general(sandbox: Sandbox) -> str:
    channel = sandbox.workspace.channels.by_name("general")
    assert channel is not None
    return channel.id


async def private_room(sandbox: Sandbox) -> str:
    maya = person(sandbox, "maya")
    room = await sandbox.people.create_channel(user=maya, name="behind-doors", is_private=True)
    await sandbox.people.say(user=maya, channel=room.id, text="the secret plan")
    return room.id


async def read(visitor: aiohttp.ClientSession, address: str, **headers: str) -> str:
    async with visitor.get(address, headers=headers) as reply:
        return await reply.text()


async def do(
    visitor: aiohttp.ClientSession, doing: str, body: dict[str, Any], **headers: str
) -> tuple[int, dict[str, Any]]:
    async with visitor.post(f"/page/{doing}", json=body, headers=MARKS | headers) as reply:
        is_json = reply.content_type == "application/json"
        return reply.status, await reply.json() if is_json else {}


async def test_the_front_door_leads_to_the_general_channel(
    sandbox: Sandbox, visitor: aiohttp.ClientSession
) -> None:
    async with visitor.get("/") as reply:
        assert reply.url.path == f"/c/{general(sandbox)}"
        assert "<h1" in await reply.text()


async def test_the_front_door_leads_to_the_newest_room_the_person_is_in(
    sandbox: Sandbox, visitor: aiohttp.ClientSession
) -> None:
    channels, me = sandbox.workspace.channels, TIDEWATER.people[0].slack_id
    bot = sandbox.workspace.app.bot_user_id
    room = channels.create("inc-1", actor=bot, is_private=True)
    channels.invite(room, [me], actor=bot)
    channels.create("somebody-elses", actor=bot, is_private=True)
    async with visitor.get("/") as reply:
        assert reply.url.path == f"/c/{room.id}"
        assert reply.url.query["me"] == me


async def test_every_answer_may_load_and_run_only_the_pages_own_files(
    sandbox: Sandbox, visitor: aiohttp.ClientSession
) -> None:
    for address in ("/", "/static/app.js", "/static/tokens.css"):
        async with visitor.get(address) as reply:
            policy = reply.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
            assert "unsafe" not in policy
            assert reply.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_document_has_no_inline_script_or_style(
    sandbox: Sandbox, visitor: aiohttp.ClientSession
) -> None:
    written = await read(visitor, f"/c/{general(sandbox)}?pane=workbench")
    assert "<style" not in written
    assert " style=" not in written
    assert " onclick=" not in written
    assert written.count("<script") == 1


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example"])
async def test_another_host_name_is_refused(visitor: aiohttp.ClientSession, host: str) -> None:
    async with visitor.get("/", headers={"Host": host}) as reply:
        assert reply.status == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9", "[::1]:80"])
async def test_a_loopback_name_is_welcome(visitor: aiohttp.ClientSession, host: str) -> None:
    async with visitor.get("/static/app.js", headers={"Host": host}) as reply:
        assert reply.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"X-Sandbox": ""},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
)
async def test_a_change_from_another_page_is_refused(
    sandbox: Sandbox, visitor: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    body = {"me": person(sandbox, "maya"), "channel": general(sandbox), "text": "forged"}
    status, _ = await do(visitor, "say", body, **headers)
    assert status == 403
    said = [message.text for message in sandbox.workspace.messages.top_level(general(sandbox))]
    assert "forged" not in said


@pytest.mark.parametrize("body", ["", "[]", "{", "[" * 100_000])
async def test_a_body_that_is_no_object_is_refused(
    visitor: aiohttp.ClientSession, body: str
) -> None:
    headers = MARKS | {"Content-Type": "application/json"}
    async with visitor.post("/page/say", data=body, headers=headers) as reply:
        assert reply.status == 400


async def test_a_body_too_long_is_refused(visitor: aiohttp.ClientSession) -> None:
    status, _ = await do(visitor, "say", {"text": "x" * 300_000})
    assert status == 413


async def test_a_private_channel_is_nobody_elses(
    sandbox: Sandbox, visitor: aiohttp.ClientSession
) -> None:
    room = await private_room(sandbox)
    inside = await read(visitor, f"/c/{room}?me={person(sandbox, 'maya')}")
    outside = await read(visitor, f"/c/{room}?me={person(sandbox, 'jonas')}")
    assert "the secret plan" in inside
    assert "the secret plan" not in outside
    assert "behind-doors" not in outside
    body = {"me": person(sandbox, "jonas"), "channel": room, "text": "let me in"}
    assert (await do(visitor, "say", body))[1] == {"ok": False, "error": "channel_not_found"}


async def test_one_cannot_be_a_bot_or_somebody_who_left(
    sandbox: Sandbox, visitor: aiohttp.ClientSession
) -> None:
    for who in (sandbox.workspace.app.bot_user_id, person(sandbox, "derek"), "U404"):
        status, said = await do(visitor, "say", {"me": who, "channel": "C", "text": "hi"})
        assert (status, said["error"]) == (404, "user_not_found")


async def test_what_the_page_does_not_know_is_said_so(
    sandbox: Sandbox, visitor: aiohttp.ClientSession
) -> None:
    maya = person(sandbox, "maya")
    assert (await do(visitor, "fly", {"me": maya}))[1]["error"] == "unknown_method"
    assert (await do(visitor, "say", {"me": maya}))[1]["error"] == "invalid_arguments"
    clicked = await do(visitor, "click", {"me": maya, "container": 7})
    assert clicked[1]["error"] == "invalid_arguments"


async def test_a_reaction_given_twice_is_taken_back(
    sandbox: Sandbox, visitor: aiohttp.ClientSession
) -> None:
    maya = person(sandbox, "maya")
    written = await sandbox.people.say(user=maya, channel=general(sandbox), text="hello")
    body = {"me": maya, "channel": written.channel, "ts": written.ts, "name": "eyes"}
    await do(visitor, "react", body)
    assert [reaction.users for reaction in written.reactions] == [[maya]]
    await do(visitor, "react", body)
    assert written.reactions == []


async def test_files_are_known_again_by_their_tag(visitor: aiohttp.ClientSession) -> None:
    for name in (*(f"{style}.css" for style in STYLES), "app.js", "favicon.svg"):
        async with visitor.get(f"/static/{name}") as reply:
            assert reply.status == 200
            tag = reply.headers["ETag"]
        async with visitor.get(f"/static/{name}", headers={"If-None-Match": tag}) as again:
            assert again.status == 304
    for sly in ("../guard.py", "%2e%2e%2fguard.py", "nothing.js"):
        async with visitor.get(f"/static/{sly}") as reply:
            assert reply.status == 404


class Stream:
    """An open event stream; ``poked`` waits for the next poke."""

    def __init__(self, reply: aiohttp.ClientResponse) -> None:
        self._reply = reply

    async def poked(self, seconds: float = 5.0) -> bool:
        try:
            async with asyncio.timeout(seconds):
                while line := await self._reply.content.readline():
                    if line.startswith(b"event: change"):
                        return True
        except TimeoutError:
            pass
        return False


async def test_the_stream_pokes_only_those_whom_it_concerns(
    sandbox: Sandbox, visitor: aiohttp.ClientSession
) -> None:
    room = await private_room(sandbox)
    maya, jonas = person(sandbox, "maya"), person(sandbox, "jonas")
    async with (
        visitor.get(f"/page/events?me={maya}") as hers,
        visitor.get(f"/page/events?me={jonas}") as his,
    ):
        assert hers.content_type == "text/event-stream"
        await sandbox.people.say(user=maya, channel=room, text="between us")
        assert await Stream(hers).poked()
        secret = Message(channel=general(sandbox), ts="", user="U", ephemeral_to=maya)
        sandbox.workspace.messages.post_ephemeral(secret)
        assert not await Stream(his).poked(0.2)
        await sandbox.people.say(user=maya, channel=general(sandbox), text="for all")
        assert await Stream(his).poked()


async def test_open_streams_do_not_keep_the_sandbox_from_stopping(sandbox: Sandbox) -> None:
    async with (
        aiohttp.ClientSession(sandbox.url) as session,
        session.get("/page/events") as stream,
    ):
        async with asyncio.timeout(5):
            await sandbox.stop()
            assert await stream.content.read() == b"retry: 1000\n\n"
