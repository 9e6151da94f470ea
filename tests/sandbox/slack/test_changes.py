import asyncio

from incident_response.sandbox.slack.changes import Change, ChangeFeed
from incident_response.sandbox.slack.workspace import Workspace
from tests.sandbox.slack.stand import ADA, APP, BEN, ENG, SEED, HandClock


async def test_a_subscription_hears_what_happens_after_it_began() -> None:
    feed = ChangeFeed()
    feed.publish(Change("user_changed", user="before"))
    with feed.subscribe() as changes:
        feed.publish(Change("user_changed", user="after"))
        assert (await anext(changes)).user == "after"


async def test_a_slow_subscriber_is_told_to_read_everything_again() -> None:
    feed = ChangeFeed()
    slow, quick = feed.subscribe(limit=3), feed.subscribe()
    for number in range(4):
        feed.publish(Change("message_posted", ts=str(number)))
    feed.publish(Change("message_posted", ts="later"))
    assert (await anext(slow)).kind == "resync"
    assert (await anext(slow)).ts == "later"
    assert [(await anext(quick)).ts for _ in range(5)] == ["0", "1", "2", "3", "later"]


async def test_a_closed_subscription_ends_even_while_it_waits() -> None:
    feed = ChangeFeed()
    changes = feed.subscribe()

    async def drained() -> int:
        return sum([1 async for _ in changes])

    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(drained())
        await asyncio.sleep(0)
        changes.close()
    assert waiting.result() == 0
    feed.publish(Change("user_changed"))


async def test_each_doing_is_told_by_its_kind_and_cause() -> None:
    workspace = Workspace(seed=SEED, app=APP, now=HandClock().now)
    told: list[tuple[str, str]] = []
    workspace.feed.observe(lambda change: told.append((change.kind, change.cause)))
    channel = workspace.channels.get(ENG)
    workspace.channels.leave(channel, actor=BEN)
    workspace.channels.set_topic(channel, "new", actor=ADA)
    [*_, topic] = workspace.messages.top_level(ENG)
    workspace.messages.react(topic, "eyes", user=ADA)
    workspace.bookmarks.add(ENG, title="t", link="https://x.example", emoji="", actor=ADA)
    workspace.channels.archive(channel, actor=ADA)
    assert told == [
        ("message_posted", ""),
        ("member_changed", "left"),
        ("message_posted", ""),
        ("channel_changed", "channel_topic"),
        ("message_changed", "reaction_added"),
        ("bookmark_changed", "added"),
        ("message_posted", ""),
        ("channel_changed", "channel_archive"),
        ("channel_changed", "archived"),
    ]
