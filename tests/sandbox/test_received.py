import json

import pytest

from incident_response.sandbox.received import Call, ReceivedLog


def call_with(content_type: str, body: bytes) -> Call:
    log = ReceivedLog()
    call = log.begin("vendor.thing", 1.0)
    log.keep_body(call, content_type, body)
    return call


def test_arguments_of_json_form_and_query_are_shown_together() -> None:
    call = call_with("application/x-www-form-urlencoded", b"channel=C1&text=hi%21&empty=")
    call.query = {"pretty": "1"}
    assert call.arguments() == {"pretty": "1", "channel": "C1", "text": "hi!", "empty": ""}
    assert call_with("application/json", b'{"a": [1]}').arguments() == {"a": [1]}
    assert call_with("application/json", b"[1, 2]").arguments() == {"body": [1, 2]}


@pytest.mark.parametrize("name", ["token", "TOKEN", "client_secret", "password"])
def test_secrets_are_left_out(name: str) -> None:
    body = json.dumps({name: "xoxb-1", "text": "hi"}).encode()
    assert call_with("application/json", body).arguments() == {"text": "hi"}


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000])
def test_a_broken_body_shows_only_its_size(body: bytes) -> None:
    shown = call_with("application/json", body).shown()
    assert len(json.dumps(shown)) < 300
    if body != b"[" * 100_000:  # too large to be kept at all
        assert shown["args"] == {"body": f"{len(body)} bytes that are not application/json"}


def test_a_long_value_is_cut() -> None:
    call = call_with("application/json", json.dumps({"text": "x" * 9_000}).encode())
    assert len(str(call.arguments()["text"])) == 2_001


def test_bytes_show_only_their_size() -> None:
    call = call_with("application/octet-stream", b"123")
    assert call.arguments() == {"body": "3 bytes of application/octet-stream"}


def test_matching_gives_the_newest_in_order_and_can_go_on_from_a_number() -> None:
    log = ReceivedLog()
    for n in range(5):
        log.begin("slack.a" if n % 2 else "oncall.b", float(n))
    assert [call.number for call in log.matching(limit=2)] == [4, 5]
    assert [call.number for call in log.matching("oncall.*", after=1)] == [3, 5]
    assert log.matching(limit=0) == []


def test_the_log_is_bounded_and_counts_go_on() -> None:
    log = ReceivedLog()
    for n in range(2_500):
        log.begin("t", float(n))
    assert len(log.matching(limit=10_000)) == 2_000
    assert log.calls_by_target["t"] == 2_500
    log.clear()
    assert log.begin("t", 0).number == 2_501
    assert log.calls_by_target["t"] == 1
