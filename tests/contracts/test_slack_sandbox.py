"""The sandbox's Web API against Slack's own description of every method it has.

Reads `../shared/contracts` beside the checkout; where that is absent, nothing here can run.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from incident_response.sandbox.slack.methods import METHODS
from incident_response.sandbox.slack.model import SlackApp
from tests.sandbox.slack.stand import ADA, APP, BEN, CY, ENG, Stand, open_stand

CONTRACTS = Path(__file__).parents[2].parent / "shared" / "contracts" / "slack" / "api-reference"
NEEDED = [
    "api.test",
    "auth.test",
    "apps.connections.open",
    "bots.info",
    "team.info",
    "users.info",
    "users.list",
    "users.lookupByEmail",
    "users.conversations",
    "usergroups.list",
    "usergroups.users.list",
    "conversations.create",
    "conversations.list",
    "conversations.info",
    "conversations.members",
    "conversations.invite",
    "conversations.join",
    "conversations.leave",
    "conversations.kick",
    "conversations.open",
    "conversations.history",
    "conversations.replies",
    "conversations.rename",
    "conversations.setTopic",
    "conversations.setPurpose",
    "conversations.archive",
    "conversations.unarchive",
    "chat.postMessage",
    "chat.update",
    "chat.delete",
    "chat.postEphemeral",
    "chat.getPermalink",
    "chat.scheduleMessage",
    "chat.deleteScheduledMessage",
    "pins.add",
    "pins.remove",
    "pins.list",
    "bookmarks.add",
    "bookmarks.list",
    "bookmarks.edit",
    "bookmarks.remove",
    "reactions.add",
    "reactions.remove",
    "reactions.get",
    "views.open",
    "views.update",
    "views.push",
    "views.publish",
    "files.getUploadURLExternal",
    "files.completeUploadExternal",
    "files.info",
]
WITH_TOKEN = [name for name in NEEDED if name != "api.test"]
SCOPED = [name for name in NEEDED if METHODS[name].scopes]
VIEW = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": []}
HOME = {"type": "home", "blocks": []}


@pytest.fixture(autouse=True)
def _contracts_are_here() -> None:
    if not CONTRACTS.is_dir():
        pytest.skip("did not run: ../shared/contracts is not beside this checkout")


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    stand = await open_stand()
    yield stand
    await stand.stop()


def contract(name: str) -> dict[str, Any]:
    described: dict[str, Any] = json.loads((CONTRACTS / "methods" / f"{name}.json").read_text())
    return described


async def called(
    stand: Stand, name: str, args: dict[str, Any] | None = None, *, token: str | None = None
) -> dict[str, Any]:
    """Call a method with a form, as the plainest client does."""
    form = {k: v if isinstance(v, str) else json.dumps(v) for k, v in (args or {}).items()}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{stand.api}{name}", data=form, headers=headers) as reply,
    ):
        assert reply.status == 200
        answer: dict[str, Any] = await reply.json()
        return answer


def token_for(name: str, app: SlackApp = APP) -> str:
    return app.app_token if METHODS[name].caller == "app" else app.bot_token


def test_the_sandbox_has_the_methods_it_promises_and_no_others() -> None:
    assert sorted(METHODS) == sorted(NEEDED)


@pytest.mark.parametrize("name", NEEDED)
def test_arguments_are_those_of_the_contract(name: str) -> None:
    described = contract(name)["args"]
    ours = METHODS[name].args
    assert {a.name for a in ours} == described["properties"].keys() - {"token"}
    assert {a.name for a in ours if a.required} == set(described.get("required", ())) - {"token"}


@pytest.mark.parametrize("name", NEEDED)
def test_booleans_and_numbers_are_what_the_contract_says(name: str) -> None:
    kinds = {"boolean": "bool", "integer": "int", "number": "int"}
    described = contract(name)["args"]["properties"]
    wanted = {key: kinds.get(value.get("type")) for key, value in described.items()}
    for argument in METHODS[name].args:
        if wanted[argument.name] is not None:
            assert argument.kind == wanted[argument.name], argument.name


@pytest.mark.parametrize("name", NEEDED)
def test_errors_are_among_those_of_the_contract(name: str) -> None:
    assert set(contract(name).get("errors", ())) >= METHODS[name].errors


@pytest.mark.parametrize("name", NEEDED)
def test_scopes_tier_and_json_are_those_of_the_contract(name: str) -> None:
    described = contract(name)
    assert set(METHODS[name].scopes) == set((described.get("scope") or {}).get("bot", ()))
    assert METHODS[name].tier == described["rate_limits"]
    assert METHODS[name].takes_json == bool(described.get("json_input_supported"))


@pytest.mark.parametrize("name", WITH_TOKEN)
async def test_a_missing_a_wrong_and_a_misplaced_token_are_refused(
    stand: Stand, name: str
) -> None:
    assert (await called(stand, name))["error"] == "not_authed"
    assert (await called(stand, name, token="xoxb-wrong"))["error"] == "invalid_auth"
    if METHODS[name].caller != "anyone":
        other = APP.bot_token if METHODS[name].caller == "app" else APP.app_token
        assert (await called(stand, name, token=other))["error"] == "not_allowed_token_type"


@pytest.mark.parametrize("name", SCOPED)
async def test_a_token_without_a_scope_is_told_which_it_lacks(name: str) -> None:
    stand = await open_stand(app=replace(APP, bot_scopes=("commands",)))
    answer = await called(stand, name, token=APP.bot_token)
    await stand.stop()
    assert answer["error"] == "missing_scope"
    assert set(answer["needed"].split(",")) == set(contract(name)["scope"]["bot"])
    assert answer["provided"] == "commands"


@pytest.mark.parametrize("name", [n for n in NEEDED if any(a.required for a in METHODS[n].args)])
async def test_a_missing_argument_is_named(stand: Stand, name: str) -> None:
    answer = await called(stand, name, token=token_for(name))
    required = set(contract(name)["args"]["required"]) - {"token"}
    assert answer["error"] == "invalid_arguments"
    assert set(answer["response_metadata"]["messages"]) == {
        f"[ERROR] missing required field: {name}" for name in required
    }


async def upload(stand: Stand) -> str:
    ticket = await called(
        stand,
        "files.getUploadURLExternal",
        {"length": "3", "filename": "a.txt"},
        token=APP.bot_token,
    )
    async with (
        aiohttp.ClientSession() as session,
        session.post(ticket["upload_url"], data=b"abc") as reply,
    ):
        assert reply.status == 200
    return str(ticket["file_id"])


async def test_every_method_answers_with_what_the_contract_requires(stand: Stand) -> None:
    """One long story that calls every method once with success."""
    told: set[str] = set()
    issue = stand.slack.triggers.issue

    async def tell(name: str, /, **args: Any) -> dict[str, Any]:
        answer = await called(stand, name, args, token=token_for(name))
        assert answer["ok"], (name, answer)
        missing = set((contract(name)["output"] or {}).get("required", ())) - answer.keys()
        assert not missing, (name, missing)
        told.add(name)
        return answer

    for name in ("api.test", "auth.test", "apps.connections.open", "team.info", "bots.info"):
        await tell(name)
    await tell("users.list")
    await tell("users.info", user=ADA)
    await tell("users.lookupByEmail", email="ADA@tidewater.example")
    await tell("usergroups.list")
    await tell("usergroups.users.list", usergroup="S00PAY")
    room = (await tell("conversations.create", name="inc-1", is_private="true"))["channel"]["id"]
    await tell("users.conversations", types="private_channel")
    await tell("conversations.list")
    await tell("conversations.info", channel=room)
    await tell("conversations.invite", channel=room, users=f"{ADA},{BEN},{CY}")
    await tell("conversations.members", channel=room)
    await tell("conversations.kick", channel=room, user=CY)
    await tell("conversations.setTopic", channel=room, topic="P1")
    await tell("conversations.setPurpose", channel=room, purpose="Mend it")
    await tell("conversations.rename", channel=room, name="inc-1b")
    await tell("conversations.join", channel=ENG)
    await tell("conversations.leave", channel=ENG)
    await tell("conversations.open", users=ADA)
    ts = (await tell("chat.postMessage", channel=room, text="Hello"))["ts"]
    await tell("chat.postMessage", channel=room, text="Reply", thread_ts=ts)
    await tell("chat.update", channel=room, ts=ts, text="Hello all")
    await tell("chat.postEphemeral", channel=room, user=ADA, text="psst")
    await tell("chat.getPermalink", channel=room, message_ts=ts)
    await tell("conversations.history", channel=room)
    await tell("conversations.replies", channel=room, ts=ts)
    at = stand.clock.now() + 60
    later = await tell("chat.scheduleMessage", channel=room, text="Later", post_at=str(int(at)))
    await tell(
        "chat.deleteScheduledMessage",
        channel=room,
        scheduled_message_id=later["scheduled_message_id"],
    )
    await tell("pins.add", channel=room, timestamp=ts)
    await tell("pins.list", channel=room)
    await tell("pins.remove", channel=room, timestamp=ts)
    await tell("reactions.add", channel=room, timestamp=ts, name="eyes")
    await tell("reactions.get", channel=room, timestamp=ts)
    await tell("reactions.remove", channel=room, timestamp=ts, name="eyes")
    link = {"title": "Runbook", "type": "link", "link": "https://tidewater.example/r"}
    mark = (await tell("bookmarks.add", channel_id=room, **link))["bookmark"]["id"]
    await tell("bookmarks.list", channel_id=room)
    await tell("bookmarks.edit", channel_id=room, bookmark_id=mark, title="The runbook")
    await tell("bookmarks.remove", channel_id=room, bookmark_id=mark)
    view = (await tell("views.open", trigger_id=issue(ADA), view=VIEW))["view"]["id"]
    await tell("views.update", view_id=view, view=VIEW)
    await tell("views.push", trigger_id=issue(ADA), view=VIEW)
    await tell("views.publish", user_id=ADA, view=HOME)
    told.add("files.getUploadURLExternal")
    file = await upload(stand)
    await tell("files.completeUploadExternal", files=[{"id": file}], channel_id=room)
    await tell("files.info", file=file)
    await tell("chat.delete", channel=room, ts=ts)
    await tell("conversations.archive", channel=room)
    await tell("conversations.unarchive", channel=room)
    assert told == set(NEEDED)


def test_events_carry_the_names_of_the_contract() -> None:
    described = json.loads((CONTRACTS / "events" / "events.json").read_text())
    listed = {event["name"] for event in described}
    # The list has lost the archive family, which Slack's own site documents.
    assert set(APP.events) - listed == {"channel_archive"}
