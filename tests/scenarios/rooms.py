"""What scenarios do and ask again and again with a stack in this process."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from incident_response.domain.incident import Incident
from incident_response.entrypoints.local_stack import LocalStack
from incident_response.ports.incident_store import PlanState
from incident_response.sandbox.alerts import AlertOrder
from incident_response.sandbox.slack.model import Channel, Message
from incident_response.workflows.fold_alerts import ASSEMBLE

T = TypeVar("T")


async def eventually(check: Callable[[], Awaitable[T]], *, within: float = 20.0) -> T:
    """What ``check`` returns once it is true; polls, for the program goes its own way meanwhile."""
    last: T | None = None
    try:
        async with asyncio.timeout(within):
            while not (last := await check()):  # noqa: ASYNC110 - it has no event here
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"it did not come about within {within:g} s: {last!r}") from None
    return last


async def open_room(stack: LocalStack, **order: object) -> Incident:
    """Fire an alert and wait until its room stands; the incident."""
    store = stack.processor.workflows.store
    before = {i.incident_id for i in await store.recent(open_only=False, limit=500)}
    delivery = await stack.sandbox.alerts.fire(AlertOrder.model_validate(order))
    assert delivery.status == 202, delivery

    async def new_incident() -> Incident | None:
        found = await store.recent(open_only=False, limit=5)
        return next((i for i in found if i.incident_id not in before), None)

    incident = await eventually(new_incident)
    assert incident is not None
    return await assembled(stack, incident)


async def assembled(stack: LocalStack, incident: Incident) -> Incident:
    """The incident once every step of its assembly has ended."""
    store = stack.processor.workflows.store

    async def has_ended() -> bool:
        plan = await store.plan(incident.incident_id, ASSEMBLE)
        return plan is not None and plan.state is not PlanState.OPEN

    await eventually(has_ended)
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
