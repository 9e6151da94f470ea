"""The closing message is proposed and never published; over the gate's and the writer's shapes."""

from dataclasses import dataclass, field

import pytest

from incident_response.domain.draft import (
    Author,
    Component,
    ComponentStatus,
    DraftContent,
    PageImpact,
    PageStatus,
)
from incident_response.domain.errors import RefusedError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import SYSTEM
from incident_response.domain.model import IncidentId
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.closing_message import ClosingMessage
from incident_response.workflows.roles import Asked
from tests.workflows.ends import asked, commanded, context_of, ending_of, now
from tests.workflows.house import House, World, house


@dataclass(frozen=True)
class Written:
    title: str = "Payments"
    body: str = "It works again."
    impact: PageImpact = PageImpact.MAJOR
    author: Author = Author.TEMPLATE


@dataclass
class Desk:
    """A writer and a place for messages to customers, that remember."""

    drafts: dict[str, DraftContent] = field(default_factory=dict)
    """By key: asked again under one, it is one."""
    by: set[str] = field(default_factory=set)
    shown: int = 0
    refusal: RefusedError | None = None

    async def closing_message(self, incident: Incident) -> Written:
        return Written()

    async def write(
        self, incident_id: IncidentId, content: DraftContent, *, asked: Asked, author: Author
    ) -> Incident:
        if self.refusal is not None:
            raise self.refusal
        assert author is Author.TEMPLATE
        self.drafts[asked.key] = content
        self.by.add(asked.by)
        self.shown += 1
        return None  # type: ignore[return-value]  # nobody looks at it


CARD_PAYMENTS = Component(
    component_id="c1", name="Card payments", status=ComponentStatus.MAJOR_OUTAGE
)


async def published(h: House, incident: Incident, status: PageStatus | None) -> Incident:
    """The incident as it is when customers read that of it, and it is being resolved."""

    def decide(incident: Incident) -> Decision:
        update = {"status": status, "components": (CARD_PAYMENTS,)}
        page = incident.page.model_copy(update=update)
        return Decision(incident.model_copy(update={"page": page}), ())

    await change_incident(h.workflows.store, incident.incident_id, decide)
    return await h.workflows.resolver.resolve(incident.incident_id, summary="x", asked=asked(h))


async def draft_closing(h: House, incident: Incident, desk: Desk) -> object:
    """Run that step of the plan twice, as after a crash; its result."""
    ending = ending_of(h, closing=ClosingMessage(pages=desk, writer=desk))
    context = context_of(h, incident, "draft_closing")
    step = ending.plan.by_name["draft_closing"]
    await step.run(context)
    return (await step.run(context)).result


async def test_while_customers_read_of_it_the_closing_message_is_proposed_once() -> None:
    desk = Desk()
    async with house(World()) as h:
        incident = await published(h, await commanded(h), PageStatus.MONITORING)
        assert await draft_closing(h, incident, desk) == {"state": "ready"}
        well = CARD_PAYMENTS.model_copy(update={"status": ComponentStatus.OPERATIONAL})
        assert list(desk.drafts.values()) == [
            DraftContent(
                title="Payments",
                body="It works again.",
                status=PageStatus.RESOLVED,
                impact=PageImpact.MAJOR,
                components=(well,),
            )
        ]
        assert desk.by == {SYSTEM}
        assert desk.shown == 2  # the card is drawn anew, not the draft
        assert (await now(h, incident)).page.status is PageStatus.MONITORING


@pytest.mark.parametrize("status", [None, PageStatus.RESOLVED])
async def test_where_customers_read_of_nothing_open_nothing_is_proposed(
    status: PageStatus | None,
) -> None:
    desk = Desk()
    async with house(World()) as h:
        incident = await published(h, await commanded(h), status)
        assert await draft_closing(h, incident, desk) == {"state": "off"}
        assert not desk.drafts


async def test_what_the_gate_refuses_is_the_steps_failure_with_its_reason() -> None:
    desk = Desk(refusal=RefusedError("Draft 1 is on its way"))
    async with house(World()) as h:
        incident = await published(h, await commanded(h), PageStatus.INVESTIGATING)
        with pytest.raises(RefusedError, match="on its way"):
            await draft_closing(h, incident, desk)


async def test_once_it_is_reopened_nothing_is_proposed_any_more() -> None:
    desk = Desk()
    async with house(World()) as h:
        incident = await published(h, await commanded(h), PageStatus.INVESTIGATING)
        await h.workflows.lifecycle.reopen(
            incident.incident_id, reason="", asked=asked(h, key="reopen")
        )
        assert await draft_closing(h, incident, desk) == {"state": "off"}
        assert not desk.drafts
