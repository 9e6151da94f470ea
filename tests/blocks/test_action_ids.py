import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_response.blocks import action_ids
from incident_response.blocks.action_ids import ButtonValue, decode_value, encode_value
from incident_response.domain.errors import RefusedError
from incident_response.domain.model import IncidentId

INCIDENT = IncidentId("inc-0a1b2c3d4e5f")


@given(step=st.text(max_size=50), choice=st.text(max_size=50), plan=st.text(max_size=50))
def test_a_value_comes_back_as_it_was(step: str, choice: str, plan: str) -> None:
    encoded = encode_value(INCIDENT, step=step, choice=choice, plan=plan)
    assert decode_value(encoded) == ButtonValue(
        incident_id=INCIDENT, step=step, choice=choice, plan=plan
    )


def test_a_value_is_compact_and_says_its_version() -> None:
    assert encode_value(INCIDENT) == '{"v":1,"i":"inc-0a1b2c3d4e5f"}'
    assert encode_value(INCIDENT, step="logs") == '{"v":1,"i":"inc-0a1b2c3d4e5f","s":"logs"}'


def test_a_value_with_more_in_it_than_we_know_still_works() -> None:
    raw = '{"v":1,"i":"inc-0a1b2c3d4e5f","new":[1]}'
    assert decode_value(raw) == ButtonValue(incident_id=INCIDENT)


@pytest.mark.parametrize("version", [0, 2, 99])
def test_a_value_of_another_version_is_superseded(version: int) -> None:
    with pytest.raises(RefusedError) as raised:
        decode_value(json.dumps({"v": version, "i": INCIDENT}))
    assert raised.value.reason == action_ids.SUPERSEDED


@pytest.mark.parametrize(
    "raw",
    ["", "x", "[]", "{}", '{"i":"inc-1"}', '{"v":true,"i":"inc-1"}', '{"v":"1","i":"inc-1"}',
     '{"v":1}', '{"v":1,"i":7}', '{"v":1,"i":"inc-1","s":7}', "[" * 100_000],
)  # fmt: skip
def test_a_value_that_was_never_ours_is_refused_clearly(raw: str) -> None:
    with pytest.raises(RefusedError) as raised:
        decode_value(raw)
    assert raised.value.reason == action_ids.UNREADABLE
