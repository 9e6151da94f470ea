"""A drafter without a wire."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from incident_response.domain.errors import UnavailableError
from incident_response.domain.redaction import Brief, RedactedBrief, Task
from incident_response.ports.drafter import Written
from tests.fakes.behaviour import Behaviour

SAYS = {
    Task.STATUS_MESSAGE: '{"title": "Some payments fail", "body": "Since noon some payments fail.'
    ' We are investigating and will tell more soon."}',
    Task.ROOM_UPDATE: "We roll back the last deployment.",
    Task.CATCHUP: "Payments have failed since noon.",
    Task.POSTMORTEM: '{"summary": "Payments failed.", "impact": "Nobody could pay.", "went_well":'
    ' ["The alert was fast."], "lessons": [], "action_items": [{"type": "prevention", "title":'
    ' "Bound the wait", "priority": "high", "owner": ""}]}',
    Task.CLASSIFY: "yes",
}


@dataclass
class FakeDrafter:
    """``ports.drafter.Drafter``: says what it was told to, and remembers what it was asked."""

    says: dict[Task, str] = field(default_factory=lambda: dict(SAYS))
    cost_usd: float = 0.01
    why_unfit: str = ""
    behaviour: Behaviour = field(default_factory=Behaviour)
    asked: list[Brief] = field(default_factory=list)
    within: list[timedelta] = field(default_factory=list)

    async def write(self, brief: RedactedBrief, *, within: timedelta) -> Written:
        self.asked.append(brief.brief)
        self.within.append(within)
        try:
            async with asyncio.timeout(within.total_seconds()):
                is_empty = await self.behaviour.meet()
        except TimeoutError:
            raise UnavailableError("The model did not answer in time") from None
        return Written(
            text="" if is_empty else self.says[brief.brief.task],
            model="fake",
            input_tokens=100,
            output_tokens=10,
            cost_usd=self.cost_usd,
            why_unfit=self.why_unfit,
        )
