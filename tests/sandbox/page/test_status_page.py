from typing import Any

import pytest
from aiohttp import ClientSession

from incident_response.sandbox.app import Sandbox, VendorTokens
from incident_response.sandbox.tidewater import TIDEWATER

API = f"/statuspage/v1/pages/{TIDEWATER.status_page_id}"
KEY = {"Authorization": f"OAuth {VendorTokens().statuspage}"}
CHECKOUT = TIDEWATER.services[0].component_id


async def opened(visitor: ClientSession, **incident: Any) -> Any:
    body = {"incident": {"name": "Payments fail", **incident}}
    async with visitor.post(f"{API}/incidents", json=body, headers=KEY) as reply:
        assert reply.status == 201
        return await reply.json()


async def read(visitor: ClientSession, path: str = "/status") -> str:
    async with visitor.get(path) as reply:
        assert reply.status == 200
        assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")
        return await reply.text()


async def test_on_a_good_day_every_system_is_operational(
    sandbox: Sandbox, visitor: ClientSession
) -> None:
    page = await read(visitor)
    assert "All systems operational" in page
    assert "No incidents in the last 14 days." in page
    for service in TIDEWATER.services:
        assert service.public_name in page


async def test_customers_read_an_open_incident_and_every_message(
    sandbox: Sandbox, visitor: ClientSession
) -> None:
    incident = await opened(
        visitor,
        body="Some cards are declined.\nWe are looking.",
        components={CHECKOUT: "major_outage"},
        metadata={"incident_response": {"key": "not-for-customers"}},
    )
    body = {"incident": {"status": "identified", "body": "A provider is down."}}
    path = f"{API}/incidents/{incident['id']}"
    async with visitor.patch(path, json=body, headers=KEY) as reply:
        assert reply.status == 200
    page = await read(visitor)
    assert "Some systems are down" in page
    assert page.index("A provider is down.") < page.index("Some cards are declined.<br>We")
    assert f'data-incident="{incident["id"]}"' in page
    assert "Critical impact" in page
    assert "not-for-customers" not in page
    assert await read(visitor, incident["shortlink"].removeprefix(sandbox.url))


async def test_a_resolved_incident_moves_to_the_past(
    sandbox: Sandbox, visitor: ClientSession
) -> None:
    await opened(visitor, status="resolved", body="All is well.")
    page = await read(visitor)
    assert "All systems operational" in page
    assert page.index("Past incidents") < page.index("Payments fail")


async def test_an_incident_that_touches_no_system_is_still_no_good_day(
    sandbox: Sandbox, visitor: ClientSession
) -> None:
    await opened(visitor)
    assert "An incident is under way" in await read(visitor)


async def test_what_was_written_is_shown_and_never_run(
    sandbox: Sandbox, visitor: ClientSession
) -> None:
    await opened(visitor, name="<script>a</script>", body='"><img src=x onerror=alert(1)>')
    page = await read(visitor)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;a&lt;/script&gt;" in page


@pytest.mark.parametrize("path", ["/status/incidents/none"])
async def test_an_unknown_incident_is_not_found(
    sandbox: Sandbox, visitor: ClientSession, path: str
) -> None:
    async with visitor.get(path) as reply:
        assert reply.status == 404


async def test_the_workbench_leads_to_it(sandbox: Sandbox, visitor: ClientSession) -> None:
    async with visitor.get("/?pane=workbench") as front:
        page = await read(visitor, f"{front.url.path}?pane=workbench")
    assert 'href="/status"' in page
