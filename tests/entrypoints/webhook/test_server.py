import asyncio
import json
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from opentelemetry.trace import SpanKind

from incident_response.domain.errors import InvalidConfigurationError, UnavailableError
from incident_response.domain.model import EventId
from incident_response.entrypoints.webhook.app import WebhookApp
from incident_response.entrypoints.webhook.keys import KeyRing
from incident_response.ports.secret_store import SecretVersions
from incident_response.telemetry import metrics
from tests.entrypoints.webhook.serving import (
    AUTHENTICATORS,
    KEY,
    PATH,
    Webhook,
    encoded,
    read_reply,
    request,
    serving,
    sign,
    signed,
)
from tests.fakes.alerts import NATIVE, SPECIFIED, changed
from tests.fakes.intake import FakeIntake
from tests.fakes.secrets import FakeSecretStore
from tests.telemetry_reading import attributes, counted, counted_since, spans

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    async with serving() as running:
        yield running


def numbered(number: int) -> bytes:
    return encoded(changed(SPECIFIED, alert_group_id=f"group-{number}"))


async def until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - a server's own state has no event
            await asyncio.sleep(0.005)


class TestPaths:
    @pytest.mark.parametrize("path", ["/alerts/grafana-oncall", PATH, PATH + "?a=b"])
    async def test_a_source_answers_on_its_name_and_its_aliases(
        self, webhook: Webhook, path: str
    ) -> None:
        assert (await webhook.post(path=path)).status == 202

    async def test_both_shapes_of_one_group_meet_in_the_store(self, webhook: Webhook) -> None:
        ids = [(await webhook.post(body)).json["event_id"] for body in (SPECIFIED, NATIVE)]
        records = [await webhook.backend.intake.get(EventId(each)) for each in ids]
        assert len({r.alert.group_id for r in records if r}) == 1
        assert len(set(ids)) == 2

    async def test_an_ordinary_client_is_served(self, webhook: Webhook) -> None:
        body = encoded(SPECIFIED)
        headers = {
            "X-Grafana-OnCall-Signature": sign(body).upper(),
            "Content-Type": "application/json",
            "traceparent": TRACE,
        }
        async with (
            aiohttp.ClientSession() as session,
            session.post(webhook.url + PATH, data=body, headers=headers) as response,
        ):
            told = await response.json()
        assert (response.status, told["status"]) == (202, "accepted")
        record = await webhook.backend.intake.get(told["event_id"])
        assert record is not None
        assert record.trace.split("-")[1] == TRACE.split("-")[1], "the sender's trace goes on"
        (span,) = spans(TRACE.split("-")[1])
        assert span.context is not None
        assert record.trace.split("-")[2] == f"{span.context.span_id:016x}", "from our span on"
        assert (span.name, span.kind) == ("take in alert", SpanKind.SERVER)
        assert dict(span.attributes or {}) == {
            "incident_response.source": "grafana-oncall",
            "incident_response.event_id": told["event_id"],
            "incident_response.outcome": "accepted",
        }

    async def test_instead_of_a_trace_that_is_none_one_begins(self, webhook: Webhook) -> None:
        reply = await webhook.post(headers=[("traceparent", "00-<script>")])
        record = await webhook.backend.intake.get(reply.json["event_id"])
        assert record is not None
        (span,) = spans(record.trace.split("-")[1])
        assert span.parent is None

    async def test_who_is_not_authentic_leaves_no_span(self, webhook: Webhook) -> None:
        trace_id = "5" * 32
        trace = f"00-{trace_id}-00f067aa0ba902b7-01"
        reply = await webhook.post(key=b"another key", headers=[("traceparent", trace)])
        assert reply.status == 401
        assert spans(trace_id) == []

    async def test_what_becomes_of_alerts_is_counted(self, webhook: Webhook) -> None:
        before = counted(metrics.ALERTS)
        await webhook.post()
        await webhook.post()
        source = "grafana-oncall"
        assert counted_since(before, metrics.ALERTS) == {
            attributes(source=source, outcome="accepted"): 1,
            attributes(source=source, outcome="re-driven"): 1,
        }

    async def test_no_source_at_all_is_a_configuration_error(self, webhook: Webhook) -> None:
        with pytest.raises(InvalidConfigurationError):
            WebhookApp(
                bindings=[],
                intake=webhook.intake,
                keys=KeyRing(FakeSecretStore(), webhook.clock),
                clock=webhook.clock,
            )

    async def test_two_bindings_of_one_source_are_a_configuration_error(
        self, webhook: Webhook
    ) -> None:
        with pytest.raises(InvalidConfigurationError):
            WebhookApp(
                bindings=[webhook.app.bindings[PATH]] * 2,
                intake=webhook.intake,
                keys=KeyRing(FakeSecretStore(), webhook.clock),
                clock=webhook.clock,
            )


class TestRedelivery:
    async def test_a_duplicate_of_a_pending_alert_is_accepted_again(
        self, webhook: Webhook
    ) -> None:
        first, second = [(await webhook.post()).json for _ in range(2)]
        assert (second["status"], second["event_id"]) == ("accepted", first["event_id"])

    async def test_fifty_copies_at_once_make_one_record(self, webhook: Webhook) -> None:
        replies = await asyncio.gather(*(webhook.post() for _ in range(50)))
        assert {reply.status for reply in replies} == {202}
        assert len({reply.json["event_id"] for reply in replies}) == 1
        at = webhook.clock.now()
        webhook.clock.advance(1)
        pending = await webhook.backend.intake.pending(
            received_before=webhook.clock.now(), limit=99
        )
        assert [record.received_at for record in pending] == [at]


class TestKeysOverHttp:
    async def test_the_previous_key_is_accepted_after_a_rotation(self, webhook: Webhook) -> None:
        await webhook.backend.secrets.rotate("alerts", b"new key")
        assert (await webhook.post(numbered(1), key=KEY)).status == 202
        assert (await webhook.post(numbered(2), key=b"new key")).status == 202

    async def test_a_key_two_rotations_old_is_refused(self, webhook: Webhook) -> None:
        await webhook.backend.secrets.rotate("alerts", b"new key")
        await webhook.backend.secrets.rotate("alerts", b"newer key")
        assert (await webhook.post(key=KEY)).status == 401

    async def test_a_rotation_under_a_warm_cache_refuses_nobody(self, webhook: Webhook) -> None:
        assert (await webhook.post(numbered(1))).status == 202
        await webhook.backend.secrets.rotate("alerts", b"new key")
        assert (await webhook.post(numbered(2), key=b"new key")).status == 202
        assert (await webhook.post(numbered(3), key=KEY)).status == 202

    async def test_a_flood_of_bad_signatures_reads_the_secret_once_in_thirty_seconds(self) -> None:
        secrets = FakeSecretStore(alerts=SecretVersions("1", KEY))
        async with serving(secrets=secrets) as webhook:
            for _ in range(3):
                replies = await asyncio.gather(*(webhook.post(key=b"bad") for _ in range(100)))
                assert {r.status for r in replies} <= {401, 429}
                webhook.clock.advance(10)
            assert secrets.reads == 2
            await webhook.post(key=b"bad")
            assert secrets.reads == 3
            assert (await webhook.post()).status == 202

    async def test_without_any_key_it_is_unavailable_and_lets_nobody_in(self) -> None:
        secrets = FakeSecretStore(alerts=SecretVersions("1", KEY))
        secrets.failure = UnavailableError()
        async with serving(secrets=secrets) as webhook:
            reply = await webhook.post()
            assert (reply.status, reply.error) == (503, "unavailable")
            secrets.failure = None
            webhook.clock.advance(1)
            assert (await webhook.post()).status == 202


class TestStoreTrouble:
    async def test_a_store_that_is_down_is_a_503(self) -> None:
        before = counted(metrics.ALERTS)
        intake = FakeIntake()
        intake.is_down = True
        async with serving(intake=intake) as webhook:
            reply = await webhook.post()
        assert (reply.status, reply.error) == (503, "unavailable")
        assert reply.headers["retry-after"] == "5"
        assert counted_since(before, metrics.ALERTS) == {
            attributes(source="grafana-oncall", outcome="unavailable"): 1
        }

    async def test_a_store_that_hangs_is_a_503_within_the_budget(self) -> None:
        intake = FakeIntake()
        intake.gate.clear()
        async with serving(intake=intake, store_seconds=0.2) as webhook:
            began = time.perf_counter()
            reply = await webhook.post()
        assert reply.status == 503
        assert time.perf_counter() - began < 2

    async def test_a_reply_that_the_store_lost_is_no_lost_alert(self) -> None:
        intake = FakeIntake()
        intake.lost_replies = 1
        async with serving(intake=intake) as webhook:
            assert (await webhook.post()).status == 202
        assert len(intake.records) == 1


class TestConnections:
    async def test_requests_sent_ahead_are_answered_in_order(self, webhook: Webhook) -> None:
        bodies = [numbered(n) for n in range(5)]
        reader, writer = await asyncio.open_connection(*webhook.address)
        writer.write(b"".join(map(signed, bodies)))
        ids = [(await read_reply(reader)).json["event_id"] for _ in bodies]
        for body, event_id in zip(bodies, ids, strict=True):
            record = await webhook.backend.intake.get(event_id)
            assert record is not None
            assert record.raw_excerpt == body.decode()
        writer.close()

    async def test_a_bad_request_sent_ahead_does_not_spoil_the_answer_before_it(
        self, webhook: Webhook
    ) -> None:
        reader, writer = await asyncio.open_connection(*webhook.address)
        writer.write(signed() + b"NONSENSE\r\n\r\n")
        assert (await read_reply(reader)).status == 202
        assert (await read_reply(reader)).status == 400
        assert await reader.read() == b""
        writer.close()

    async def test_a_request_may_come_byte_by_byte(self, webhook: Webhook) -> None:
        reader, writer = await asyncio.open_connection(*webhook.address)
        for byte in signed():
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert (await read_reply(reader)).status == 202
        writer.close()

    async def test_a_chunked_body_cut_anywhere_is_the_same_body(self, webhook: Webhook) -> None:
        body = encoded(SPECIFIED)
        framed = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in body) + b"0\r\n\r\n"
        headers = [
            ("Content-Type", "application/json"),
            ("X-Grafana-OnCall-Signature", sign(body)),
            ("Transfer-Encoding", "chunked"),
        ]
        data = request(headers=headers, has_length=False) + framed
        reader, writer = await asyncio.open_connection(*webhook.address)
        for at in range(0, len(data), 7):
            writer.write(data[at : at + 7])
            await asyncio.sleep(0)
        reply = await read_reply(reader)
        record = await webhook.backend.intake.get(reply.json["event_id"])
        assert record is not None
        assert record.raw_excerpt == body.decode()
        writer.close()

    async def test_a_sender_that_asks_first_is_told_to_go_on(self, webhook: Webhook) -> None:
        data = signed(headers=[("Expect", "100-continue")])
        head, body = data.split(b"\r\n\r\n", 1)
        reader, writer = await asyncio.open_connection(*webhook.address)
        writer.write(head + b"\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await read_reply(reader)).status == 202
        writer.close()

    async def test_a_sender_that_asks_first_with_too_much_is_told_no(
        self, webhook: Webhook
    ) -> None:
        headers = [("Expect", "100-continue"), ("Content-Length", "999999")]
        reply = await webhook.send(request(headers=headers, has_length=False))
        assert reply.status == 413

    async def test_a_sender_that_closes_its_half_still_gets_its_answer(
        self, webhook: Webhook
    ) -> None:
        assert (await webhook.send(signed(), ends=True)).status == 202
        await until(lambda: webhook.server.connections == 0)

    async def test_a_body_that_ends_early_is_a_bad_request(self, webhook: Webhook) -> None:
        reply = await webhook.send(signed()[:-1], ends=True)
        assert (reply.status, reply.error) == (400, "bad_request")

    async def test_a_sender_that_hangs_up_leaves_nothing_behind(self, webhook: Webhook) -> None:
        for data in (b"", b"POST", signed()[:-1], signed()):
            _, writer = await asyncio.open_connection(*webhook.address)
            writer.write(data)
            await writer.drain()
            writer.transport.abort()
        await until(lambda: webhook.server.connections == 0)
        assert (await webhook.post()).status == 202

    async def test_two_hundred_slow_senders_do_not_slow_the_others(self, webhook: Webhook) -> None:
        slow = [await asyncio.open_connection(*webhook.address) for _ in range(200)]
        for number, (_, writer) in enumerate(slow):
            writer.write(signed()[: 10 + number])
        took = []
        for number in range(100):
            began = time.perf_counter()
            assert (await webhook.post(numbered(number))).status == 202
            took.append(time.perf_counter() - began)
        assert sorted(took)[98] < 0.5
        replies = await asyncio.gather(*(read_reply(reader) for reader, _ in slow))
        assert {reply.status for reply in replies} == {408}
        for _, writer in slow:
            writer.close()
        await until(lambda: webhook.server.connections == 0)


class TestStopping:
    async def test_a_request_under_way_is_answered_and_an_idle_connection_closed(self) -> None:
        intake = FakeIntake()
        intake.gate.clear()
        async with serving(intake=intake) as webhook:
            idle_reader, idle_writer = await asyncio.open_connection(*webhook.address)
            halfway_reader, halfway_writer = await asyncio.open_connection(*webhook.address)
            halfway_writer.write(signed(numbered(2))[:-10])
            busy = asyncio.Task(webhook.post(numbered(1)))
            await until(lambda: webhook.server.connections == 3)
            stopping = asyncio.Task(webhook.server.stop(drain_seconds=5))
            assert await idle_reader.read() == b""
            halfway_writer.write(signed(numbered(2))[-10:])
            intake.gate.set()
            assert (await busy).status == 202
            halfway = await read_reply(halfway_reader)
            assert (halfway.status, halfway.is_closed) == (202, True)
            await stopping
            assert webhook.server.connections == 0
            with pytest.raises(OSError, match=r"refused|failed"):
                await asyncio.open_connection(*webhook.address)
            idle_writer.close()
            halfway_writer.close()
        assert len(intake.records) == 2


async def test_every_answer_is_json_that_names_no_software(webhook: Webhook) -> None:
    for data in (signed(), request(method="GET"), b"junk\r\n\r\n", request(b"{}")):
        reply = await webhook.send(data)
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["server"] == "incident-response"
        assert reply.headers["cache-control"] == "no-store"
        assert b"aiohttp" not in reply.raw
        assert json.loads(reply.body)["request_id"]


def test_every_shipped_source_has_a_scheme_here() -> None:
    assert set(AUTHENTICATORS) == {"grafana-oncall", "alertmanager", "generic"}
