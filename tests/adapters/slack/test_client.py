import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from incident_response.adapters.slack.client import SlackAccess, is_loopback
from incident_response.adapters.slack.errors import DEFAULT_RETRY_AFTER
from incident_response.domain.errors import (
    RateLimitedError,
    UnavailableError,
    UnknownOutcomeError,
)
from tests.adapters.slack.local_slack import slack_client
from tests.closing import close


@asynccontextmanager
async def answering(
    answer: Callable[[web.Request], web.Response],
) -> AsyncIterator[SlackAccess]:
    """Something at Slack's address that gives this answer to everything."""

    async def handle(request: web.Request) -> web.Response:
        return answer(request)

    app = web.Application()
    app.router.add_route("*", "/api/{method}", handle)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        yield SlackAccess(
            bot_token="xoxb-local",
            base_url=f"http://127.0.0.1:{port}/api",
            timeout=timedelta(seconds=2),
        )
    finally:
        await close(runner)


def page(text: str, *, status: int = 200, kind: str = "text/html") -> web.Response:
    return web.Response(text=text, status=status, content_type=kind)


@pytest.mark.parametrize(
    "answer",
    [
        page("<h1>Bad gateway</h1>", status=502),
        page("upstream connect error", status=503, kind="text/plain"),
        page("<h1>Please log in to the network</h1>"),
        page("welcome", kind="text/plain"),
        page('{"ok": tr', kind="application/json"),
        page("[]", kind="application/json"),
        page("{}", kind="application/json"),
    ],
)
async def test_what_is_no_answer_of_slacks_leaves_a_write_unknown_and_a_read_undone(
    answer: web.Response,
) -> None:
    def again(_: web.Request) -> web.Response:
        return page(answer.text or "", status=answer.status, kind=answer.content_type)

    async with answering(again) as access, slack_client(access) as client:
        with pytest.raises(UnknownOutcomeError):
            await client.write(client.web.conversations_create, name="inc-1")
        with pytest.raises(UnavailableError):
            await client.read(client.web.conversations_members, channel="C1")


async def test_a_limit_that_does_not_say_how_long_has_a_default() -> None:
    async with (
        answering(lambda _: page("slow down", status=429)) as access,
        slack_client(access) as client,
    ):
        with pytest.raises(RateLimitedError) as limited:
            await client.write(client.web.conversations_create, name="inc-1")

    assert limited.value.retry_after == DEFAULT_RETRY_AFTER


async def test_pages_that_go_round_in_a_circle_end() -> None:
    def circle(request: web.Request) -> web.Response:
        cursors = {"": "a", "a": "b", "b": "a"}
        after = cursors[request.query.get("cursor", "")]
        body = {"ok": True, "members": [], "response_metadata": {"next_cursor": after}}
        return web.json_response(body)

    async with answering(circle) as access, slack_client(access) as client:
        pages = client.pages(client.web.conversations_members, channel="C1")
        for _ in range(3):
            assert (await anext(pages))["members"] == []
        with pytest.raises(UnavailableError):
            await anext(pages)


BEHIND_A_PROXY = """
import asyncio

from incident_response.adapters.slack.client import SlackAccess, SlackClient
from tests.adapters.slack.test_receiver import receiving, until


async def main() -> None:
    elsewhere = SlackClient(SlackAccess(bot_token="xoxb-local"))
    assert elsewhere.web.proxy == "http://127.0.0.1:9", elsewhere.web.proxy
    await elsewhere.close()
    async with receiving() as bench:
        await until(lambda: bench.receiver.is_live)
        outcome = await bench.slack.click(bench.slack.post_button())
        assert outcome.ok, outcome


asyncio.run(main())
"""


async def test_a_proxy_is_used_for_slack_and_never_for_this_machine() -> None:
    proxy = "http://127.0.0.1:9"  # nobody listens there
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        BEHIND_A_PROXY,
        env={"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "PYTHONPATH": str(Path.cwd())},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()

    assert process.returncode == 0, said.decode()


async def test_all_calls_share_one_connection() -> None:
    peers = set()

    def note(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.json_response({"ok": True})

    async with answering(note) as access, slack_client(access) as client:
        for _ in range(5):
            await client.read(client.web.api_test)
            await asyncio.sleep(0)

    assert len(peers) == 1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8000/api/", True),
        ("http://[::1]:8000/api/", True),
        ("http://localhost:8000/api/", True),
        ("https://slack.com/api/", False),
        ("https://localhost.example/api/", False),
    ],
)
def test_an_address_of_this_machine_is_known(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected
