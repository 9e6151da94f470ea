import hashlib
import hmac
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_response.alert_sources.authentication import (
    AnyScheme,
    BearerToken,
    BodyHmac,
    SignedRequest,
    TimestampedHmac,
    Verdict,
)
from tests.fakes.clock import START

KEYS = (b"current", b"previous")
BODY = b'{"a": 1}'
STAMP = str(int(START.timestamp())).encode()
SIGNATURE = b"X-Grafana-OnCall-Signature"
ALERTING, TIMESTAMP = b"X-Grafana-Alerting-Signature", b"X-Grafana-Alerting-Timestamp"


def sign(message: bytes, key: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).hexdigest().encode()


def stamped(stamp: bytes, key: bytes = KEYS[0]) -> SignedRequest:
    headers = ((ALERTING, sign(stamp + b":" + BODY, key)), (TIMESTAMP, stamp))
    return SignedRequest(headers, BODY, START)


@pytest.mark.parametrize("key", KEYS)
def test_either_live_key_signs(key: bytes) -> None:
    request = SignedRequest(((SIGNATURE, sign(BODY, key)),), BODY)
    assert BodyHmac().check(request, KEYS) is Verdict.AUTHENTIC
    assert TimestampedHmac().check(stamped(STAMP, key), KEYS) is Verdict.AUTHENTIC
    bearer = SignedRequest(((b"authorization", b"Bearer " + key),))
    assert BearerToken().check(bearer, KEYS) is Verdict.AUTHENTIC


@pytest.mark.parametrize("keys", [(), (b"",), (b"other",)])
def test_no_key_an_empty_key_or_another_key_lets_nobody_in(keys: tuple[bytes, ...]) -> None:
    request = SignedRequest(((SIGNATURE, sign(BODY, b"")),), BODY)
    assert BodyHmac().check(request, keys) is Verdict.MISMATCH
    assert TimestampedHmac().check(stamped(STAMP, b""), keys) is Verdict.MISMATCH
    bearer = SignedRequest(((b"Authorization", b"Bearer x"),))
    assert BearerToken().check(bearer, keys) is Verdict.MISMATCH


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [
        (300, Verdict.AUTHENTIC),
        (-300, Verdict.AUTHENTIC),
        (301, Verdict.STALE),
        (-301, Verdict.STALE),
    ],
)
def test_the_window_is_five_minutes_either_way(seconds: int, verdict: Verdict) -> None:
    request = stamped(str(int(START.timestamp()) + seconds).encode())
    assert TimestampedHmac().check(request, KEYS) is verdict


def test_a_stale_time_under_a_wrong_key_is_a_mismatch_so_that_keys_are_looked_up() -> None:
    assert TimestampedHmac().check(stamped(b"1000000000", b"x"), KEYS) is Verdict.MISMATCH


def test_without_a_time_of_arrival_nothing_is_fresh() -> None:
    request = SignedRequest(stamped(STAMP).headers, BODY)
    assert TimestampedHmac().check(request, KEYS) is Verdict.STALE


def test_headers_and_window_can_be_set() -> None:
    scheme = TimestampedHmac("X-Sig", "X-At", window=timedelta(seconds=1))
    stamp = str(int(START.timestamp()) - 2).encode()
    headers = ((b"x-sig", sign(stamp + b":" + BODY, KEYS[0])), (b"X-AT", stamp))
    assert scheme.check(SignedRequest(headers, BODY, START), KEYS) is Verdict.STALE


@pytest.mark.parametrize("scheme", [BodyHmac(), TimestampedHmac(), BearerToken()])
@given(value=st.binary(max_size=80), stamp=st.binary(max_size=12), copies=st.integers(0, 3))
def test_no_header_whatever_it_holds_raises_or_gets_in(
    scheme: BodyHmac | TimestampedHmac | BearerToken, value: bytes, stamp: bytes, copies: int
) -> None:
    names = [scheme.header.encode()] * copies
    headers = [*((name, value) for name in names), (TIMESTAMP, stamp)]
    verdict = scheme.check(SignedRequest(headers, BODY, START), KEYS)
    assert verdict is not Verdict.AUTHENTIC
    if copies != 1:
        assert verdict is Verdict.MISSING


EITHER = AnyScheme((BodyHmac(), BearerToken()))


def test_a_sender_may_use_any_of_several_schemes() -> None:
    signature = hmac.digest(b"right", b"{}", "sha256").hex().encode()
    signed = SignedRequest(headers=((b"X-Grafana-OnCall-Signature", signature),), body=b"{}")
    bearing = SignedRequest(headers=((b"Authorization", b"Bearer right"),), body=b"{}")
    assert EITHER.check(signed, [b"right"]) is Verdict.AUTHENTIC
    assert EITHER.check(bearing, [b"right"]) is Verdict.AUTHENTIC


def test_what_holds_under_none_of_the_schemes_gets_in_by_none() -> None:
    crossed = SignedRequest(
        headers=((b"X-Grafana-OnCall-Signature", b"right"), (b"Authorization", b"Bearer wrong")),
        body=b"{}",
    )
    assert EITHER.check(crossed, [b"right"]) is Verdict.MISMATCH
    assert EITHER.check(SignedRequest(headers=()), [b"right"]) is Verdict.MISSING


def test_a_wrong_key_under_one_scheme_has_the_keys_looked_up_though_the_other_is_missing() -> None:
    bearing = SignedRequest(headers=((b"Authorization", b"Bearer new"),))
    assert EITHER.check(bearing, [b"old"]) is Verdict.MISMATCH
