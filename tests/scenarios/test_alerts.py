"""What alerts of every kind do to rooms: one each, sent however often and in whatever order."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from incident_response.domain.incident import Incident
from incident_response.domain.queues import INCIDENT_QUEUE
from incident_response.entrypoints.local_stack import LocalStack
from incident_response.ports.event_queue import DeadLetter, QueueMessage
from incident_response.sandbox.alerts import AlertOrder
from tests.scenarios.hands import HANA, MAYA, Hands
from tests.scenarios.rooms import (
    assembled,
    channel_named,
    channel_of,
    eventually,
    now_of,
    open_room,
    rooms,
    said,
    said_as,
    text_of,
    until_said,
)
from tests.scenarios.test_slack_troubled import lacks

SERVICES = ("checkout-api", "search-api", "billing-worker", "edge-gateway")


async def fire(stack: LocalStack, **order: object) -> str:
    """Fire an alert; the id of its group."""
    delivery = await stack.sandbox.alerts.fire(AlertOrder.model_validate(order))
    assert delivery.status == 202, delivery
    return delivery.group_id


async def post(stack: LocalStack, **fields: object) -> int:
    """A home-made monitor's alert, as anybody with the key could send it."""
    key = stack.key_file.read_text(encoding="ascii")
    headers = {"Authorization": f"Bearer {key}"}
    url = f"{stack.webhook_url}/alerts/generic"
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(url, json=fields) as reply,
    ):
        return reply.status


async def incidents(stack: LocalStack) -> list[Incident]:
    return await stack.processor.workflows.store.recent(open_only=False, limit=100)


async def until_incidents(stack: LocalStack, count: int) -> list[Incident]:
    async def there() -> list[Incident]:
        found = await incidents(stack)
        return found if len(found) >= count else []

    found = await eventually(there)
    return [await assembled(stack, incident) for incident in found]


async def until_quiet(stack: LocalStack) -> None:
    """Until every accepted alert has been worked off."""
    workflows = stack.processor.workflows

    async def nothing_is_pending() -> bool:
        later = workflows.clock.now() + timedelta(minutes=1)
        return not await workflows.intake.pending(received_before=later, limit=1)

    await eventually(nothing_is_pending)


@pytest.mark.parametrize("shape", ["oncall_signed", "oncall", "alertmanager", "generic"])
async def test_every_kind_of_sender_opens_a_complete_room(stack: LocalStack, shape: str) -> None:
    incident = await open_room(stack, shape=shape)
    assert lacks(stack, incident) == []


async def test_the_same_alert_ten_times_is_one_room_told_once(stack: LocalStack) -> None:
    incident = await open_room(stack, repeat=10)
    await until_quiet(stack)
    assert lacks(stack, incident) == []
    assert len(await incidents(stack)) == 1


async def test_twenty_alerts_at_once_are_twenty_complete_rooms(stack: LocalStack) -> None:
    orders = [
        {"service": service, "title": f"Trouble {number} with {service}"}
        for number in range(5)
        for service in SERVICES
    ]
    await asyncio.gather(*(fire(stack, **order) for order in orders))
    found = await until_incidents(stack, 20)
    assert len(found) == len(rooms(stack)) == 20
    workspace = stack.sandbox.workspace
    for incident in found:
        room = channel_of(stack, incident)
        assert incident.title in text_of(said_as(stack, incident, "facts"))
        assert len(said(stack, room.id)) == 3
        assert len(workspace.pins.of(room.id)) == 1
        assert set(incident.responders) <= set(room.members)
        assert len(incident.responders) >= 3
    announced = [text_of(m) for m in said(stack, channel_named(stack, "incidents").id)]
    assert len(announced) == 20
    assert sorted(sum(i.title in text for text in announced) for i in found) == [1] * 20


async def test_a_room_is_told_that_its_alert_stopped_and_started_again(stack: LocalStack) -> None:
    group = await fire(stack)
    [incident] = await until_incidents(stack, 1)
    room = channel_of(stack, incident)
    await fire(stack, group_id=group, state="resolved")
    await until_said(stack, room.id, "The alert stopped firing")
    assert (await now_of(stack, incident)).is_closed is False, "people decide that"
    await fire(stack, group_id=group, state="firing")
    await until_said(stack, room.id, "The alert is firing again")
    await until_quiet(stack)
    assert len(rooms(stack)) == 1
    assert len(said(stack, room.id)) == 5


async def test_an_acknowledgement_at_the_source_says_nothing_in_the_room(
    stack: LocalStack,
) -> None:
    group = await fire(stack)
    [incident] = await until_incidents(stack, 1)
    delivery = await stack.sandbox.alerts.fire(AlertOrder(group_id=group, state="acknowledged"))
    assert delivery.status == 200
    await until_quiet(stack)
    assert len(said(stack, channel_of(stack, incident).id)) == 3


async def test_an_alert_that_comes_back_hours_later_is_a_new_incident_beside_the_old(
    stack: LocalStack,
) -> None:
    now = datetime.now(UTC)  # noqa: TID251 - what a sender's clock says

    async def send(status: str, minutes_ago: int) -> int:
        at = (now - timedelta(minutes=minutes_ago)).isoformat()
        return await post(
            stack,
            id="disk-7",
            title="Disk full",
            status=status,
            severity="P2",
            service="billing-worker",
            changed_at=at,
        )

    assert await send("firing", 180) == 202
    [first] = await until_incidents(stack, 1)
    assert await send("resolved", 170) == 202
    await until_said(stack, channel_of(stack, first).id, "The alert stopped firing")
    assert await send("firing", 1) == 202
    second, _ = await until_incidents(stack, 2)
    assert second.previous_incident_id == first.incident_id
    assert len(rooms(stack)) == 2


async def test_a_resolve_that_overtakes_its_firing_opens_nothing(stack: LocalStack) -> None:
    now = datetime.now(UTC)  # noqa: TID251 - as above
    fields = {"id": "disk-8", "title": "Disk full", "service": "billing-worker"}
    later, earlier = (now - timedelta(minutes=m) for m in (1, 5))
    assert await post(stack, **fields, status="resolved", changed_at=later.isoformat()) == 202
    await until_quiet(stack)
    assert await post(stack, **fields, status="firing", changed_at=earlier.isoformat()) == 202
    await until_quiet(stack)
    assert await incidents(stack) == []
    assert rooms(stack) == []


def strings(value: object, *, kind: str) -> Iterator[str]:
    """Every text object of the kind in blocks."""
    if isinstance(value, dict):
        if value.get("type") == kind:
            yield str(value.get("text", value.get("url", "")))
        for inner in value.values():
            yield from strings(inner, kind=kind)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, kind=kind)


async def test_hostile_text_mentions_nobody_and_links_nowhere(stack: LocalStack) -> None:
    hostile = (
        f"<!channel> <!here|x> <@{HANA}> <#C07GENERAL0> <https://evil.example|Grafana> "
        "@channel @here ```code``` *bold* &lt;!everyone&gt; \u202egnp.exe\x00"
    )
    incident = await open_room(stack, title=hostile, message=hostile * 3)
    room = channel_of(stack, incident)
    assert HANA not in room.members
    messages = [*said(stack, room.id), *said(stack, channel_named(stack, "incidents").id)]
    status = Hands(stack, MAYA)
    await status.asks(room.id, "/inc status")
    messages += status.notes(room.id)
    assert len(messages) == 5
    parsed = [text for m in messages for text in (m.text, *strings(m.blocks, kind="mrkdwn"))]
    assert any("&lt;!channel&gt;" in text for text in parsed)
    for text in parsed:
        for active in ("<!channel", "<!here", "<!everyone", f"<@{HANA}>", "<https://evil", "```"):
            assert active not in text
    links = [url for m in messages for url in strings(m.blocks, kind="link")]
    assert not [url for url in links if "evil" in url]
    assert "\u202e" not in json.dumps([m.blocks for m in messages], ensure_ascii=False)


async def test_an_alert_of_an_unknown_state_is_kept_and_shown_to_people(stack: LocalStack) -> None:
    assert await post(stack, id="odd-1", title="Something odd", status="exploded") == 202
    channel = channel_named(stack, "incidents").id
    notice = await until_said(stack, channel, "An alert was not understood")
    assert "Something odd" in text_of(notice)
    assert "exploded" in text_of(notice)
    assert await incidents(stack) == []
    assert await post(stack, id="odd-1", title="Something odd", status="exploded") in (200, 202)
    await open_room(stack)
    odd = [m for m in said(stack, channel) if "not understood" in text_of(m)]
    assert len(odd) == 1


async def test_an_unknown_message_in_the_queue_is_put_aside_and_shown(stack: LocalStack) -> None:
    queue = stack.processor.backend.queue(INCIDENT_QUEUE)
    unknown = QueueMessage(
        type="FROM_THE_FUTURE", group="g", dedup_id="d", body={"event_id": "nobody's"}
    )
    await queue.send([unknown])
    channel = channel_named(stack, "incidents").id
    notice = await until_said(stack, channel, "An event was given up")
    assert "FROM_THE_FUTURE" in text_of(notice)

    async def dead() -> list[DeadLetter]:
        return await queue.dead_letters(limit=5)

    assert len(await eventually(dead)) == 1
    await open_room(stack)
