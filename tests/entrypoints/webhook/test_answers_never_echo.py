"""Whatever is sent, the answer is well-formed, no 5xx, and holds nothing of it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.entrypoints.webhook.serving import (
    Reply,
    Webhook,
    encoded,
    request,
    serving,
    sign,
    signed,
)
from tests.fakes.alerts import ALERTMANAGER, GENERIC, NATIVE, SPECIFIED, changed

EXCHANGES = settings(max_examples=150, deadline=None)
STRANGE = st.text("abcxyzQRS019 <>\"'\\/{}%é\n", min_size=12, max_size=60)


ORDINARY = (
    b"\r\n\r\n",
    request(method="GET"),
    request(path="/"),
    request(headers=[("Content-Encoding", "br")]),
    request(),
    signed(content_type="text/plain"),
    signed(b""),
    signed(b"[" * 33),
    signed(b'{"a":1,"a":1}'),
    signed({}),
    signed(SPECIFIED),
)


class Running:
    """A webhook that outlives the examples of a property."""

    def __init__(self, runner: asyncio.Runner, webhook: Webhook) -> None:
        self.webhook = webhook
        self._runner = runner
        self.own_words = b"".join(self.send(data).raw for data in ORDINARY)
        """Answers to requests that hold nothing odd: what may stand in any answer."""

    def send(self, data: bytes) -> Reply:
        self.webhook.clock.advance(1)
        return self._runner.run(self.webhook.send(data, ends=True))


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with asyncio.Runner() as runner:
        context = serving()
        webhook = runner.run(_awaited(context.__aenter__))
        yield Running(runner, webhook)
        runner.run(_awaited(lambda: context.__aexit__(None, None, None)))


async def _awaited(call: Callable[[], Awaitable[Any]]) -> Any:
    return await call()


def holds_nothing_of(running: Running, data: bytes, *inputs: str | bytes) -> None:
    reply = running.send(data)
    assert reply.status < 500
    for told in inputs:
        raw = told.encode() if isinstance(told, str) else told
        parts = {raw[at : at + 8] for at in range(len(raw) - 7)}
        assert [
            part for part in parts if part in reply.raw and part not in running.own_words
        ] == []


@EXCHANGES
@given(text=STRANGE, place=st.integers(0, 9))
def test_text_anywhere_in_a_request_comes_not_back(
    running: Running, text: str, place: int
) -> None:
    key = next(iter({"".join(c for c in text if c.isalnum() and c.isascii()), "x" * 12} - {""}))
    raw = text.encode()
    requests = [
        signed(changed(SPECIFIED, alert_group_id=text)),
        signed(changed(SPECIFIED, alert_group__state=text)),
        signed(changed(SPECIFIED, alerts=[{text: text}])),
        signed(changed(SPECIFIED, labels={text: [text]}, alerts=[])),
        signed(changed(NATIVE, event={"type": text, "time": text})),
        signed(raw),
        signed(b'{"%s":1,"%s":2}' % (key.encode(), key.encode())),
        request(raw, path=f"/{key}"),
        request(raw, headers=[("X-Grafana-OnCall-Signature", key), ("Expect", key)]),
        request(raw, method="POST", headers=[("Content-Type", key), (key, key)]),
    ]
    holds_nothing_of(running, requests[place], text, key)


@EXCHANGES
@given(data=st.binary(min_size=12, max_size=200))
def test_bytes_that_are_no_request_come_not_back(running: Running, data: bytes) -> None:
    holds_nothing_of(running, data + b"\r\n\r\n", data)


@EXCHANGES
@given(target=st.text("ab%/?#[]:@;=&\\|^~'\"<>", min_size=12, max_size=60))
def test_a_strange_target_comes_not_back(running: Running, target: str) -> None:
    holds_nothing_of(running, request(path=target), target)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@EXCHANGES
@given(value=JSON_VALUES, where=st.integers(0, 30), body=st.sampled_from([SPECIFIED, NATIVE]))
def test_an_authentic_alert_with_one_odd_value_is_answered(
    running: Running, value: Any, where: int, body: Any
) -> None:
    places = list(_places(body))
    reply = running.send(signed(changed(body, **{places[where % len(places)]: value})))
    assert reply.status in (200, 202, 422)


def test_alerts_of_every_source_pass(running: Running) -> None:
    stamp = str(int(running.webhook.clock.now().timestamp()) + 1)
    raw = encoded(ALERTMANAGER)
    headers = [
        ("Content-Type", "application/json"),
        ("X-Grafana-Alerting-Signature", sign(b"%s:%s" % (stamp.encode(), raw))),
        ("X-Grafana-Alerting-Timestamp", stamp),
    ]
    assert running.send(request(raw, path="/alerts/alertmanager", headers=headers)).status == 202
    assert running.send(signed(NATIVE)).status == 202
    assert running.send(request(encoded(GENERIC), path="/alerts/generic")).status == 401


def _places(value: Any, before: str = "") -> Iterator[str]:
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield f"{before}{key}"
        yield from _places(inner, f"{before}{key}__")
