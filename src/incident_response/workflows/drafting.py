"""Has texts drafted: for customers, for the room, for the postmortem. People decide what becomes
of them.

The one choke point to a model: everything is redacted before it leaves, within a deadline and the
incident's budget, and what comes back is checked. Whatever goes wrong with the model, the template
writes, and the draft says so and why. Not here: what a draft is made from (draft_material), what
how it is read (draft_reading), publishing (approval_gate).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from incident_response.domain.draft import Author, PageImpact, PageStatus
from incident_response.domain.errors import IncidentResponseError, PermanentError, UnavailableError
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.known_names import KnownNames
from incident_response.domain.model import IncidentId
from incident_response.domain.postmortem import Prose
from incident_response.domain.redaction import (
    Brief,
    Material,
    RedactedBrief,
    Task,
    redact,
    withheld,
)
from incident_response.domain.severity import Severity
from incident_response.ports.drafter import Drafter, Written
from incident_response.telemetry import count_draft, count_model_use, count_redactions
from incident_response.workflows.draft_material import DraftMaterial
from incident_response.workflows.draft_reading import (
    UnfitDraftError,
    customer_text,
    inside_text,
    prose,
    verdict,
)

TOKENS_PER_SECOND = 40
"""What a busy model still writes."""
FIRST_TOKEN = timedelta(seconds=5)
LONGEST_WAIT = timedelta(seconds=60)
VERDICT_WAIT = timedelta(seconds=2)
"""For a verdict on a message: the template's is nearly as good."""
INCIDENTS_REMEMBERED = 1_000
"""Whose spending is known: the last ones drafted for."""
IN_A_THREAD_FROM = 8_000
"""Characters from which redacting would hold up everything else."""
LONGEST_POSTMORTEM = 6_000
LONGEST_CATCHUP = 1_600
LONGEST_VERDICT = 16

MODEL, TEMPLATE = "model", "template"

log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A text for colleagues."""

    text: str
    is_template: bool
    note: str = ""
    """Why it is the template's, for people; empty if a model wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftedMessage:
    """A message to customers, to be edited and approved by people."""

    title: str
    body: str
    status: PageStatus
    impact: PageImpact
    is_template: bool
    note: str = ""

    @property
    def author(self) -> Author:
        """What wrote it."""
        return Author.TEMPLATE if self.is_template else Author.MODEL


class NoModelError(PermanentError):
    """No model is configured."""


class NotAskedError(PermanentError):
    """The template is wanted."""


class NotRedactedError(PermanentError):
    """What must not leave could not be taken out."""


class BudgetSpentError(PermanentError):
    """The incident's money for models is spent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A brief as it may leave, with the names that may not; ``why_not`` if nothing may."""

    brief: RedactedBrief
    known: KnownNames
    why_not: str = ""


Read = Callable[[str, _Asked], T]
"""Makes something of what was written; raises ``RefusedError`` if it is not fit."""


class Drafting:
    """Asks a model within its bounds, else the template.

    What an incident has cost is kept in this process only: after a restart it may spend its budget
    once more. A request that timed out is not counted.
    """

    def __init__(
        self,
        *,
        material: DraftMaterial,
        template: Drafter,
        model: Drafter | None,
        budget_usd: float,
    ) -> None:
        self._material = material
        self._template = template
        self._model = model
        self._budget = budget_usd
        self._spent: OrderedDict[IncidentId, float] = OrderedDict()

    async def status_message(self, incident: Incident) -> DraftedMessage:
        """The next message to customers.

        Raises ``RefusedError`` if not even the template's may be shown to customers.
        """
        return await self._message(incident, _next_status(incident))

    async def plain_message(self, incident: Incident) -> DraftedMessage:
        """``status_message`` by the template at once; raises as that does."""
        return await self._message(incident, _next_status(incident), is_plain=True)

    async def closing_message(self, incident: Incident) -> DraftedMessage:
        """The last message to customers; raises as ``status_message``."""
        return await self._message(incident, PageStatus.RESOLVED)

    async def room_update(self, incident: Incident, since: datetime) -> Drafted:
        """Where things stand, from what happened since then."""
        return await self._inside(incident, await self._material.room_update(incident, since))

    async def outline(self, incident: Incident, since: datetime) -> Drafted:
        """The same by the template at once, from the ledger alone: for a form that cannot wait."""
        brief = await self._material.room_update(incident, since)
        asked = await self._redacted(incident, brief, known=self._material.names)
        written = await self._template.write(asked.brief, within=LONGEST_WAIT)
        return Drafted(text=inside_text(written.text, incident, asked.brief), is_template=True)

    async def catchup(self, incident: Incident, material: tuple[Material, ...]) -> Drafted:
        """What somebody who comes late has to know; without ``material``, from the ledger."""
        brief = await self._material.with_facts(
            incident, Task.CATCHUP, material, longest=LONGEST_CATCHUP
        )
        return await self._inside(incident, brief)

    async def postmortem(self, incident: Incident, material: tuple[Material, ...]) -> Prose:
        """The written parts of the postmortem; from the ledger without ``material``."""
        brief = await self._material.with_facts(
            incident, Task.POSTMORTEM, material, longest=LONGEST_POSTMORTEM
        )
        read, why = await self._drafted(
            incident, brief, lambda text, asked: prose(text, incident, asked.brief)
        )
        return read.model_copy(update={"is_template": bool(why), "note": why})

    async def is_update(self, incident: Incident, text: str) -> bool:
        """Whether a message in the room says where things stand."""
        message = Material(label="message", text=text)  # whole: a cut could part a secret
        brief = Brief(task=Task.CLASSIFY, material=(message,), longest=LONGEST_VERDICT)
        is_update, _ = await self._drafted(incident, brief, lambda answer, _: verdict(answer))
        return is_update

    async def _message(
        self, incident: Incident, status: PageStatus, *, is_plain: bool = False
    ) -> DraftedMessage:
        impact = _impact(incident)
        brief = await self._material.for_customers(incident, status, impact)
        text, why = await self._drafted(
            incident,
            brief,
            lambda text, asked: customer_text(text, incident, asked.brief, asked.known),
            is_plain=is_plain,
        )
        return DraftedMessage(
            title=text.title,
            body=text.body,
            status=status,
            impact=impact,
            is_template=bool(why),
            note=why,
        )

    async def _inside(self, incident: Incident, brief: Brief) -> Drafted:
        text, why = await self._drafted(
            incident, brief, lambda text, asked: inside_text(text, incident, asked.brief)
        )
        return Drafted(text=text, is_template=bool(why), note=why)

    async def _drafted(
        self, incident: Incident, brief: Brief, read: Read[T], *, is_plain: bool = False
    ) -> tuple[T, str]:
        """What was read from what was written, and why that is the template's (empty: it is not).

        ``is_plain``: no model is asked. Raises what ``read`` raises for the template's own text.
        """
        asked = await self._redacted(incident, brief)
        try:
            if is_plain:
                raise NotAskedError("No model was asked")
            text = read(await self._by_model(incident, asked), asked)
        except IncidentResponseError as error:
            why = f"{str(error).rstrip('.')}."
            log.info("the template writes", task=brief.task.value, why=error.code)
            count_draft(task=brief.task, by=TEMPLATE, why=error.code)
        else:
            count_draft(task=brief.task, by=MODEL)
            return text, ""
        written = await self._template.write(asked.brief, within=LONGEST_WAIT)
        return read(written.text, asked), why

    async def _redacted(
        self, incident: Incident, brief: Brief, *, known: KnownNames | None = None
    ) -> _Asked:
        """The brief as it may leave; without its material if that could not be redacted. Without
        ``known`` names they are looked up.
        """
        size = sum(len(item.text) for item in brief.material)
        try:
            known = known or await self._material.known_names(incident)
            if size > IN_A_THREAD_FROM:
                redacted = await asyncio.to_thread(redact, brief, known=known)
            else:
                redacted = redact(brief, known=known)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing may leave
            # Without its traceback, which could quote what must not be logged.
            log.error("not redacted", task=brief.task.value, error=type(error).__name__)  # noqa: TRY400
            why = "What must not leave could not be taken out, so no model was asked"
            return _Asked(brief=withheld(brief), known=self._material.names, why_not=why)
        count_redactions(redacted.kinds)
        return _Asked(brief=redacted, known=known)

    async def _by_model(self, incident: Incident, asked: _Asked) -> str:
        """What the model wrote; raises if it may not be asked, or does not answer in time."""
        if asked.why_not:
            raise NotRedactedError(asked.why_not)
        if self._model is None:
            raise NoModelError
        if self._spent.get(incident.incident_id, 0.0) >= self._budget:
            raise BudgetSpentError(f"The incident's ${self._budget:.2f} for models are spent")
        within = deadline(asked.brief.brief)
        try:
            async with asyncio.timeout(within.total_seconds()):
                written = await self._model.write(asked.brief, within=within)
        except TimeoutError:
            seconds = within.total_seconds()
            raise UnavailableError(f"The model did not answer within {seconds:.0f} s") from None
        self._spend(incident.incident_id, written.cost_usd)
        _count(written, asked.brief.brief.task)
        if written.why_unfit:
            raise UnfitDraftError(written.why_unfit, reason="unfit")
        return written.text

    def _spend(self, incident_id: IncidentId, cost_usd: float) -> None:
        self._spent[incident_id] = self._spent.pop(incident_id, 0.0) + cost_usd
        while len(self._spent) > INCIDENTS_REMEMBERED:
            self._spent.popitem(last=False)


def deadline(brief: Brief) -> timedelta:
    """How long a model may take over what is asked: as long as its longest text needs."""
    if brief.task is Task.CLASSIFY:
        return VERDICT_WAIT
    writing = timedelta(seconds=brief.tokens / TOKENS_PER_SECOND)
    return min(LONGEST_WAIT, FIRST_TOKEN + writing)


def _count(written: Written, task: Task) -> None:
    count_model_use(
        model=written.model,
        task=task,
        tokens={
            "input": written.input_tokens,
            "output": written.output_tokens,
            "cached": written.cached_tokens,
        },
        cost_usd=written.cost_usd,
    )


def _next_status(incident: Incident) -> PageStatus:
    """What the page should say next, from where the incident stands; never less than it says."""
    if incident.is_closed:
        return PageStatus.RESOLVED
    said = incident.page.status
    if incident.status is IncidentStatus.MITIGATED or said is PageStatus.MONITORING:
        return PageStatus.MONITORING
    return PageStatus.IDENTIFIED if said is PageStatus.IDENTIFIED else PageStatus.INVESTIGATING


def _impact(incident: Incident) -> PageImpact:
    """What the page says already, else what the severity means for customers."""
    is_published = incident.page.status is not None
    return incident.page.impact if is_published else _IMPACTS[incident.severity]


_IMPACTS = {
    Severity.P0: PageImpact.CRITICAL,
    Severity.P1: PageImpact.MAJOR,
    Severity.P2: PageImpact.MINOR,
    Severity.P3: PageImpact.MINOR,
    Severity.P4: PageImpact.NONE,
}
