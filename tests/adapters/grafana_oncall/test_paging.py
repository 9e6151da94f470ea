"""What direct paging sends, over the sandbox's stand-in."""

import json
from typing import Any

import pytest

from incident_response.domain.alert import OnCallRoute
from incident_response.domain.errors import UnknownOutcomeError
from incident_response.ports.pager import Page
from incident_response.sandbox.alert_groups import AlertGroup
from incident_response.sandbox.faults import Fault
from incident_response.sandbox.tidewater import TIDEWATER
from tests.adapters.standins import StandIns, stand_ins

MAYA = TIDEWATER.person("maya")
PAGE = Page(
    key="k",
    title="P0 Checkout is down (L3)",
    text="Come",
    emails=(MAYA.email,),
    url="https://x.y/1",
)


def sent(vendors: StandIns) -> list[tuple[int | None, dict[str, Any]]]:
    calls = vendors.board.received.matching("oncall.escalation")
    return [(call.status, json.loads(call.body)) for call in calls]


async def test_people_are_called_urgently_with_the_words_of_the_page() -> None:
    async with stand_ins() as vendors:
        await vendors.on_call().page(PAGE)
        assert sent(vendors) == [
            (
                200,
                {
                    "users": [{"id": MAYA.oncall_id, "important": True}],
                    "title": "P0 Checkout is down (L3)",
                    "message": "Come",
                    "source_url": "https://x.y/1",
                },
            )
        ]


async def test_people_are_added_to_the_alert_group_that_the_incident_came_from() -> None:
    async with stand_ins() as vendors:
        group = AlertGroup("I1", "checkout-api", "Down", "m", "critical", "firing", 1.0, 1.0)
        vendors.groups.put(group)
        await vendors.on_call().page(
            Page(key="k", title="t", text="m", emails=(MAYA.email,), route=_route(group.id))
        )
        assert sent(vendors) == [
            (
                200,
                {
                    "users": [{"id": MAYA.oncall_id, "important": True}],
                    "alert_group_id": group.id,
                },
            )
        ]


async def test_a_group_that_is_gone_is_followed_by_one_of_its_own() -> None:
    async with stand_ins() as vendors:
        await vendors.on_call().page(
            Page(key="k", title="t", text="m", emails=(MAYA.email,), route=_route("IGONE"))
        )
        assert [status for status, _ in sent(vendors)] == [400, 200]
        assert "alert_group_id" not in sent(vendors)[1][1]


async def test_a_lost_answer_is_not_asked_again_inside() -> None:
    async with stand_ins() as vendors:
        vendors.board.add(Fault(target="oncall.escalation", kind="drop_reply"))
        with pytest.raises(UnknownOutcomeError):
            await vendors.on_call().page(PAGE)
        assert vendors.calls("oncall.escalation") == 1


def _route(group_id: str) -> OnCallRoute:
    return OnCallRoute(alert_group_id=group_id)
