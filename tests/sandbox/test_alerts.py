import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from incident_response.sandbox.alert_payloads import PAYLOADS, Shape
from incident_response.sandbox.alerts import (
    PATHS,
    AlertOrder,
    AlertSender,
    Destination,
    RefusedOrderError,
    sample_credentials,
)
from incident_response.sandbox.vendors.world import World
from tests.sandbox.vendors.serving import NOON, StillClock, serving, still_world

KEY = "s3cret"


@dataclass
class Webhook:
    """A receiver that writes down what it gets, byte for byte."""

    status: int = 202
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append((request.path, dict(request.headers), await request.read()))
        return web.json_response({"incident_id": "inc-1"}, status=self.status)

    def last(self) -> Any:
        return json.loads(self.requests[-1][2])


@dataclass
class Bench:
    world: World
    clock: StillClock
    webhook: Webhook
    sender: AlertSender


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    clock = StillClock()
    world, webhook = still_world(clock), Webhook()
    async with serving([web.post(path, webhook.handle) for path in PATHS.values()]) as session:
        assert session._base_url is not None
        destination = Destination(str(session._base_url), sample_credentials(KEY))
        sender = AlertSender(world, destination)
        await sender.start()
        yield Bench(world, clock, webhook, sender)
        await sender.stop()


def hexmac(message: bytes) -> str:
    return hmac.new(KEY.encode(), message, hashlib.sha256).hexdigest()


async def test_the_signed_shape_is_signed_over_its_very_bytes(bench: Bench) -> None:
    delivery = await bench.sender.fire(AlertOrder(message="Kassen geschlossen, 結账"))
    path, headers, body = bench.webhook.requests[0]
    assert path == "/webhook/grafana-oncall"
    assert headers["X-Grafana-OnCall-Signature"] == hexmac(body)
    assert (delivery.status, delivery.error) == (202, None)
    assert json.loads(delivery.answer) == {"incident_id": "inc-1"}
    payload = json.loads(body)
    assert payload["alert_group_id"] == delivery.group_id
    assert payload["alert_group"]["state"] == "firing"
    assert payload["alerts"][0]["message"] == "Kassen geschlossen, 結账"


async def test_oncall_itself_sends_a_static_header_and_its_own_shape(bench: Bench) -> None:
    await bench.sender.fire(AlertOrder(shape="oncall"))
    path, headers, _ = bench.webhook.requests[0]
    assert path == "/alerts/grafana-oncall"
    assert headers["Authorization"] == f"Bearer {KEY}"
    payload = bench.webhook.last()
    assert payload["event"]["type"] == "alert group created"
    assert payload["alert_group"]["id"] == payload["alert_group_id"]
    assert payload["users_to_be_notified"][0]["username"] == "maya"


async def test_alertmanager_sends_version_four(bench: Bench) -> None:
    delivery = await bench.sender.fire(AlertOrder(shape="alertmanager"))
    first = bench.webhook.last()
    assert (first["version"], first["status"]) == ("4", "firing")
    assert first["alerts"][0]["endsAt"] == "0001-01-01T00:00:00Z"
    bench.clock.at += 60
    await bench.sender.fire(
        AlertOrder(shape="alertmanager", group_id=delivery.group_id, state="resolved")
    )
    second = bench.webhook.last()
    assert second["status"] == "resolved"
    assert second["groupKey"] == first["groupKey"]
    assert second["alerts"][0]["fingerprint"] == first["alerts"][0]["fingerprint"]
    assert second["alerts"][0]["endsAt"] > second["alerts"][0]["startsAt"]


async def test_the_timestamped_signature_covers_time_and_body(bench: Bench) -> None:
    await bench.sender.fire(AlertOrder(shape="generic"))
    path, headers, body = bench.webhook.requests[0]
    assert path == "/alerts/generic"
    timestamp = headers["X-Grafana-Alerting-Timestamp"]
    assert timestamp == str(int(NOON))
    expected = hexmac(timestamp.encode() + b":" + body)
    assert headers["X-Grafana-Alerting-Signature"] == expected


@pytest.mark.parametrize("shape", list(PAYLOADS))
async def test_every_shape_names_group_service_and_title(bench: Bench, shape: Shape) -> None:
    delivery = await bench.sender.fire(AlertOrder(shape=shape, title="Out of paper"))
    text = bench.webhook.requests[0][2].decode()
    assert delivery.group_id in text
    assert "checkout-api" in text
    assert "Out of paper" in text


async def test_a_group_changes_state_and_oncall_knows(bench: Bench) -> None:
    delivery = await bench.sender.fire(AlertOrder(shape="oncall"))
    bench.clock.at += 30
    order = AlertOrder(shape="oncall", group_id=delivery.group_id, state="resolved")
    await bench.sender.fire(order)
    assert bench.webhook.last()["event"]["type"] == "resolve"
    group = bench.world.groups.get(delivery.group_id)
    assert group is not None
    assert (group.state, group.resolved_at) == ("resolved", NOON + 30)


async def test_two_alerts_of_the_same_moment_are_two_groups(bench: Bench) -> None:
    first = await bench.sender.fire(AlertOrder())
    second = await bench.sender.fire(AlertOrder())
    assert first.group_id != second.group_id


async def test_repeat_delivers_the_same_bytes(bench: Bench) -> None:
    await bench.sender.fire(AlertOrder(repeat=3))
    assert len({body for _, _, body in bench.webhook.requests}) == 1
    assert len(bench.webhook.requests) == 3


async def test_a_refusal_is_told_not_raised(bench: Bench) -> None:
    bench.webhook.status = 401
    delivery = await bench.sender.fire(AlertOrder())
    assert (delivery.status, delivery.error) == (401, None)


async def test_a_webhook_that_is_away_is_told_not_raised(bench: Bench) -> None:
    bench.sender.aim(Destination("http://127.0.0.1:1"))
    delivery = await bench.sender.fire(AlertOrder())
    assert delivery.status is None
    assert delivery.error is not None
    assert bench.world.groups.get(delivery.group_id) is not None, "the alert fires all the same"


@pytest.mark.parametrize("order", [AlertOrder(service="nobody-api"), AlertOrder(group_id="INONE")])
async def test_an_order_for_nothing_that_exists_is_refused(
    bench: Bench, order: AlertOrder
) -> None:
    with pytest.raises(RefusedOrderError):
        await bench.sender.fire(order)
    assert bench.webhook.requests == []


async def test_without_an_address_nothing_is_fired() -> None:
    sender = AlertSender(still_world(), None)
    with pytest.raises(RefusedOrderError):
        await sender.fire(AlertOrder())
