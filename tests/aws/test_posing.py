"""Items that say of themselves that they are what they are not: whoever may write alerts only, as
the webhook's role may, can have nothing else worked off.
"""

from datetime import timedelta

import pytest

from incident_response.adapters.aws.forms import at
from incident_response.adapters.aws.items import Items
from incident_response.adapters.aws.tables import (
    ENVELOPES_OPEN,
    INCIDENTS_OPEN,
    PLANS_OPEN,
    Kind,
    intake_key,
)
from incident_response.adapters.aws.times import sortable
from incident_response.domain.model import EventId
from incident_response.ports.incident_store import Change
from tests.aws.harness import AwsPorts
from tests.ports import samples

NOW = timedelta()


async def pose(ports: AwsPorts, kind: Kind, **attributes: object) -> None:
    items = Items(ports.clients.dynamodb, ports.incidents_table.name)
    key = intake_key(EventId("f" * 64))
    await items.put(at(key, work=kind.name, work_at=sortable(samples.at(0)), **attributes))


async def test_an_alert_that_poses_as_a_click_is_never_worked_off(ports: AwsPorts) -> None:
    forged = samples.envelope("forged").model_dump_json()
    await pose(ports, ENVELOPES_OPEN, state="open", envelope=forged, attempts=0, claimed_until=0)
    assert await ports.inbox.claim(limit=5, visibility=timedelta(minutes=1), wait=NOW) == []
    await ports.inbox.put(samples.envelope("made"))
    [claimed] = await ports.inbox.claim(limit=5, visibility=timedelta(minutes=1), wait=NOW)
    assert claimed.key == "made"
    assert await ports.inbox.open_count() == 1


@pytest.mark.parametrize("kind", [INCIDENTS_OPEN, PLANS_OPEN])
async def test_an_alert_that_poses_as_an_incident_or_a_plan_is_not_found(
    ports: AwsPorts, kind: Kind
) -> None:
    incident = samples.incident()
    await ports.incidents.commit(Change(incident_id=incident.incident_id, incident=incident))
    await pose(ports, kind, record=samples.incident(9).model_dump_json())
    assert await ports.incidents.recent(open_only=True, limit=5) == [incident]
    assert await ports.incidents.open_plans(due_at=samples.at(60), limit=5) == []
    assert list(await ports.ledger.heads()) == [incident.incident_id]
