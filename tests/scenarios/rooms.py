"""What scenarios do and ask again and again with a stack in this process."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from incident_response.domain.incident import Incident
from incident_response.entrypoints.local_stack import LocalStack
from incident_response.ports.incident_store import PlanState
from incident_response.sandbox.alerts import AlertOrder
from incident_response.sandbox.faults import Fault
from incident_response.sandbox.slack.model import Channel, Message
from incident_response.workflows.fold_alerts import ASSEMBLE

T = TypeVar("T")


async def eventually(check: Callable[[], Awaitable[T]], *, within: float = 20.0) -> T:
    """What ``check`` returns once it is true; polls, for the program goes its own way."""
    last: T | None = None
    try:
        async with asyncio.timeout(within):
            while not (last := await check()):  # noqa: ASYNC110 - it has no event here
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"it did not come about within {within:g} s: {last!r}") from None
    return last


async def open_room(stack: LocalStack, *, within: float = 20.0, **order: object) -> Incident:
    """Fire an alert and wait until its room stands; the incident."""
    store = stack.processor.workflows.store
    before = {i.incident_id for i in await store.recent(open_only=False, limit=500)}
    delivery = await stack.sandbox.alerts.fire(AlertOrder.model_validate(order))
    assert delivery.status in (200, 202), delivery  # 200: the last of several was a duplicate

    async def new_incident() -> Incident | None:
        found = await store.recent(open_only=False, limit=5)
        return next((i for i in found if i.incident_id not in before), None)

    incident = await eventually(new_incident)
    assert incident is not None
    return await assembled(stack, incident, within=within)


async def assembled(stack: LocalStack, incident: Incident, *, within: float = 20.0) -> Incident:
    """The incident once every step of its assembly has ended."""
    store = stack.processor.workflows.store

    async def has_ended() -> bool:
        plan = await store.plan(incident.incident_id, ASSEMBLE)
        return plan is not None and plan.state is not PlanState.OPEN

    await eventually(has_ended, within=within)
    found = await store.get(incident.incident_id)
    assert found is not None
    return found


def channel_of(stack: LocalStack, incident: Incident) -> Channel:
    assert incident.room is not None
    channel = stack.sandbox.workspace.channels.by_name(incident.room.name)
    assert channel is not None
    return channel


def said(stack: LocalStack, channel: str) -> list[Message]:
    """What our bot said in a channel."""
    messages = stack.sandbox.workspace.messages.top_level(channel)
    return [m for m in messages if m.subtype is None and m.bot_id]


def said_as(stack: LocalStack, incident: Incident, name: str) -> Message:
    """One of the incident's standing messages: facts, checklist, proposal, announcement."""
    ref = incident.messages[name]
    return stack.sandbox.workspace.messages.get(ref.channel_id, ref.ts)


async def now_of(stack: LocalStack, incident: Incident) -> Incident:
    """The incident as it is stored now."""
    found = await stack.processor.workflows.store.get(incident.incident_id)
    assert found is not None
    return found


def rooms(stack: LocalStack) -> list[Channel]:
    """Every private channel: only our bot makes any."""
    return [c for c in stack.sandbox.workspace.channels.all() if c.kind == "private_channel"]


def channel_named(stack: LocalStack, name: str) -> Channel:
    found = stack.sandbox.workspace.channels.by_name(name)
    assert found is not None
    return found


def fault(stack: LocalStack, target: str, kind: str, **details: object) -> str:
    """Switch a fault on; its id."""
    rule = Fault.model_validate({"target": target, "kind": kind, **details})
    return stack.sandbox.board.add(rule)


def text_of(message: Message) -> str:
    """All that a message says, its fallback text included."""
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


async def until_said(stack: LocalStack, channel: str, *words: str) -> Message:
    """Our bot's first message in the channel that holds all of ``words``, once there is one."""

    async def fitting() -> list[Message]:
        return [m for m in said(stack, channel) if all(w in text_of(m) for w in words)]

    return (await eventually(fitting))[0]


async def until_drawn(message: Message, *words: str) -> None:
    """Until the message has been drawn with all of ``words`` in it."""

    async def holds() -> bool:
        return all(word in text_of(message) for word in words)

    try:
        await eventually(holds)
    except AssertionError:
        raise AssertionError(f"{words} never came: {text_of(message)}") from None


SIDE_BY_SIDE = 4
"""Stacks in one process: with more, each is too slow for the deadlines of the others."""


async def some_at_once(lives: Sequence[Coroutine[Any, Any, None]]) -> list[BaseException | None]:
    """How each of them ended: None if well."""
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(life: Coroutine[Any, Any, None]) -> None:
        async with gate:
            await life

    return await asyncio.gather(*map(one, lives), return_exceptions=True)
