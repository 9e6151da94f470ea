"""Processors on AWS that die, stop and stand in for each other, as real processes: the same rooms,
finished, each with one of everything.

A room is finished within 30 s of the start of another, and a stopped processor has handed over
within 5 s. The verdict is read from the workspace and from the ledgers.
"""

import asyncio
import logging
import signal
from collections import Counter
from pathlib import Path
from time import monotonic

from incident_response.durable.runner import LEASE_TTL
from incident_response.ports.incident_store import PlanState
from incident_response.sandbox.slack.model import Channel
from incident_response.workflows.fold_alerts import ASSEMBLE
from tests.aws.between import between
from tests.aws.ministack import Ministack
from tests.aws.reading import lagging
from tests.entrypoints.processes import SPEAK_SECONDS
from tests.scenarios.aws_town import AwsTown, aws_town, until_ready
from tests.scenarios.hands import INES, MAYA, PAYMENTS
from tests.scenarios.local_process import eventually

TAKEOVER_SECONDS = 30.0
HANDOVER_SECONDS = 5.0
FOR_EVER = 600.0
LAG = 1.5

logger = logging.getLogger(__name__)


def is_finished(town: AwsTown, room: Channel) -> bool:
    """Whether a person in the room would miss nothing."""
    workspace = town.sandbox.workspace
    return (
        {*room.members} >= PAYMENTS
        and len(workspace.pins.of(room.id)) == 1
        and len(workspace.bookmarks.of(room.id)) == 1
        and len(town.said(room.id)) == 3
        and "In progress" in room.topic.value
    )


def announcements(town: AwsTown) -> int:
    return len(town.said(town.announcing.id))


async def until_finished(town: AwsTown, count: int, *, within: float = TAKEOVER_SECONDS) -> None:
    """Until there are that many rooms, every one finished and announced."""

    async def all_stand() -> bool:
        rooms = town.rooms()
        is_all = len(rooms) == count and announcements(town) == count
        return is_all and all(is_finished(town, room) for room in rooms)

    try:
        await eventually(all_stand, within=within)
    except AssertionError:
        seen = [(room.name, is_finished(town, room)) for room in town.rooms()]
        raise AssertionError(f"of {count} rooms: {seen}; {announcements(town)} told") from None


async def assert_one_of_everything(town: AwsTown, count: int) -> None:
    """Every plan ended, nothing twice, every ledger whole."""

    async def all_ended() -> bool:
        async with town.records() as records:
            incidents = await records.incidents.recent(open_only=False, limit=50)
            plans = [await records.incidents.plan(i.incident_id, ASSEMBLE) for i in incidents]
        return len(plans) == count and all(p and p.state is PlanState.DONE for p in plans)

    await eventually(all_ended)
    assert len(town.rooms()) == count
    assert announcements(town) == count
    for room in town.rooms():
        assert len(town.said(room.id)) == 3
        messages = town.sandbox.workspace.messages.top_level(room.id)
        joins = Counter(m.user for m in messages if m.subtype == "channel_join")
        assert {joins[user] for user in PAYMENTS} == {1}
    assert await town.broken_ledgers() == []


async def hold_six_rooms(town: AwsTown, holds: set[str]) -> None:
    """Six alerts; each is held at another moment of its assembly, the last before it is folded."""
    create = "slack.conversations.create"
    town.fault(create, "hang", times=1, seconds=FOR_EVER)
    await town.fire()
    await town.until_struck(create)
    moments = (create, "slack.chat.postMessage", "slack.conversations.invite", "slack.pins.add")
    for rooms, target in enumerate(moments, start=1):
        town.fault(target, "hang_after", times=1, seconds=FOR_EVER)
        await town.fire()
        await town.until_struck(target, 2 if target == create else 1)
        await town.until_rooms(rooms)
    holds.add("TransactWriteItems")
    await town.fire()


async def test_rooms_of_a_killed_processor_are_finished_by_another_in_time(
    punctual_ministack: Ministack, tmp_path: Path
) -> None:
    async with (
        aws_town(punctual_ministack.url, tmp_path) as town,
        between(punctual_ministack) as wire,
        town.processor(AWS_ENDPOINT_URL=wire.url) as first,
    ):
        await until_ready(first)
        await hold_six_rooms(town, wire.holds)
        async with asyncio.timeout(SPEAK_SECONDS):
            await wire.holding.wait()
        first.signal(signal.SIGKILL)
        await first.process.wait()
        assert len(town.rooms()) == 4
        begun = monotonic()
        async with town.processor() as second:
            await until_finished(town, 6)
            seconds = monotonic() - begun
            await assert_one_of_everything(town, 6)
            assert "Traceback" not in second.said
        logger.info("six rooms finished %.1f s after the start", seconds)


async def test_a_stopped_processor_has_handed_over_in_time(
    punctual_ministack: Ministack, tmp_path: Path
) -> None:
    async with aws_town(punctual_ministack.url, tmp_path) as town, town.processor() as first:
        await until_ready(first)
        town.fault("slack.conversations.setTopic", "hang", seconds=FOR_EVER)
        town.fault("slack.response_url", "hang", seconds=FOR_EVER)
        await town.fire()
        await town.until_struck("slack.conversations.setTopic")
        await town.types(MAYA, "list")
        await town.until_struck("slack.response_url")
        async with town.processor() as second:
            await until_ready(second)
            town.sandbox.board.clear()  # what hangs already goes on hanging
            begun = monotonic()
            assert await first.stopped() == 0
            ended = monotonic() - begun
            await until_finished(town, 1)
            await town.until_answered(MAYA, 1)
            finished = monotonic() - begun
            logger.info("ended after %.1f s, finished by the other after %.1f s", ended, finished)
            assert ended < HANDOVER_SECONDS
            assert finished < LEASE_TTL.total_seconds(), "what it held was not given back"
            await assert_one_of_everything(town, 1)
        assert "Traceback" not in first.said


async def test_a_step_under_way_ends_before_a_stopped_processor_does(
    punctual_ministack: Ministack, tmp_path: Path
) -> None:
    async with aws_town(punctual_ministack.url, tmp_path) as town:
        async with town.processor() as first:
            await until_ready(first)
            create = "slack.conversations.create"
            town.fault(create, "latency", times=1, seconds=1.0)
            await town.fire()
            await town.until_struck(create)
            assert await first.stopped() == 0
        assert await town.attempts(ASSEMBLE, "create_room") == [1]
        assert len(town.rooms()) == 1
        assert not is_finished(town, town.rooms()[0])
        assert await town.held_leases() == []
        async with town.processor():
            await until_finished(town, 1)
            await assert_one_of_everything(town, 1)
        assert await town.attempts(ASSEMBLE, "create_room") == [1]


async def test_two_at_work_make_one_room_an_alert_and_do_every_click_once_though_indexes_lag(
    punctual_ministack: Ministack, tmp_path: Path
) -> None:
    async with (
        lagging(punctual_ministack, LAG) as wire,
        aws_town(wire.url, tmp_path) as town,
        town.processor() as first,
        town.processor() as second,
    ):
        await asyncio.gather(until_ready(first), until_ready(second))
        for _ in range(4):
            await town.fire()
            await town.fire(repeat=2)
        for _ in range(5):
            await town.types(MAYA, "list")
            await town.types(INES, "list")
        await until_finished(town, 8)
        for person in (MAYA, INES):
            await town.until_answered(person, 5)
        await assert_one_of_everything(town, 8)
        assert await town.open_envelopes() == []
        assert set(await town.claims()) == {1}
