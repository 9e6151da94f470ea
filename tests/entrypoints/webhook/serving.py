"""A webhook on a real port over the embedded backend, and raw requests to it."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.alert_sources import ALERT_SOURCES
from incident_response.alert_sources.authentication import (
    Authenticator,
    BearerToken,
    BodyHmac,
    TimestampedHmac,
)
from incident_response.entrypoints.webhook.app import SourceBinding, WebhookApp
from incident_response.entrypoints.webhook.guard import Pace
from incident_response.entrypoints.webhook.keys import KeyRing
from incident_response.entrypoints.webhook.server import WebhookServer
from incident_response.ports.intake import Intake
from incident_response.ports.secret_store import SecretStore
from incident_response.ports.spool import Spool
from incident_response.workflows.accept_alert import AlertIntake
from tests.entrypoints.processes import Json, Process
from tests.fakes.alerts import SPECIFIED, changed
from tests.fakes.clock import FakeClock

KEY = b"a key of the test"
PATH = "/webhook/grafana-oncall"
AUTHENTICATORS: dict[str, Authenticator] = {
    "grafana-oncall": BodyHmac(),
    "alertmanager": TimestampedHmac(),
    "generic": BearerToken(),
}


@dataclass
class Webhook:
    url: str
    server: WebhookServer
    app: WebhookApp
    intake: AlertIntake
    backend: EmbeddedBackend
    clock: FakeClock

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        return host, int(port)

    async def send(self, data: bytes, *, ends: bool = False) -> "Reply":
        reader, writer = await asyncio.open_connection(*self.address)
        try:
            writer.write(data)
            if ends:
                writer.write_eof()
            return await read_reply(reader)
        finally:
            writer.close()

    async def post(self, body: Any = SPECIFIED, **request: Any) -> "Reply":
        return await self.send(signed(body, **request))


async def post_to(webhook: Process, key: str, group: str) -> tuple[int, Json]:
    """The answer to an alert of ``group``, of a webhook that is a process of its own."""
    url = (await webhook.logged("webhook listens"))["url"]
    body = encoded(changed(SPECIFIED, alert_group_id=group, alert_group__id=group))
    headers = {
        "Content-Type": "application/json",
        "X-Grafana-OnCall-Signature": sign(body, key.encode()),
    }
    async with (
        aiohttp.ClientSession() as http,
        http.post(url + PATH, data=body, headers=headers) as reply,
    ):
        return reply.status, await reply.json()


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes
    is_closed: bool = False
    raw: bytes = field(default=b"", repr=False)

    @property
    def json(self) -> dict[str, Any]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found

    @property
    def error(self) -> str:
        return str(self.json["error"])


@asynccontextmanager
async def serving(
    *,
    clock: FakeClock | None = None,
    intake: Intake | None = None,
    spool: Spool | None = None,
    secrets: SecretStore | None = None,
    pace: Pace | None = None,
    store_seconds: float = 3.0,
) -> AsyncIterator[Webhook]:
    clock = clock or FakeClock()
    backend = EmbeddedBackend.open(None, clock=clock)
    await backend.secrets.ensure("alerts", KEY)
    queue = backend.queue("incident-events")
    alerts = AlertIntake(intake or backend.intake, queue, clock, spool=spool)
    app = WebhookApp(
        bindings=[
            SourceBinding(source=s, authenticator=AUTHENTICATORS[s.name], key="alerts")
            for s in ALERT_SOURCES
        ],
        intake=alerts,
        keys=KeyRing(secrets or backend.secrets, clock),
        clock=clock,
        store_seconds=store_seconds,
    )
    server = WebhookServer(app=app, pace=pace)
    url = await server.start()
    try:
        yield Webhook(url, server, app, alerts, backend, clock)
    finally:
        await server.stop(drain_seconds=0.5)
        await backend.close()


def sign(body: bytes, key: bytes = KEY) -> str:
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def encoded(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def signed(
    body: Any = SPECIFIED,
    *,
    path: str = PATH,
    key: bytes = KEY,
    content_type: str = "application/json",
    headers: Iterable[tuple[str, str]] = (),
) -> bytes:
    raw = encoded(body)
    own = [("X-Grafana-OnCall-Signature", sign(raw, key)), ("Content-Type", content_type)]
    return request(raw, path=path, headers=[*own, *headers])


def request(
    body: bytes = b"",
    *,
    method: str = "POST",
    path: str = PATH,
    headers: Iterable[tuple[str, str]] = (),
    has_length: bool = True,
) -> bytes:
    fields = [("Host", "test"), *headers]
    if has_length:
        fields.append(("Content-Length", str(len(body))))
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body


async def read_reply(reader: asyncio.StreamReader, *, seconds: float = 15.0) -> Reply:
    async with asyncio.timeout(seconds):
        head = await reader.readuntil(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")[:-2]
        headers = {
            name.lower(): value.strip() for name, _, value in (n.partition(":") for n in lines)
        }
        body = await reader.readexactly(int(headers["content-length"]))
        is_closed = headers.get("connection") == "close" and await reader.read() == b""
    return Reply(int(status_line.split()[1]), headers, body, is_closed, head + body)
