"""Statuspage's stand-in against Statuspage's own machine-readable contract.

The contract's answers know no null, and its errors are not the ones the servers send; the first is
passed over here, the second is what the stand-in's own tests are about.
"""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from incident_response.sandbox.store import Store
from incident_response.sandbox.tidewater import TIDEWATER
from incident_response.sandbox.vendors.statuspage.api import PREFIX, routes
from incident_response.sandbox.vendors.statuspage.board import StatusBoard
from incident_response.sandbox.vendors.statuspage.drafting import LONGEST_BODY, LONGEST_NAME
from incident_response.sandbox.vendors.statuspage.model import COMPONENT_STATUSES, IMPACTS
from incident_response.sandbox.vendors.statuspage.pace import Pace
from tests.sandbox.vendors.serving import NOON, serving, still_world

CONTRACT = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "statuspage"

if not CONTRACT.is_dir():
    pytest.skip(f"did not run: no contract at {CONTRACT}", allow_module_level=True)

KEY = {"Authorization": "OAuth sp_test"}
PAGE = "/pages/{page_id}"
INCIDENT = f"{PAGE}/incidents/{{incident_id}}"
CHECKOUT = TIDEWATER.services[0].component_id
CREATE = {
    "name": "Checkout is failing",
    "status": "identified",
    "body": "Some payments fail.",
    "impact_override": "major",
    "component_ids": [CHECKOUT],
    "components": {CHECKOUT: "partial_outage"},
    "deliver_notifications": False,
    "metadata": {"incident_response": {"key": "inc-1:abc"}},
}


def load_contract() -> Any:
    # One schema is of type "Object", which JSON Schema does not have.
    text = (CONTRACT / "openapi.json").read_text().replace('"type": "Object"', '"type": "object"')
    return json.loads(text)


@pytest.fixture(scope="module")
def contract() -> Any:
    return load_contract()


@pytest.fixture
async def server() -> AsyncIterator[ClientSession]:
    board = StatusBoard(TIDEWATER, Store(table="statuspage"), now=NOON)
    async with serving(routes(still_world(), board, "sp_test", pace=Pace())) as session:
        yield session
    board.close()


def served() -> Iterator[tuple[str, str]]:
    board = StatusBoard(TIDEWATER, Store(table="statuspage"), now=NOON)
    names = {
        "{page}": "{page_id}",
        "{component}": "{component_id}",
        "{incident}": "{incident_id}",
        "{update}": "{incident_update_id}",
    }
    for route in routes(still_world(), board, "sp_test", pace=Pace()):
        path = route.path.removeprefix(PREFIX)
        for ours, theirs in names.items():
            path = path.replace(ours, theirs)
        yield route.method.lower(), path
    board.close()


def without_nulls(body: Any) -> Any:
    if isinstance(body, dict):
        return {name: without_nulls(value) for name, value in body.items() if value is not None}
    return [without_nulls(item) for item in body] if isinstance(body, list) else body


def check(contract: Any, body: Any, method: str, path: str, *, status: str) -> None:
    """Assert that an answer fits, and that the contract knows every one of its fields."""
    resource = DRAFT202012.create_resource(contract)
    registry: Registry[Any] = Registry().with_resource("urn:contract", resource)
    pointer = f"/paths/{path.replace('/', '~1')}/{method}/responses/{status}"
    schema = {"$ref": f"urn:contract#{pointer}/content/application~1json/schema"}
    Draft202012Validator(schema, registry=registry).validate(without_nulls(body))
    answer = contract["paths"][path][method]["responses"][status]
    named = answer["content"]["application/json"]["schema"]
    reference = named.get("$ref") or named["items"]["$ref"]
    known = contract["components"]["schemas"][reference.rpartition("/")[2]]["properties"]
    for row in body if isinstance(body, list) else [body]:
        assert set(row) <= set(known)


def test_every_path_served_is_in_the_contract(contract: Any) -> None:
    for method, path in served():
        assert contract["paths"][path][method]


async def test_answers_fit(server: ClientSession, contract: Any) -> None:
    base = f"{PREFIX}/pages/{TIDEWATER.status_page_id}"

    async def asked(method: str, template: str, path: str, body: Any = None) -> Any:
        async with server.request(method, base + path, json=body, headers=KEY) as reply:
            answer = await reply.json()
            check(contract, answer, method.lower(), template, status=str(reply.status))
            return answer

    created = await asked("POST", f"{PAGE}/incidents", "/incidents", {"incident": CREATE})
    one = f"/incidents/{created['id']}"
    told = created["incident_updates"][0]["id"]
    await asked("PATCH", INCIDENT, one, {"incident": {"status": "resolved"}})
    await asked("PUT", INCIDENT, one, {"incident": {"body": "Really."}})
    edit = {"incident_update": {"body": "Corrected."}}
    template = f"{INCIDENT}/incident_updates/{{incident_update_id}}"
    await asked("PATCH", template, f"{one}/incident_updates/{told}", edit)
    moved = {"component": {"status": "operational"}}
    component = f"{PAGE}/components/{{component_id}}"
    await asked("PATCH", component, f"/components/{CHECKOUT}", moved)
    for template, path in (
        (PAGE, ""),
        (f"{PAGE}/components", "/components"),
        (component, f"/components/{CHECKOUT}"),
        (f"{PAGE}/component-groups", "/component-groups"),
        (f"{PAGE}/incidents", "/incidents"),
        (f"{PAGE}/incidents/unresolved", "/incidents/unresolved"),
        (INCIDENT, one),
        (f"{PAGE}/subscribers/count", "/subscribers/count"),
        (f"{PAGE}/subscribers/histogram_by_state", "/subscribers/histogram_by_state"),
    ):
        await asked("GET", template, path)


def test_what_is_read_of_an_incident_is_what_the_contract_takes(contract: Any) -> None:
    for name in ("postPagesPageIdIncidents", "patchPagesPageIdIncidents"):
        taken = contract["components"]["schemas"][name]["properties"]["incident"]["properties"]
        assert set(CREATE) <= set(taken)
        assert set(IMPACTS) == set(taken["impact_override"]["enum"])
        assert taken["deliver_notifications"]["default"] is True
        assert str(LONGEST_NAME) in taken["name"]["description"]
        assert str(LONGEST_BODY) in taken["body"]["description"]
    statuses = contract["components"]["schemas"]["Component"]["properties"]["status"]["enum"]
    assert set(COMPONENT_STATUSES) == set(statuses) - {""}
