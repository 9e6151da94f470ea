"""What we send to Statuspage against Statuspage's own machine-readable contract."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from incident_response.adapters.statuspage import incident_body
from incident_response.domain.draft import (
    BODY_LIMIT,
    TITLE_LIMIT,
    Component,
    ComponentStatus,
    PageImpact,
    PageStatus,
)
from tests.fakes.approvals import approved, page_message

CONTRACT = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "statuspage"

if not CONTRACT.is_dir():
    pytest.skip(f"did not run: no contract at {CONTRACT}", allow_module_level=True)

REQUESTS = ("postPagesPageIdIncidents", "patchPagesPageIdIncidents")
READ = {
    "/pages/{page_id}": set[str](),
    "/pages/{page_id}/components": {"page", "per_page"},
    "/pages/{page_id}/subscribers/count": set[str](),
    "/pages/{page_id}/incidents/unresolved": {"per_page"},
    "/pages/{page_id}/incidents": {"limit"},
    "/pages/{page_id}/incidents/{incident_id}": set[str](),
}
"""What the adapter reads, with the arguments it gives."""


@pytest.fixture(scope="module")
def contract() -> Any:
    return json.loads((CONTRACT / "openapi.json").read_text())


@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.parametrize("status", PageStatus)
@pytest.mark.parametrize("impact", PageImpact)
def test_every_message_fits_what_the_contract_takes(
    contract: Any, request_name: str, status: PageStatus, impact: PageImpact
) -> None:
    parts = tuple(Component(component_id=s, name=s, status=s) for s in ComponentStatus)
    message = page_message(status=status, impact=impact, components=parts)
    body = incident_body(approved(message))
    schema = contract["components"]["schemas"][request_name]
    Draft202012Validator(schema).validate({"incident": body})
    taken = schema["properties"]["incident"]["properties"]
    assert set(body) <= set(taken)
    metadata = body["metadata"]
    assert isinstance(metadata, dict)
    assert all(isinstance(value, dict) for value in metadata.values())
    (example,) = taken["components"]["properties"].values()
    assert {*ComponentStatus} <= set(example["enum"])


def test_our_longest_title_and_text_are_no_longer_than_the_contract_allows() -> None:
    assert TITLE_LIMIT <= 255
    assert BODY_LIMIT <= 25_000


@pytest.mark.parametrize("path", READ)
def test_everything_we_read_and_every_argument_is_in_the_contract(
    contract: Any, path: str
) -> None:
    known = {given["name"] for given in contract["paths"][path]["get"].get("parameters", [])}
    assert READ[path] <= known
