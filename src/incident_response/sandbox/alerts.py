"""Fires sample alerts at a webhook, signed as each kind of sender signs.

What belongs here: what is wrong with which service, signing, sending, and keeping the group so
that OnCall and the dashboards agree. What does not: payload shapes (`alert_payloads.py`), and
anything about the receiver beyond an address and keys.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import aiohttp
import structlog
from pydantic import BaseModel, ConfigDict, Field

from incident_response.sandbox.alert_groups import AlertGroup, State
from incident_response.sandbox.alert_payloads import PAYLOADS, Shape
from incident_response.sandbox.company import Service, stable_id
from incident_response.sandbox.vendors.world import World

log = structlog.get_logger(__name__)

PATHS: Mapping[Shape, str] = {
    "oncall_signed": "/webhook/grafana-oncall",
    "oncall": "/alerts/grafana-oncall",
    "alertmanager": "/alerts/alertmanager",
    "generic": "/alerts/generic",
}
_TIMEOUT = aiohttp.ClientTimeout(total=4)  # OnCall gives a webhook four seconds
_ANSWER_SHOWN = 2_000  # characters

_TROUBLES = {
    "checkout-api": (
        "Checkout API is failing for customers",
        "13.8 % of checkout requests answer 5xx (usual: 0.2 %); p99 is 2.8 s. "
        "Baskets cannot be paid since a few minutes.",
    ),
    "search-api": (
        "Product search is slow and partly failing",
        "4.1 % of searches answer 5xx and p99 is above 1 s. Shard products-3 does not answer.",
    ),
    "billing-worker": (
        "Invoices are not being settled",
        "The settlement queue has grown for 20 minutes; no invoice was settled in the last 10.",
    ),
    "edge-gateway": (
        "Edge gateway returns 5xx in eu-west-1",
        "6.7 % of all requests at the edge answer 5xx; no healthy upstream for checkout-api.",
    ),
}


@dataclass(frozen=True, slots=True)
class Credential:
    """How a sender proves itself with `key`.

    `hmac`: hex HMAC-SHA256 of the body in `header`. `timestamped_hmac`: the same over
    `"<timestamp>:<body>"`, the timestamp (epoch seconds) in `timestamp_header`, which is Grafana
    Alerting's scheme. `bearer`: a static `Authorization: Bearer`.
    """

    scheme: Literal["hmac", "timestamped_hmac", "bearer"]
    key: str
    header: str = "X-Grafana-OnCall-Signature"
    timestamp_header: str = "X-Grafana-Alerting-Timestamp"

    def headers(self, body: bytes, now: float) -> dict[str, str]:
        """Return the headers that prove `body` at epoch `now`."""
        if self.scheme == "bearer":
            return {"Authorization": f"Bearer {self.key}"}
        if self.scheme == "hmac":
            return {self.header: self._signature(body)}
        timestamp = str(int(now))
        signature = self._signature(timestamp.encode() + b":" + body)
        return {self.header: signature, self.timestamp_header: timestamp}

    def _signature(self, message: bytes) -> str:
        return hmac.new(self.key.encode(), message, hashlib.sha256).hexdigest()


def sample_credentials(key: str) -> dict[Shape, Credential]:
    """Return one credential a shape, all with the same key: what a local stack starts with."""
    alerting = "X-Grafana-Alerting-Signature"
    return {
        "oncall_signed": Credential("hmac", key),
        "oncall": Credential("bearer", key),
        "alertmanager": Credential("bearer", key),
        "generic": Credential("timestamped_hmac", key, header=alerting),
    }


@dataclass(frozen=True)
class Destination:
    """Where alerts go: the webhook's base URL and a credential per shape."""

    url: str
    credentials: Mapping[Shape, Credential] = field(default_factory=dict)


class AlertOrder(BaseModel):
    """An alert to fire. With `group_id` an earlier group changes state; without, a new one fires.

    `title` and `message` replace the sample texts; `repeat` delivers the same bytes that often.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    shape: Shape = "oncall_signed"
    service: str = "checkout-api"
    state: State = "firing"
    severity: Literal["P1", "P2", "P3", "P4"] = "P1"
    group_id: str | None = Field(default=None, max_length=128)
    title: str | None = Field(default=None, max_length=4_000)
    message: str | None = Field(default=None, max_length=20_000)
    repeat: int = Field(default=1, ge=1, le=50)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an alert: the webhook's answer, or the error that prevented one."""

    group_id: str
    shape: Shape
    status: int | None
    answer: str
    error: str | None


class RefusedOrderError(Exception):
    """The order names a service or a group that does not exist, or no webhook is configured."""


class AlertSender:
    """Fires alerts at the destination. Open it with `start`, close it with `stop`."""

    def __init__(self, world: World, destination: Destination | None) -> None:
        self._world = world
        self._destination = destination
        self._session: aiohttp.ClientSession | None = None
        self._count = 0

    async def start(self) -> None:
        """Open the HTTP session."""
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)

    async def stop(self) -> None:
        """Close the HTTP session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def aim(self, destination: Destination) -> None:
        """Send to another destination from now on; for a webhook whose port was not yet known."""
        self._destination = destination

    async def fire(self, order: AlertOrder) -> Delivery:
        """Write, sign and send an alert; the group is kept before it is sent.

        Raises `RefusedOrderError`; a webhook that refuses or cannot be reached is no error.
        """
        if self._destination is None:
            raise RefusedOrderError("no webhook address is configured")
        service, group = self._group(order)
        self._world.groups.put(group)
        payload = PAYLOADS[order.shape](self._world.company, service, group)
        body = json.dumps(payload, ensure_ascii=False).encode()
        deliveries = [await self._send(order.shape, group.id, body) for _ in range(order.repeat)]
        return deliveries[-1]

    def _group(self, order: AlertOrder) -> tuple[Service, AlertGroup]:
        now = self._world.clock.now()
        if order.group_id is not None:
            group = self._world.groups.get(order.group_id)
            if group is None:
                raise RefusedOrderError(f"no alert group {order.group_id}")
            return self._service(group.service), group.moved(order.state, now)
        service = self._service(order.service)
        title, message = _TROUBLES.get(
            service.name, (f"{service.name} is in trouble", service.summary)
        )
        self._count += 1
        group = AlertGroup(
            id=stable_id("I", f"{service.name}|{now}|{self._count}"),
            service=service.name,
            title=order.title or title,
            message=order.message or message,
            severity=order.severity,
            state="firing",
            started_at=now,
            changed_at=now,
        )
        return service, group if order.state == "firing" else group.moved(order.state, now)

    def _service(self, name: str) -> Service:
        service = self._world.company.service(name)
        if service is None:
            raise RefusedOrderError(f"no service {name}")
        return service

    async def _send(self, shape: Shape, group_id: str, body: bytes) -> Delivery:
        assert self._destination is not None
        assert self._session is not None, "start() comes first"
        credential = self._destination.credentials.get(shape)
        headers = {"Content-Type": "application/json"}
        headers |= credential.headers(body, self._world.clock.now()) if credential else {}
        url = self._destination.url.rstrip("/") + PATHS[shape]
        try:
            async with self._session.post(url, data=body, headers=headers) as reply:
                answer = (await reply.text(errors="replace"))[:_ANSWER_SHOWN]
        except (TimeoutError, aiohttp.ClientError) as error:
            log.warning("alert_not_delivered", group_id=group_id, error=type(error).__name__)
            return Delivery(group_id, shape, None, "", f"{type(error).__name__}: {error}")
        log.info("alert_delivered", group_id=group_id, shape=shape, status=reply.status)
        return Delivery(group_id, shape, reply.status, answer, None)
