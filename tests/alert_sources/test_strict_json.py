import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_response.alert_sources import strict_json
from incident_response.domain.errors import InvalidAlertError
from incident_response.domain.model import Json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)
MANY = settings(max_examples=600, deadline=None)


@settings(deadline=None)
@given(value=st.dictionaries(st.text(), VALUES), ascii_only=st.booleans())
def test_what_a_writer_wrote_is_read_back(value: dict[str, Any], ascii_only: bool) -> None:
    assert strict_json.parse(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@MANY
@given(
    raw=st.binary(max_size=200)
    | st.text('{}[]":,\\u0dDeE89fF1-.tfn \x00é', max_size=80).map(str.encode)
)
def test_any_bytes_are_an_object_or_refused(raw: bytes) -> None:
    found = attempted(raw)
    if isinstance(found, InvalidAlertError):
        assert (found.status, found.kind in KINDS) == (400, True)
    else:
        assert json.dumps(found, ensure_ascii=False).encode()
        assert json.loads(raw) == found


KINDS = {"invalid_json", "too_deep", "duplicate_key"}


def attempted(raw: bytes) -> Json | InvalidAlertError:
    try:
        return strict_json.parse(raw)
    except InvalidAlertError as refusal:
        return refusal


@settings(deadline=None)
@given(value=st.dictionaries(st.text(max_size=3), VALUES, min_size=1), data=st.data())
def test_one_changed_byte_is_no_unhandled_error(value: dict[str, Any], data: Any) -> None:
    raw = bytearray(json.dumps(value, ensure_ascii=False).encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    found = attempted(bytes(raw))
    assert not isinstance(found, InvalidAlertError) or found.kind in KINDS


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":' * 31 + b"{}" + b"}" * 31,
        b'{"a": "' + b"[" * 1_000 + b'"}',
        b'{"a": "\\"' + b"[{" * 1_000 + b'\\\\"}',
        b'{"a": [' + b"[]," * 5_000 + b"0]}",
    ],
    ids=["32 deep", "brackets in a string", "after an escaped quote", "wide"],
)
def test_what_is_not_deep_is_let_through(raw: bytes) -> None:
    assert strict_json.parse(raw)


@pytest.mark.parametrize(
    "raw",
    [b'{"a":' * 32 + b"{}" + b"}" * 32, b"[" * 262_144, b'"\\\\"' * 10 + b"[" * 100],
    ids=["33 deep", "256 KiB of brackets", "behind strings"],
)
def test_what_is_too_deep_is_refused_as_such(raw: bytes) -> None:
    with pytest.raises(InvalidAlertError) as refusal:
        strict_json.parse(raw)
    assert refusal.value.kind == "too_deep"


@pytest.mark.timeout(10)
@pytest.mark.parametrize("unit", [b'"\\', b'\\"', b'"', b"\\", b'"["', b"[]", b"{}"])
def test_no_pattern_of_256_kib_takes_more_than_moments(unit: bytes) -> None:
    with pytest.raises(InvalidAlertError):
        strict_json.parse(unit * (262_144 // len(unit)))


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert strict_json.parse(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_a_body_over_256_kib_is_too_large() -> None:
    with pytest.raises(InvalidAlertError) as refusal:
        strict_json.parse(b" " * 262_145)
    assert (refusal.value.status, refusal.value.kind) == (413, "too_large")
