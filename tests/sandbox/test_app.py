import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, encode_basic_auth, web
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from incident_response.sandbox.alerts import (
    PATHS,
    AlertOrder,
    Destination,
    sample_credentials,
)
from incident_response.sandbox.app import Sandbox, SandboxConfig, VendorTokens
from incident_response.sandbox.clock import RealClock
from incident_response.sandbox.faults import Fault
from incident_response.sandbox.slack.model import SlackApp
from incident_response.sandbox.tidewater import TIDEWATER
from incident_response.sandbox.vendors.linear.seed import TEAM
from incident_response.sandbox.vendors.statuspage.drafting import Draft
from tests.sandbox.vendors.serving import serving

APP = SlackApp(
    name="Commander",
    bot_token="xoxb-test",
    app_token="xapp-test",
    bot_scopes=(
        "channels:manage",
        "groups:write",
        "groups:read",
        "chat:write",
        "users:read",
        "users:read.email",
    ),
)
TOKENS = VendorTokens()
OURS = {"X-Sandbox": "1"}


@asynccontextmanager
async def running(config: SandboxConfig) -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(config)
    await sandbox.start()
    try:
        yield sandbox
    finally:
        await sandbox.stop()


@asynccontextmanager
async def slack(sandbox: Sandbox) -> AsyncIterator[AsyncWebClient]:
    async with ClientSession() as session:
        yield AsyncWebClient(
            token="xoxb-test",
            base_url=f"{sandbox.url}/api/",
            session=session,
            retry_handlers=[],
        )


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running(SandboxConfig(app=APP)) as sandbox:
        yield sandbox


async def test_slack_knows_the_people_oncall_names(sandbox: Sandbox) -> None:
    checkout = TIDEWATER.services[0]
    headers = {"Authorization": TOKENS.oncall}
    async with ClientSession(sandbox.url, headers=headers) as oncall, slack(sandbox) as client:
        async with oncall.get(f"/oncall/api/v1/schedules/{checkout.schedule_id}/") as reply:
            (on_call,) = (await reply.json())["on_call_now"]
        async with oncall.get(f"/oncall/api/v1/users/{on_call}/") as reply:
            user = await reply.json()
        found = await client.users_lookupByEmail(email=user["email"])
    assert found["user"]["id"] == user["slack"]["user_id"]


async def test_every_vendor_answers_on_the_one_port(sandbox: Sandbox) -> None:
    grafana = encode_basic_auth(TOKENS.grafana.instance_id, TOKENS.grafana.token)
    async with ClientSession(sandbox.url) as session:
        for path, credential in (
            ("/oncall/api/v1/users/", TOKENS.oncall),
            ("/mimir/prometheus/api/v1/query?query=up", grafana),
            ("/loki/loki/api/v1/query_range?query={app=%22checkout-api%22}", grafana),
            ("/tempo/api/search", grafana),
            ("/workos/directories", f"Bearer {TOKENS.workos}"),
            ("/github/repos/tidewater/checkout-api", f"Bearer {TOKENS.github}"),
            (f"/statuspage/v1/pages/{TIDEWATER.status_page_id}", f"OAuth {TOKENS.statuspage}"),
            ("/status", ""),
            ("/control/anthropic", ""),
            ("/linear", ""),
            ("/control/company", ""),
            ("/", ""),
        ):
            async with session.get(path, headers={"Authorization": credential}) as reply:
                assert reply.status == 200, path


async def test_rooms_and_alerts_survive_a_restart(tmp_path: Path) -> None:
    config = SandboxConfig(app=APP, state_path=tmp_path / "state" / "sandbox.db")
    async with running(config) as first, slack(first) as client:
        created = await client.conversations_create(name="inc-1", is_private=True)
        first.alerts.aim(Destination("http://127.0.0.1:1"))
        delivery = await first.alerts.fire(AlertOrder())
        issue = first.tracker.create_issue({"teamId": TEAM.id, "title": "x"}, 1.0)
        incident = first.status_board.open_incident(Draft(name="y"), at=1.0)
    async with running(config) as second, slack(second) as client:
        with pytest.raises(SlackApiError, match="name_taken"):
            await client.conversations_create(name="inc-1", is_private=True)
        info = await client.conversations_info(channel=created["channel"]["id"])
        assert info["channel"]["name"] == "inc-1"
        group = second.world.groups.get(delivery.group_id)
        assert group is not None
        assert group.state == "firing"
        assert second.tracker.issues() == [issue]
        assert second.status_board.incidents() == [incident]


async def test_a_dropped_reply_leaves_the_channel_made(sandbox: Sandbox) -> None:
    sandbox.board.add(Fault(target="slack.conversations.create", kind="drop_reply", times=1))
    async with slack(sandbox) as client:
        with pytest.raises(Exception, match=r"disconnected|reset"):
            await client.conversations_create(name="inc-2", is_private=True)
        with pytest.raises(SlackApiError, match="name_taken"):
            await client.conversations_create(name="inc-2", is_private=True)


async def test_rate_tiers_are_off_until_switched_on(sandbox: Sandbox) -> None:
    async with slack(sandbox) as client, ClientSession(sandbox.url, headers=OURS) as control:
        for n in range(25):
            await client.conversations_create(name=f"calm-{n}", is_private=True)
        async with control.put("/control/rate-tiers", json={"on": True}) as reply:
            assert reply.status == 200
        answers = await asyncio.gather(
            *(client.conversations_create(name=f"storm-{n}") for n in range(25)),
            return_exceptions=True,
        )
    refused = [answer for answer in answers if isinstance(answer, SlackApiError)]
    assert 5 <= len(refused) < 25
    assert {error.response["error"] for error in refused} == {"ratelimited"}
    assert all(int(error.response.headers["Retry-After"]) >= 1 for error in refused)


async def test_the_status_page_and_the_tracker_keep_their_limits_with_the_others(
    sandbox: Sandbox,
) -> None:
    page = f"/statuspage/v1/pages/{TIDEWATER.status_page_id}"
    key = {"Authorization": f"OAuth {TOKENS.statuspage}"}
    async with ClientSession(sandbox.url) as session:
        body = {"on": True}
        async with session.put("/control/rate-tiers", json=body, headers=OURS) as reply:
            assert reply.status == 200
        statuses = []
        for _ in range(61):
            async with session.get(page, headers=key) as reply:
                statuses.append(reply.status)
    assert statuses == [200] * 60 + [420]


async def test_an_alert_reaches_the_webhook_it_is_aimed_at(sandbox: Sandbox) -> None:
    received: list[str] = []

    async def webhook(request: web.Request) -> web.Response:
        received.append((await request.json())["alert_group"]["title"])
        return web.json_response({}, status=202)

    async with serving([web.post(PATHS["oncall_signed"], webhook)]) as target:
        destination = Destination(str(target._base_url), sample_credentials("k"))
        sandbox.alerts.aim(destination)
        order = {"service": "search-api"}
        async with (
            ClientSession(sandbox.url, headers=OURS) as control,
            control.post("/control/alerts", json=order) as reply,
        ):
            assert (await reply.json())["status"] == 202
    assert received == ["Product search is slow and partly failing"]


async def test_latency_of_a_seed_is_drawn_from_the_start() -> None:
    async with running(SandboxConfig(app=APP, latency_seed=4)) as sandbox:
        began = time.monotonic()
        async with slack(sandbox) as client:
            await client.auth_test()
        (draw,) = sandbox.board.latency.draws()
        assert draw["target"] == "slack.auth.test"
        assert isinstance(draw["seconds"], float)
        assert time.monotonic() - began >= draw["seconds"]


class HangingClock(RealClock):
    """A clock that says when somebody begins to wait for it."""

    def __init__(self) -> None:
        self.is_waited_for = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.is_waited_for.set()
        await super().sleep(seconds)


async def test_a_hanging_call_does_not_hold_up_the_stop() -> None:
    clock = HangingClock()
    sandbox = Sandbox(SandboxConfig(app=APP), clock=clock)
    await sandbox.start()
    sandbox.board.add(Fault(target="workos.*", kind="hang", seconds=3600))

    async def call(session: ClientSession) -> None:
        with pytest.raises(ClientError):
            await session.get("/workos/directories")

    async with ClientSession(sandbox.url) as session, asyncio.TaskGroup() as group:
        group.create_task(call(session))
        await clock.is_waited_for.wait()
        async with asyncio.timeout(5):
            await sandbox.stop()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.com", ""])
def test_an_address_others_could_reach_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        SandboxConfig(app=APP, host=host)


@pytest.mark.parametrize(
    "path", ["/", "/control/received", "/api/auth.test", "/workos/directories"]
)
async def test_a_foreign_name_for_this_machine_is_refused(sandbox: Sandbox, path: str) -> None:
    headers = {"Host": "rebound.example"}
    async with ClientSession(sandbox.url) as session, session.get(path, headers=headers) as reply:
        assert reply.status == 403


async def test_localhost_is_loopback_by_name() -> None:
    async with running(SandboxConfig(app=APP, host="localhost")) as sandbox:
        assert sandbox.url.startswith("http://127.0.0.1:")


async def test_a_taken_port_is_an_error_and_leaves_nothing_behind(sandbox: Sandbox) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    second = Sandbox(SandboxConfig(app=APP, port=port))
    with pytest.raises(OSError, match="address already in use"):
        await second.start()
    with pytest.raises(RuntimeError):
        _ = second.url


async def test_two_sandboxes_do_not_know_each_other(sandbox: Sandbox) -> None:
    async with running(SandboxConfig(app=APP)) as other, slack(other) as client:
        await client.conversations_create(name="only-here", is_private=True)
    names = {channel.name for channel in sandbox.workspace.state.channels.values()}
    assert "only-here" not in names
