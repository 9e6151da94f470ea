"""kill -9 of the whole local stack at every step boundary of an assembly, then a restart: the same
room, finished.

Each boundary is made exact by a fault that holds the call back, once before its effect and once
after it, so that the process dies precisely there. The verdict is read from the workspace, which
shares no code with the program.
"""

from pathlib import Path

import pytest

from tests.scenarios.local_process import (
    Json,
    LocalProcess,
    eventually,
    keys_of,
    local_process,
)

READS = ("oncall.*", "workos.*", "mimir.query", "loki.*", "tempo.*", "github.*")
WRITES = (
    ("slack.conversations.create", 0),
    ("slack.conversations.setTopic", 0),
    ("slack.bookmarks.add", 0),
    ("slack.conversations.invite", 0),
    ("slack.pins.add", 0),
    ("slack.chat.postMessage", 0),
    ("slack.chat.postMessage", 1),
    ("slack.chat.postMessage", 2),
    ("slack.chat.postMessage", 3),
    ("slack.chat.update", 0),
)
BOUNDARIES = [
    *((target, 0, "hang") for target in READS),
    *((target, skip, kind) for target, skip in WRITES for kind in ("hang", "hang_after")),
]
ON_CALL = {"U07MAYA0KAF", "U07J0NASL1N", "U07PR1YARAM", "U07T0MASHER"}


async def kill_at(stack: LocalProcess, target: str, skip: int, kind: str) -> None:
    """Fire an alert, and kill everything while the given call is held back."""
    fault = {"target": target, "kind": kind, "skip": skip, "seconds": 600, "times": 1}
    await stack.control("POST", "faults", fault)
    delivery = await stack.fire()
    assert delivery["status"] == 202

    async def is_held() -> bool:
        calls = (await stack.control("GET", "received"))["calls"]
        return any(call["fault"] == kind for call in calls)

    await eventually(is_held)
    await stack.kill()


async def is_finished(stack: LocalProcess, room: Json) -> bool:
    """Whether a person in the room would miss nothing."""
    channel = room["id"]
    members = set((await stack.slack("conversations.members", channel=channel))["members"])
    bookmarks = (await stack.slack("bookmarks.list", channel_id=channel))["bookmarks"]
    messages = await stack.messages(channel)
    keys, facts = keys_of(messages), str(messages)
    pins = [message for message in messages if message.get("pinned_to")]
    return (
        members >= ON_CALL
        and len(pins) == 1
        and len(bookmarks) == 1
        and len(keys) == 3
        and "Newest commits" in facts
        and "In progress" in room["topic"]["value"]
    )


async def announcements(stack: LocalProcess) -> list[str]:
    found = await stack.slack("conversations.list", types="public_channel")
    channel = next(c["id"] for c in found["channels"] if c["name"] == "incidents")
    return keys_of(await stack.messages(channel))


@pytest.mark.timeout(420)
async def test_a_stack_killed_at_any_step_boundary_finishes_the_same_room(tmp_path: Path) -> None:
    for count, (target, skip, kind) in enumerate(BOUNDARIES, start=1):
        where = f"{kind} {target} after {skip}"
        async with local_process(tmp_path, "--no-alert") as stack:
            rooms = await stack.rooms()
            assert len(rooms) <= count - 1, f"a second room; {where}"
            await kill_at(stack, target, skip, kind)
        async with local_process(tmp_path, "--no-alert") as stack:

            async def all_stand(stack: LocalProcess = stack, count: int = count) -> bool:
                rooms = await stack.rooms()
                if len(rooms) != count:
                    return False
                return all([await is_finished(stack, room) for room in rooms])

            try:
                await eventually(all_stand)
            except AssertionError as error:
                raise AssertionError(f"not finished after {where}: {error}") from None
            keys = [
                key for r in await stack.rooms() for key in keys_of(await stack.messages(r["id"]))
            ]
            assert len(keys) == len(set(keys)) == 3 * count, f"a message twice after {where}"
            told = await announcements(stack)
            assert len(told) == len(set(told)) == count, f"announced twice after {where}"
