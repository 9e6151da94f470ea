"""State that survives: a restart, and the death of the process in the middle of its work."""

import asyncio
import signal
import sys
from pathlib import Path

from incident_response.sandbox.slack.interactions import ResponseUrls
from incident_response.sandbox.slack.workspace import Workspace
from incident_response.sandbox.store import Store
from tests.sandbox.slack.stand import ADA, APP, BEN, BOT, SEED, HandClock, open_stand

VIEW = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": []}


def opened(path: Path) -> Workspace:
    return Workspace(seed=SEED, app=APP, store=Store(path), now=HandClock().now)


async def test_everything_but_ephemerals_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "slack.db"
    stand = await open_stand(path=path)
    client = stand.client()
    room = (await client.conversations_create(name="inc-1", is_private=True))["channel"]["id"]
    await client.conversations_invite(channel=room, users=[ADA, BEN])
    ts = (await client.chat_postMessage(channel=room, text="parent"))["ts"]
    reply = (await client.chat_postMessage(channel=room, text="reply", thread_ts=ts))["ts"]
    await client.chat_update(channel=room, ts=ts, text="edited")
    await client.pins_add(channel=room, timestamp=ts)
    await client.reactions_add(channel=room, timestamp=ts, name="eyes")
    await client.bookmarks_add(
        channel_id=room, title="Runbook", type="link", link="https://x.example"
    )
    await client.chat_scheduleMessage(
        channel=room, text="later", post_at=int(stand.clock.now()) + 60
    )
    await client.files_upload_v2(channel=room, filename="a.txt", content="abc")
    view = await client.views_open(trigger_id=stand.slack.triggers.issue(ADA), view=VIEW)
    url = ResponseUrls(stand.workspace.state).issue(channel=room, user=ADA)
    await client.chat_postEphemeral(channel=room, user=ADA, text="psst")
    before = stand.workspace.state
    await stand.stop()

    after = opened(path)
    assert after.state.channels == before.channels
    assert after.state.messages == before.messages
    assert after.state.threads == before.threads == {(room, ts): [reply]}
    assert after.state.pins == before.pins
    assert after.state.bookmarks == before.bookmarks
    assert after.state.scheduled == before.scheduled
    assert after.state.files == before.files
    assert after.state.views.keys() == {view["view"]["id"]}
    assert after.state.response_urls == {url.id: url}
    assert after.messages.ephemerals(room, ADA) == []
    after.close()


async def test_a_restart_seeds_nothing_twice_and_undoes_nothing(tmp_path: Path) -> None:
    first = opened(tmp_path / "slack.db")
    first.channels.kick(first.channels.get("C00ENG"), BEN, actor=ADA)
    first.close()
    second = opened(tmp_path / "slack.db")
    assert second.channels.get("C00ENG").members == [ADA]
    assert len(second.directory.users()) == len(SEED.users) + 1
    second.close()


async def test_names_of_messages_never_repeat_across_restarts(tmp_path: Path) -> None:
    first = opened(tmp_path / "slack.db")
    channel = first.channels.create("inc-1", actor=BOT, is_private=True)
    [joined] = first.messages.top_level(channel.id)
    first.close()
    second = opened(tmp_path / "slack.db")
    assert second.state.next_ts() > joined.ts
    second.close()


CHILD = """
import asyncio, sys
from pathlib import Path
from tests.sandbox.slack.stand import GENERAL, open_stand

async def main():
    stand = await open_stand(path=Path(sys.argv[1]))
    client = stand.client()
    while True:
        posted = await client.chat_postMessage(channel=GENERAL, text="answered")
        print(posted["ts"], flush=True)

asyncio.run(main())
"""


async def test_a_killed_process_loses_nothing_it_answered_for(tmp_path: Path) -> None:
    path = tmp_path / "slack.db"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    answered = [(await child.stdout.readline()).decode().strip() for _ in range(50)]
    child.send_signal(signal.SIGKILL)
    answered += (await child.stdout.read()).decode().split()
    await child.wait()
    workspace = opened(path)
    kept = set(workspace.state.messages["C00GENERAL"])
    workspace.close()
    assert len(answered) >= 50
    assert set(answered) <= kept
