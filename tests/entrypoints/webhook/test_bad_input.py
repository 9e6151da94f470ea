"""Every row of the bad-input catalogue, with its status and error code."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from incident_response.domain.alert import IntakeStatus
from tests.entrypoints.webhook.serving import (
    KEY,
    PATH,
    Reply,
    Webhook,
    encoded,
    read_reply,
    request,
    serving,
    sign,
    signed,
)
from tests.fakes.alerts import ALERTMANAGER, SPECIFIED, changed
from tests.fakes.intake import FakeIntake
from tests.fakes.spool import FakeSpool

BODY = encoded(SPECIFIED)
SIGNATURE = "X-Grafana-OnCall-Signature"
JSON_TYPE = ("Content-Type", "application/json")


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    async with serving() as running:
        yield running


def with_header(name: str, *values: str, body: bytes = BODY) -> bytes:
    return request(body, headers=[JSON_TYPE, *((name, value) for value in values)])


def chunked(body: bytes, *, step: int = 500) -> bytes:
    pieces = (body[at : at + step] for at in range(0, len(body), step))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def in_chunks(body: bytes, framed: bytes) -> bytes:
    headers = [JSON_TYPE, (SIGNATURE, sign(body)), ("Transfer-Encoding", "chunked")]
    return request(b"", headers=headers, has_length=False) + framed


def at_alertmanager(timestamp: str | None, *, body: bytes = encoded(ALERTMANAGER)) -> bytes:
    told = [] if timestamp is None else [("X-Grafana-Alerting-Timestamp", timestamp)]
    signature = sign(b"%s:%s" % ((timestamp or "").encode("latin-1"), body))
    headers = [JSON_TYPE, ("X-Grafana-Alerting-Signature", signature), *told]
    return request(body, path="/alerts/alertmanager", headers=headers)


def nested(depth: int) -> bytes:
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def is_refusal(reply: Reply, status: int, error: str) -> None:
    assert (reply.status, reply.error) == (status, error)
    assert set(reply.json) <= {"error", "message", "request_id", "pointers"}
    assert reply.json["message"]
    assert reply.json["request_id"]


STORE_TROUBLES = ["refuses", "hangs", "loses replies"]


def troubled(trouble: str) -> FakeIntake:
    intake = FakeIntake()
    intake.is_down = trouble == "refuses"
    intake.lost_replies = 100 if trouble == "loses replies" else 0
    if trouble == "hangs":
        intake.gate.clear()
    return intake


NOW = 1772442000  # where the test's clock stands

WIRE_ROWS = {
    "no length": (request(BODY, has_length=False), 400, "bad_request"),
    "two lengths": (request(BODY, headers=[("Content-Length", "5")]), 400, "bad_request"),
    "length and chunks": (
        request(BODY, headers=[("Transfer-Encoding", "chunked")]),
        400,
        "bad_request",
    ),
    "signed length": (
        request(BODY, headers=[("Content-Length", "+5")], has_length=False),
        400,
        "bad_request",
    ),
    "unknown transfer coding": (
        request(headers=[("Transfer-Encoding", "gzip, chunked")], has_length=False),
        400,
        "bad_request",
    ),
    "bad chunk size": (in_chunks(BODY, b"zz\r\nhello\r\n0\r\n\r\n"), 400, "bad_request"),
    "bad chunk end": (in_chunks(BODY, b"5\r\nhelloXX0\r\n\r\n"), 400, "bad_request"),
    "endless chunk size": (in_chunks(BODY, b"0" * 100), 400, "bad_request"),
    "chunk trailer": (in_chunks(BODY, b"0\r\nX-A: 1\r\n\r\n"), 400, "bad_request"),
    "folded header": (
        request(BODY, headers=[("X-A", "1\r\n folded")]),
        400,
        "bad_request",
    ),
    "space before colon": (request(BODY, headers=[("X-A ", "1")]), 400, "bad_request"),
    "control character in header": (request(BODY, headers=[("X-A", "\x01")]), 400, "bad_request"),
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, "bad_request"),
    "bare line feeds": (b"POST / HTTP/1.1\nHost: a\n\n", 400, "bad_request"),
    "websocket": (request(BODY, headers=[("Upgrade", "websocket")]), 400, "bad_request"),
    "headers over 16 KiB": (
        request(BODY, headers=[("X-A", "a" * 17_000)]),
        431,
        "headers_too_large",
    ),
    "headers over 16 KiB that never end": (
        b"POST / HTTP/1.1\r\nX-A: " + b"a" * 17_000,
        431,
        "headers_too_large",
    ),
    "65 header lines": (
        request(BODY, headers=[(f"X-{n}", "1") for n in range(63)]),
        431,
        "headers_too_large",
    ),
}


@pytest.mark.parametrize("row", WIRE_ROWS.values(), ids=WIRE_ROWS)
async def test_what_is_no_clear_request_is_refused_and_the_connection_closed(
    webhook: Webhook, row: tuple[bytes, int, str]
) -> None:
    data, status, error = row
    reply = await webhook.send(data)
    is_refusal(reply, status, error)
    assert reply.is_closed


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", [PATH, "/alerts/alertmanager", "/nowhere"])
async def test_any_other_method_is_not_allowed(webhook: Webhook, method: str, path: str) -> None:
    reply = await webhook.send(request(method=method, path=path, has_length=False))
    is_refusal(reply, 405, "method_not_allowed")
    assert reply.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/", "/alerts", "/alerts/", "/alerts/nobody", PATH + "/"])
async def test_an_unknown_path_is_not_found(webhook: Webhook, path: str) -> None:
    is_refusal(await webhook.post(path=path), 404, "not_found")


async def test_a_body_announced_over_256_kib_is_too_large_before_it_is_read(
    webhook: Webhook,
) -> None:
    headers = [("Content-Length", "262145"), (SIGNATURE, "0" * 64)]
    reply = await webhook.send(request(headers=headers, has_length=False))
    is_refusal(reply, 413, "too_large")
    assert reply.is_closed


async def test_a_stream_that_passes_256_kib_is_too_large(webhook: Webhook) -> None:
    body = b" " * 262_145
    reply = await webhook.send(in_chunks(body, chunked(body, step=8_000)))
    is_refusal(reply, 413, "too_large")
    assert reply.is_closed


@pytest.mark.parametrize("announced", [True, False], ids=["length", "chunks"])
async def test_an_authentic_alert_of_256_kib_is_accepted(
    webhook: Webhook, announced: bool
) -> None:
    spare = 262_144 - len(encoded(changed(SPECIFIED, alerts__0__message="")))
    body = encoded(changed(SPECIFIED, alerts__0__message="x" * spare))
    assert len(body) == 262_144
    reply = await webhook.send(signed(body) if announced else in_chunks(body, chunked(body)))
    assert (reply.status, reply.json["status"]) == (202, "accepted")


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate", "gzip, identity", ""])
async def test_an_encoded_body_is_not_supported(webhook: Webhook, coding: str) -> None:
    body = gzip.compress(BODY)
    headers = [JSON_TYPE, (SIGNATURE, sign(body)), ("Content-Encoding", coding)]
    reply = await webhook.send(request(body, headers=headers))
    is_refusal(reply, 415, "encoding_not_supported")


UNAUTHORIZED_ROWS = {
    "no signature": request(BODY, headers=[JSON_TYPE]),
    "empty signature": with_header(SIGNATURE, ""),
    "not hex": with_header(SIGNATURE, "g" * 64),
    "short": with_header(SIGNATURE, sign(BODY)[:63]),
    "long": with_header(SIGNATURE, sign(BODY) + "0"),
    "prefixed": with_header(SIGNATURE, "sha256=" + sign(BODY)),
    "not ASCII": with_header(SIGNATURE, "\xe9" * 64),
    "wrong key": with_header(SIGNATURE, sign(BODY, b"another key")),
    "empty key": with_header(SIGNATURE, sign(BODY, b"")),
    "signed another body": with_header(SIGNATURE, sign(BODY + b" ")),
    "two signatures": with_header(SIGNATURE, sign(BODY), sign(BODY)),
    "no timestamp": at_alertmanager(None),
    "empty timestamp": at_alertmanager(""),
    "NaN": at_alertmanager("NaN"),
    "underscore": at_alertmanager("1_72442000"),
    "Arabic digits": at_alertmanager(
        "".join(chr(0x0660 + int(digit)) for digit in str(NOW)).encode().decode("latin-1")
    ),
    "signed number": at_alertmanager("+772442000"),
    "fraction": at_alertmanager(f"{NOW}.0"),
    "too old": at_alertmanager(str(NOW - 301)),
    "too new": at_alertmanager(str(NOW + 301)),
    "two timestamps": at_alertmanager(str(NOW)).replace(
        b"\r\nContent-Length",
        b"\r\nX-Grafana-Alerting-Timestamp: %d\r\nContent-Length" % NOW,
    ),
    "no bearer": request(BODY, path="/alerts/generic", headers=[JSON_TYPE]),
    "wrong bearer": request(
        BODY, path="/alerts/generic", headers=[JSON_TYPE, ("Authorization", "Bearer nothing")]
    ),
    "basic": request(
        BODY, path="/alerts/generic", headers=[JSON_TYPE, ("Authorization", "Basic YTpi")]
    ),
}


@pytest.mark.parametrize("data", UNAUTHORIZED_ROWS.values(), ids=UNAUTHORIZED_ROWS)
async def test_every_failure_to_authenticate_gets_the_same_answer(
    webhook: Webhook, data: bytes
) -> None:
    reply = await webhook.send(data)
    is_refusal(reply, 401, "unauthorized")
    assert reply.json["message"] == "The request is not authenticated."
    assert await webhook.backend.intake.troubled(limit=1) == []


@pytest.mark.parametrize("offset", [-300, 0, 300])
async def test_a_timestamp_within_five_minutes_is_good(webhook: Webhook, offset: int) -> None:
    reply = await webhook.send(at_alertmanager(str(NOW + offset)))
    assert (reply.status, reply.json["status"]) == (202, "accepted")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "", "application/json; charset=utf-16", "text/json"],
)
async def test_another_content_type_is_not_supported(webhook: Webhook, content_type: str) -> None:
    reply = await webhook.post(content_type=content_type)
    is_refusal(reply, 415, "content_type_not_supported")


async def test_a_missing_content_type_is_not_supported(webhook: Webhook) -> None:
    reply = await webhook.send(request(BODY, headers=[(SIGNATURE, sign(BODY))]))
    is_refusal(reply, 415, "content_type_not_supported")


@pytest.mark.parametrize("content_type", ["application/json;charset=UTF-8", "Application/JSON"])
async def test_json_may_name_its_character_set(webhook: Webhook, content_type: str) -> None:
    assert (await webhook.post(content_type=content_type)).status == 202


JSON_ROWS = {
    "empty": (b"", "invalid_json"),
    "truncated": (BODY[:-5], "invalid_json"),
    "trailing data": (BODY + b"{}", "invalid_json"),
    "byte order mark": (b"\xef\xbb\xbf" + BODY, "invalid_json"),
    "UTF-16": (BODY.decode().encode("utf-16"), "invalid_json"),
    "UTF-16 without mark": (BODY.decode().encode("utf-16-le"), "invalid_json"),
    "invalid UTF-8": (b'{"a": "\xff"}', "invalid_json"),
    "overlong UTF-8": (b'{"a": "\xc0\xaf"}', "invalid_json"),
    "lone surrogate": (b'{"a": "\\ud800"}', "invalid_json"),
    "lone surrogate in a key": (b'{"\\udfff": 1}', "invalid_json"),
    "encoded surrogate": (b'{"a": "\xed\xa0\x80"}', "invalid_json"),
    "NaN": (b'{"a": NaN}', "invalid_json"),
    "Infinity": (b'{"a": Infinity}', "invalid_json"),
    "minus Infinity": (b'{"a": -Infinity}', "invalid_json"),
    "1e999": (b'{"a": 1e999}', "invalid_json"),
    "5,000 digits": (b'{"a": ' + b"1" * 5_000 + b"}", "invalid_json"),
    "depth 33": (nested(33), "too_deep"),
    "depth 100,000": (b"[" * 100_000, "too_deep"),
    "duplicate key": (b'{"state":"resolved","state":"firing"}', "duplicate_key"),
    "nested duplicate key": (b'{"a":[{"b":1,"b":1}]}', "duplicate_key"),
    "escaped duplicate key": (b'{"a":1,"\\u0061":2}', "duplicate_key"),
    "array": (b"[1]", "invalid_json"),
    "string": (b'"a"', "invalid_json"),
    "null": (b"null", "invalid_json"),
    "control character": (b'{"a": "\x01"}', "invalid_json"),
}


@pytest.mark.parametrize("row", JSON_ROWS.values(), ids=JSON_ROWS)
async def test_what_is_not_strict_json_is_refused(
    webhook: Webhook, row: tuple[bytes, str]
) -> None:
    body, error = row
    is_refusal(await webhook.post(body), 400, error)


def without(*path: str) -> Any:
    copy = json.loads(BODY)
    place = copy
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return copy


SHAPE_ROWS = {
    "nothing": ({}, ["/alert_group_id", "/alert_group", "/integration_id", "/alerts"]),
    "id missing": (without("alert_group_id"), ["/alert_group_id"]),
    "group missing": (without("alert_group"), ["/alert_group"]),
    "state missing": (without("alert_group", "state"), ["/alert_group/state"]),
    "title missing": (without("alert_group", "title"), ["/alert_group/title"]),
    "integration missing": (without("integration_id"), ["/integration_id"]),
    "alerts missing": (without("alerts"), ["/alerts"]),
    "id a number": (changed(SPECIFIED, alert_group_id=7), ["/alert_group_id"]),
    "state a number": (changed(SPECIFIED, alert_group__state=7), ["/alert_group/state"]),
    "title a list": (changed(SPECIFIED, alert_group__title=[]), ["/alert_group/title"]),
    "labels a list": (changed(SPECIFIED, labels=[]), ["/labels"]),
    "alert a text": (changed(SPECIFIED, alerts=["x"]), ["/alerts/0"]),
    "alert id a number": (changed(SPECIFIED, alerts__0__id=3), ["/alerts/0/id"]),
    "id empty": (changed(SPECIFIED, alert_group_id=""), ["/alert_group_id"]),
    "id blank": (changed(SPECIFIED, alert_group_id="  "), ["/alert_group_id"]),
    "id of 129": (changed(SPECIFIED, alert_group_id="i" * 129), ["/alert_group_id"]),
    "control character in id": (changed(SPECIFIED, alert_group_id="a\nb"), ["/alert_group_id"]),
    "no alerts": (changed(SPECIFIED, alerts=[]), ["/alerts"]),
    "101 alerts": (changed(SPECIFIED, alerts=[{"id": "a"}] * 101), ["/alerts"]),
    "more faults than are told": (
        changed(SPECIFIED, alerts=[{}] * 9),
        [f"/alerts/{n}/id" for n in range(5)],
    ),
}


@pytest.mark.parametrize("row", SHAPE_ROWS.values(), ids=SHAPE_ROWS)
async def test_json_of_the_wrong_shape_is_an_invalid_payload(
    webhook: Webhook, row: tuple[Any, list[str]]
) -> None:
    body, pointers = row
    reply = await webhook.post(body)
    is_refusal(reply, 422, "invalid_payload")
    assert reply.json["pointers"] == pointers


@pytest.mark.parametrize(
    "body",
    [
        changed(SPECIFIED, alert_group_id="i" * 128),
        changed(SPECIFIED, alerts=[{"id": "a"}] * 100),
        changed(SPECIFIED, alert_group__title="t" * 1_001),
        changed(SPECIFIED, something_new={"we": ["never", "heard", "of"]}),
        changed(SPECIFIED, labels={f"l{n}": "v" * 2_000 for n in range(120)}),
    ],
    ids=["id of 128", "100 alerts", "title over 1 k", "unknown field", "many long labels"],
)
async def test_what_is_only_long_or_new_is_accepted(webhook: Webhook, body: Any) -> None:
    reply = await webhook.post(body)
    assert (reply.status, reply.json["status"]) == (202, "accepted")


async def test_an_authentic_unknown_state_is_quarantined(webhook: Webhook) -> None:
    reply = await webhook.post(changed(SPECIFIED, alert_group__state="perplexed"))
    assert (reply.status, reply.json["status"]) == (202, "quarantined")
    (record,) = await webhook.backend.intake.troubled(limit=9)
    assert (record.status, record.alert.raw_state) == (IntakeStatus.QUARANTINED, "perplexed")


@pytest.mark.parametrize("state", ["silenced", "acknowledged"])
async def test_silenced_and_acknowledged_are_ignored_and_kept(
    webhook: Webhook, state: str
) -> None:
    reply = await webhook.post(changed(SPECIFIED, alert_group__state=state))
    assert (reply.status, reply.json["status"]) == (200, "ignored")
    assert await webhook.backend.intake.get(reply.json["event_id"]) is not None


async def test_a_new_alert_is_accepted(webhook: Webhook) -> None:
    reply = await webhook.post()
    assert (reply.status, reply.json["status"]) == (202, "accepted")
    assert set(reply.json) == {"status", "event_id", "request_id"}
    record = await webhook.backend.intake.get(reply.json["event_id"])
    assert record is not None
    assert (record.status, record.raw_excerpt) == (IntakeStatus.PENDING, BODY.decode())


async def test_a_folded_one_is_a_duplicate(webhook: Webhook) -> None:
    first = await webhook.post()
    await webhook.backend.intake.mark(first.json["event_id"], IntakeStatus.FOLDED)
    again = await webhook.post()
    assert (again.status, again.json["status"]) == (200, "duplicate")
    assert again.json["event_id"] == first.json["event_id"]


class TestWhileTheStoreIsDown:
    @pytest.mark.parametrize("trouble", STORE_TROUBLES)
    async def test_an_authentic_alert_is_spooled(self, trouble: str) -> None:
        spool = FakeSpool()
        async with serving(intake=troubled(trouble), spool=spool, store_seconds=0.6) as webhook:
            replies = [await webhook.post(), await webhook.post()]
        for reply in replies:
            assert (reply.status, reply.json["status"]) == (202, "spooled")
            assert set(reply.json) == {"status", "event_id", "request_id"}
        assert [r.event_id for r in spool.records] == [r.json["event_id"] for r in replies]
        assert {r.raw_excerpt for r in spool.records} == {BODY.decode()}

    @pytest.mark.parametrize("trouble", STORE_TROUBLES)
    @pytest.mark.parametrize("is_hanging", [False, True])
    async def test_and_the_spool_fails_too_it_is_unavailable(
        self, trouble: str, is_hanging: bool
    ) -> None:
        spool = FakeSpool()
        spool.is_down = True
        if is_hanging:
            spool.gate.clear()
        async with serving(intake=troubled(trouble), spool=spool, store_seconds=0.3) as webhook:
            reply = await webhook.post()
        is_refusal(reply, 503, "unavailable")
        assert reply.headers["retry-after"] == "5"

    async def test_what_is_no_authentic_alert_is_refused_as_ever_and_not_spooled(self) -> None:
        spool = FakeSpool()
        async with serving(intake=troubled("refuses"), spool=spool) as webhook:
            is_refusal(await webhook.post(key=b"another"), 401, "unauthorized")
            is_refusal(await webhook.post(b"{"), 400, "invalid_json")
            is_refusal(await webhook.post(b"{}"), 422, "invalid_payload")
        assert not spool.records


async def test_over_fifty_unauthenticated_a_second_are_limited_and_authentic_ones_never(
    webhook: Webhook,
) -> None:
    bad = request(b"{}", headers=[JSON_TYPE])
    replies = [await webhook.send(bad) for _ in range(60)]
    assert [r.status for r in replies] == [401] * 50 + [429] * 10
    is_refusal(replies[-1], 429, "rate_limited")
    assert replies[-1].headers["retry-after"] == "1"
    assert (await webhook.post()).status == 202
    webhook.clock.advance(1.0)
    assert (await webhook.send(bad)).status == 401


class TestPace:
    async def test_heads_and_bodies_that_do_not_come_in_time_are_refused(
        self, webhook: Webhook
    ) -> None:
        head = request(headers=[("Content-Length", "9000")], has_length=False)
        late_heads = [b"", b"POST /alerts", head[:-2]]
        late_bodies = [head, head + b"x" * 100]
        began = asyncio.get_running_loop().time()
        outcomes = await asyncio.gather(
            *(self._wait(webhook, d) for d in late_heads + late_bodies)
        )
        for reply, seconds in outcomes:
            is_refusal(reply, 408, "timeout")
            assert reply.is_closed
            assert 1.9 < seconds - began < 4.0

    async def test_a_body_that_trickles_is_refused_after_five_seconds(
        self, webhook: Webhook
    ) -> None:
        reader, writer = await asyncio.open_connection(*webhook.address)
        began = asyncio.get_running_loop().time()
        writer.write(request(headers=[("Content-Length", "200000")], has_length=False))

        async def trickle() -> None:
            while True:
                writer.write(b"x" * 400)
                await asyncio.sleep(0.1)

        async with asyncio.TaskGroup() as tasks:
            trickling = tasks.create_task(trickle())
            reply = await read_reply(reader)
            trickling.cancel()
        is_refusal(reply, 408, "timeout")
        assert 4.5 < asyncio.get_running_loop().time() - began < 7.5
        writer.close()

    async def _wait(self, webhook: Webhook, data: bytes) -> tuple[Reply, float]:
        reply = await webhook.send(data)
        return reply, asyncio.get_running_loop().time()


class TestOrder:
    """Where a request is wrong in several ways, the earlier check answers."""

    async def test_method_before_path(self, webhook: Webhook) -> None:
        assert (await webhook.send(request(method="PUT", path="/nowhere"))).status == 405

    async def test_path_before_length(self, webhook: Webhook) -> None:
        headers = [("Content-Length", "999999")]
        data = request(path="/nowhere", headers=headers, has_length=False)
        assert (await webhook.send(data)).status == 404

    async def test_length_before_encoding(self, webhook: Webhook) -> None:
        headers = [("Content-Length", "999999"), ("Content-Encoding", "gzip")]
        assert (await webhook.send(request(headers=headers, has_length=False))).status == 413

    async def test_encoding_before_authentication(self, webhook: Webhook) -> None:
        data = request(BODY, headers=[("Content-Encoding", "gzip")])
        assert (await webhook.send(data)).status == 415

    async def test_authentication_before_type(self, webhook: Webhook) -> None:
        assert (await webhook.post(key=b"wrong", content_type="text/plain")).status == 401

    async def test_type_before_json(self, webhook: Webhook) -> None:
        assert (await webhook.post(b"{", content_type="text/plain")).status == 415

    async def test_json_before_shape(self, webhook: Webhook) -> None:
        assert (await webhook.post(b'{"alerts": [], "alerts": []}')).error == "duplicate_key"


async def test_the_bearer_scheme_lets_its_key_in(webhook: Webhook) -> None:
    headers = [JSON_TYPE, ("Authorization", f"bearer {KEY.decode().replace(' ', '-')}")]
    await webhook.backend.secrets.put("alerts", KEY.replace(b" ", b"-"))
    body = b'{"id": "1", "state": "firing", "title": "t"}'
    reply = await webhook.send(request(body, path="/alerts/generic", headers=headers))
    assert reply.status == 202
