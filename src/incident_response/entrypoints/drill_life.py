"""The life of an incident after its room stands, lived by people of the drill's workspace: from
command to a closed page, a postmortem and a clean ledger.

Each stage does what a person would and ends when what they would see is there: in the room, on the
status page, in the issue tracker. Not here: the people (drill_people), the verdict (drill_main).
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from incident_response.domain.draft import Draft, DraftState
from incident_response.domain.errors import (
    IncidentResponseError,
    RefusedError,
    UnavailableError,
)
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.model import Json
from incident_response.durable.waiting import until_set
from incident_response.entrypoints.drill_people import POLL_SECONDS, Button, Person
from incident_response.entrypoints.local_stack import LocalStack
from incident_response.sandbox.vendors.statuspage.model import Incident as PageIncident

T = TypeVar("T")
Tell = Callable[[str], None]

PATIENCE_SECONDS = 30.0
"""How long people wait for anything they should see."""
APPROVE = "Approve & Publish"
FIRST_TEXT = "Some payments fail at checkout. We are looking into it."
EDITED_TEXT = "Some payments fail at checkout. We know the cause, and a fix is on its way."
UPDATE = "The pool of connections is back at 60; errors are falling."
MITIGATION = "Put the pool of database connections back to 60."
SUMMARY = "A smaller pool of database connections ran dry; it is back at its old size."


@dataclass(slots=True, kw_only=True)
class Life:
    """What has been lived so far."""

    stack: LocalStack
    incident: Incident
    commander: Person
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each measured stage took."""
    ids: dict[str, str] = field(default_factory=dict)
    """What came of it, where: page incident, issue."""
    ledger: Json = field(default_factory=dict)
    stale: Button | None = None
    """The button of a text that was edited since."""

    @property
    def room(self) -> str:
        """The room's channel."""
        assert self.incident.room is not None
        return self.incident.room.channel_id

    async def now(self) -> Incident:
        """The incident as it is stored."""
        store = self.stack.processor.workflows.store
        return await store.get(self.incident.incident_id) or self.incident

    async def until(self, what: str, check: Callable[[], Awaitable[T | None]]) -> T:
        """What ``check`` finds, once it does. Raises ``UnavailableError`` after the patience."""
        clock = self.commander.clock
        deadline = clock.monotonic() + self.commander.patience
        while clock.monotonic() < deadline:
            if (found := await check()) is not None:
                return found
            await clock.sleep(POLL_SECONDS)
        raise UnavailableError(f"{what} did not come within {self.commander.patience:g} seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One part of the life."""

    title: str
    """For the story."""
    live: Callable[[Life], Awaitable[None]]
    measured_as: str = ""
    """Its name among the seconds; empty if its length tells nothing."""
    measured_from: str = ""
    """The measured stage from whose beginning its seconds count; empty for its own."""


async def live_through(
    life: Life, stages: tuple[Stage, ...], tell: Tell, *, stop: asyncio.Event
) -> tuple[str, ...]:
    """Live one stage after the other; what went wrong, empty if all is well.

    Ends at the first that fails: what comes after it could only fail for the same reason.
    """
    clock, began = life.commander.clock, dict[str, float]()
    for stage in stages:
        name = stage.measured_as or stage.title
        began[name] = clock.monotonic()
        trouble = await until_set(stop, _trouble(stage, life))
        if trouble is None:
            return ("the drill was stopped",)
        if trouble:
            tell(f"            FAIL  {stage.title}  {trouble}")
            return (f"{stage.title}: {trouble}",)
        seconds = clock.monotonic() - began[stage.measured_from or name]
        if stage.measured_as:
            life.seconds[stage.measured_as] = round(seconds, 3)
        tell(f"  {seconds:6.3f} s  ok    {stage.title}")
    return ()


async def take_command(life: Life) -> None:
    """The first on call takes command by the button."""
    me = life.commander
    message = await me.sees(life.room, "first on call", button="Take command")
    await me.click(me.button(message, "Take command"))
    await me.sees(life.room, f"✅ <@{me.user}> is in command")


async def draft(life: Life) -> None:
    """The commander drafts a message to customers; its card shows all of it."""
    me = life.commander
    await me.type(life.room, f"/inc status draft {FIRST_TEXT}")
    card = await me.sees(life.room, FIRST_TEXT, button=APPROVE)
    life.stale = me.button(card, APPROVE)


async def edit(life: Life) -> None:
    """The commander edits it: the card shows the new text instead."""
    me = life.commander
    card = await me.sees(life.room, FIRST_TEXT, button="Edit")
    await me.click(me.button(card, "Edit"))
    await me.submit(await me.form(), {"customers": EDITED_TEXT})
    await me.sees(life.room, EDITED_TEXT, button=APPROVE)


async def click_stale(life: Life) -> None:
    """A click on the card as it was before the edit is refused, and nothing is published."""
    me = life.commander
    assert life.stale is not None
    before = me.newest(life.room)
    await me.click(life.stale)
    await me.sees(life.room, "text changed", since=before)
    if _on_page(life):
        raise RefusedError("a text that was edited since came to the status page")


async def approve(life: Life) -> None:
    """The commander approves exactly the text that is shown."""
    me = life.commander
    card = await me.sees(life.room, EDITED_TEXT, button=APPROVE)
    await me.click(me.button(card, APPROVE))

    async def approved() -> Draft | None:
        draft = (await life.now()).page.draft
        return draft if draft is not None and draft.state is not DraftState.PENDING else None

    await life.until("the approval", approved)


async def see_published(life: Life) -> None:
    """The page shows exactly that text, once."""

    async def shown() -> PageIncident | None:
        fitting = [i for i in _on_page(life) if i.updates[0].body == EDITED_TEXT]
        return fitting[0] if fitting else None

    incident = await life.until("the message on the status page", shown)
    if len(_on_page(life)) != 1 or len(incident.updates) != 1:
        raise RefusedError("the message stands on the status page more than once")
    life.ids["page_incident_id"] = incident.id


async def update(life: Life) -> None:
    """The commander tells the room where it stands."""
    me = life.commander
    await me.type(life.room, f"/inc update {UPDATE}")
    await me.sees(life.room, UPDATE)


async def mitigate(life: Life) -> None:
    """Customers no longer feel it."""
    await life.commander.type(life.room, f"/inc mitigate {MITIGATION}")
    await life.until("the mitigation", lambda: _in_state(life, IncidentStatus.MITIGATED))


async def resolve(life: Life) -> None:
    """It is over."""
    await life.commander.type(life.room, f"/inc resolve {SUMMARY}")
    await life.until("the end", lambda: _in_state(life, IncidentStatus.RESOLVED))


async def see_postmortem(life: Life) -> None:
    """The postmortem stands in the issue tracker, once, and the room links to it."""
    tracker = life.stack.sandbox.tracker

    async def filed() -> Incident | None:
        incident = await life.now()
        return incident if incident.postmortem is not None else None

    incident = await life.until("the postmortem", filed)
    assert incident.postmortem is not None
    issue = tracker.find_issue(incident.postmortem.issue_id)
    if issue is None or SUMMARY not in (issue.description or ""):
        raise RefusedError("the issue tracker does not hold the postmortem")
    life.ids["issue"] = tracker.identifier(issue)
    await life.commander.sees(life.room, life.ids["issue"])


async def close_page(life: Life) -> None:
    """The closing message is proposed, approved, and closes the same page incident."""
    me, page_incident_id = life.commander, life.ids["page_incident_id"]

    async def proposed() -> Draft | None:
        draft = (await life.now()).page.draft
        is_new = draft is not None and draft.state is DraftState.PENDING
        return draft if is_new else None

    closing = await life.until("the closing message", proposed)
    card = await me.sees(life.room, closing.message.body[:40], button=APPROVE)
    await me.click(me.button(card, APPROVE))

    async def closed() -> PageIncident | None:
        found = life.stack.sandbox.status_board.incident(page_incident_id)
        return found if found is not None and not found.is_open else None

    await life.until("the closed status page", closed)
    if len(_on_page(life)) != 1:
        raise RefusedError("the closing message opened another incident on the status page")


async def audit(life: Life) -> None:
    """``audit verify``, as an operator runs it, finds every ledger whole."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "incident_response.entrypoints.main", "audit", "verify"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(life.stack.environment),  # nobody else's settings
    )
    said, _ = await process.communicate()
    text = said.decode(errors="replace").strip()
    life.ledger = {"ok": process.returncode == 0, "said": text.rpartition("\n")[2]}
    if process.returncode != 0:
        raise RefusedError(f"audit verify: {text}")


STAGES = (
    Stage(title="Take command", live=take_command),
    Stage(title="Draft a message to customers", live=draft),
    Stage(title="Edit it", live=edit),
    Stage(title="A click on the old text is refused", live=click_stale),
    Stage(title="Approve it", live=approve, measured_as="approved"),
    Stage(
        title="The status page shows it",
        live=see_published,
        measured_as="published",
        measured_from="approved",
    ),
    Stage(title="Post an update", live=update),
    Stage(title="Mitigate", live=mitigate),
    Stage(title="Resolve", live=resolve, measured_as="resolved"),
    Stage(
        title="The postmortem stands",
        live=see_postmortem,
        measured_as="postmortem",
        measured_from="resolved",
    ),
    Stage(title="Close the status page", live=close_page),
    Stage(title="The ledgers are whole", live=audit),
)


def _on_page(life: Life) -> list[PageIncident]:
    """Every incident on the status page: the drill's stack has no other."""
    return life.stack.sandbox.status_board.incidents()


async def _in_state(life: Life, status: IncidentStatus) -> Incident | None:
    incident = await life.now()
    return incident if incident.status is status else None


async def _trouble(stage: Stage, life: Life) -> str:
    """What went wrong in the stage, empty if nothing did."""
    try:
        await stage.live(life)
    except IncidentResponseError as error:
        reason = error.reason if isinstance(error, RefusedError) else ""
        return f"{error} ({reason})" if reason else str(error)
    return ""
