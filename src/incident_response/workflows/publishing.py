"""Publishes what was approved, once, and finds out what became of it.

One run of the plan for every approval. Its one vital step takes the draft from APPROVED to
PUBLISHED or to a person, each move a transaction of its own, so that it goes on after a crash from
what is stored: a draft found SENDING may be on the page, and is only looked for. Not here: giving
an approval (approval_gate), what an approval proves (domain.approval), Statuspage (adapters).
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from incident_response.blocks.page_replies import outcome
from incident_response.domain.approval import (
    ApprovedDraft,
    approved_and_sent,
    approved_to_send,
    marks,
)
from incident_response.domain.draft import Draft, DraftState, PageMessage, PageStatus, PageThread
from incident_response.domain.errors import (
    AutoPublishNotPermittedError,
    ConflictError,
    IncidentResponseError,
    LedgerBrokenError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    RetryableError,
    UnavailableError,
)
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ledger import SYSTEM, EntryKind, LedgerEntry, NewEntry, Seal
from incident_response.domain.model import IncidentId, Json
from incident_response.durable.plan import Outcome, Plan, Step, StepContext
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.ports.ledger import Ledger
from incident_response.ports.status_page import Publication, StatusPage
from incident_response.telemetry import count_publish
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.operator_notices import OperatorNotices
from incident_response.workflows.post_once import post_once
from incident_response.workflows.room_board import RoomBoard

PUBLISH = "publish"
"""The plan; a run of it is named ``publish#<draft>.<revision>.<attempt>``."""
DEADLINE = timedelta(seconds=45)
"""For one try of the step: a sending may wait for its turn before the page has ten seconds."""
LOOKS_AFTER = (timedelta(seconds=30), timedelta(seconds=90))
"""When the page is looked at for a message that got no answer, since it was sent: the first when
what is merely slow has landed, the second to be sure.
"""
LOOK_SECONDS = 10.0
"""For one look, which is a read or two."""
LOOK_AGAIN = timedelta(seconds=5)
"""After a look that failed: it counts as none."""
GIVE_UP_LOOKING = timedelta(seconds=105)
"""A look that fails later than this since the sending is the last one, so that a person is asked
within two minutes.
"""
SEND_AGAIN = timedelta(seconds=15)
MOST_PATIENCE = timedelta(seconds=60)
"""The longest wait before an approved message is sent again, whatever the page asks for: the
client keeps the page's own wish.
"""
APPROVAL_KEEPS = timedelta(minutes=30)
"""How long a message may be on its way: what it says is then no longer what is so."""
MOVED_ON = timedelta(seconds=1)
"""When to look again after somebody else moved the draft."""
ID_UNKNOWN = (
    "the page did not say which of its incidents this is: the next message opens another one, and"
    " this one is to be closed on the page itself"
)
"""The trouble of a message that only a person has seen on the page."""
BLOCKED = "blocked"
"""The step's result where the ledger did not prove the approval; else it is the draft's state."""

log = structlog.get_logger(__name__)


def page_incident_for(incident: Incident, status: PageStatus) -> str:
    """The page's incident that a message of this status goes to; empty: it opens one.

    An incident stays on one page incident to its end; what is told after that begins another.
    """
    thread = incident.page
    is_over = thread.status is PageStatus.RESOLVED and status is not PageStatus.RESOLVED
    return "" if is_over else thread.page_incident_id


def why_unfit(incident: Incident, message: PageMessage, page_id: str) -> str:
    """Why this message can no longer be published as it is; empty if it can."""
    if message.page_id != page_id:
        return "it was written for another status page"
    if message.page_incident_id != page_incident_for(incident, message.status):
        return "it belongs to another incident on the page than the one that is open there now"
    if incident.is_closed and message.status is not PageStatus.RESOLVED:
        return f"the incident is {incident.status.value}, so only a closing message fits"
    if incident.status is IncidentStatus.CANCELLED and not message.page_incident_id:
        return "the incident is cancelled, and customers were told nothing of it"
    return ""


def thread_after(incident: Incident, published: Publication, at: datetime) -> PageThread:
    """The page's thread once the draft's message stands there."""
    draft = incident.page.draft
    assert draft is not None, "only a draft is published"
    message = draft.message
    page_incident_id = published.page_incident_id or message.page_incident_id
    trouble = "" if page_incident_id else ID_UNKNOWN
    return incident.page.model_copy(
        update={
            "page_incident_id": page_incident_id,
            "url": published.url or (incident.page.url if message.page_incident_id else ""),
            "status": message.status,
            "title": message.title,
            "impact": message.impact,
            "components": message.components or incident.page.components,
            "published_at": at,
            "draft": draft.model_copy(update={"state": DraftState.PUBLISHED, "trouble": trouble}),
        }
    )


def published_entry(
    draft: Draft, published: Publication, at: datetime, *, actor: str = SYSTEM
) -> NewEntry:
    """What the ledger keeps of a publication: all that customers read."""
    message = draft.message
    details: Json = {
        **marks(draft),
        "page_id": message.page_id,
        "page_incident_id": published.page_incident_id or message.page_incident_id,
        "url": published.url,
        "title": message.title,
        "body": message.body,
        "status": message.status.value,
        "impact": message.impact.value,
    }
    return NewEntry(kind=EntryKind.STATUSPAGE_PUBLISHED, at=at, actor=actor, details=details)


def with_draft(incident: Incident, **update: object) -> Incident:
    """The incident with its draft changed."""
    assert incident.page.draft is not None, "only a draft is changed"
    draft = incident.page.draft.model_copy(update=update)
    return incident.model_copy(update={"page": incident.page.model_copy(update={"draft": draft})})


Mint = Callable[[IncidentId, Draft, Sequence[LedgerEntry], Seal], ApprovedDraft]
_IN_FLIGHT = frozenset({DraftState.SENDING, DraftState.RECONCILING})


class Publisher:
    """Owns the plan that sends an approved draft."""

    def __init__(
        self,
        *,
        status_page: StatusPage | None,
        page_id: str,
        store: IncidentStore,
        ledger: Ledger,
        seal: Seal,
        chat: Chat,
        board: RoomBoard,
        operators: OperatorNotices,
        clock: Clock,
    ) -> None:
        self._page = status_page
        self._page_id = page_id
        self._store = store
        self._ledger = ledger
        self._seal = seal
        self._chat = chat
        self._board = board
        self._operators = operators
        self._clock = clock
        self.plan = Plan(
            name=PUBLISH,
            steps=(
                Step(name="publish", run=self._advance, deadline=DEADLINE, attempts=None),
                Step(
                    name="tell_operators", run=self._tell_operators, after=("publish",), attempts=6
                ),
                Step(name="tell_room", run=self._tell_room, after=("publish",), attempts=6),
            ),
        )

    async def find(self, incident_id: IncidentId, draft: Draft) -> Publication | None:
        """What the page has of a message that was sent; None also if it cannot be asked now."""
        try:
            return await self._look_for(incident_id, draft)
        except Exception as error:  # noqa: BLE001 - whatever it is, a person knows better
            _log_trouble("cannot look at the page", incident_id, error)
            return None

    async def _advance(self, context: StepContext) -> Outcome:
        """Move the draft one state on; a wait for the next is an error that is tried again."""
        incident = await self._store.get(context.incident_id)
        draft = incident.page.draft if incident is not None else None
        if incident is None or draft is None or context.plan != f"{PUBLISH}#{draft.key}":
            return Outcome(result="overtaken")
        match draft.state:
            case DraftState.APPROVED if not draft.is_stuck:
                return await self._send(incident, draft)
            case DraftState.SENDING:
                reason = "the program was interrupted while it was sent"
                raise await self._uncertain(incident.incident_id, draft, reason)
            case DraftState.RECONCILING:
                return await self._look(incident.incident_id, draft)
            case _:
                return Outcome(result=draft.state.value)

    async def _tell_room(self, context: StepContext) -> Outcome:
        """The card changes in its place, which calls nobody: what became of it is said anew."""
        incident = await self._store.get(context.incident_id)
        draft = incident.page.draft if incident is not None else None
        is_ours = draft is not None and context.plan == f"{PUBLISH}#{draft.key}"
        if incident is not None and incident.room is not None and draft is not None and is_ours:
            message = outcome(incident, draft)
            if message is not None:
                channel, since = incident.room.channel_id, context.first_started_at
                await post_once(self._chat, channel, message, key=context.key, since=since)
        return Outcome()

    async def _tell_operators(self, context: StepContext) -> Outcome:
        result = context.results["publish"]
        if isinstance(result, dict):
            reason = str(result[BLOCKED])
            await self._operators.publication_blocked(
                context.incident, reason, key=context.key, since=context.first_started_at
            )
        return Outcome()

    # --- sending -----------------------------------------------------------------------------

    async def _send(self, incident: Incident, draft: Draft) -> Outcome:
        incident_id = incident.incident_id
        if why := self._why_not(incident, draft):
            return await self._stick(incident_id, draft, f"It was not published: {why}.")
        try:
            approved = await self._proof(incident_id, draft, approved_to_send)
        except (AutoPublishNotPermittedError, LedgerBrokenError) as error:
            return await self._block(incident_id, draft, error)
        sending = await self._move(
            incident_id,
            draft,
            EntryKind.STATUSPAGE_SENDING,
            state=DraftState.SENDING,
            sent_at=self._clock.now(),
            looks=0,
        )
        return await self._post(incident_id, sending, approved)

    def _why_not(self, incident: Incident, draft: Draft) -> str:
        newest = max((approval.at for approval in draft.given), default=None)
        if newest is not None and self._clock.now() - newest > APPROVAL_KEEPS:
            minutes = int(APPROVAL_KEEPS.total_seconds() // 60)
            return f"for {minutes} minutes the page did not take it ({draft.trouble})"
        if self._page is None:
            return "no status page is connected"
        return why_unfit(incident, draft.message, self._page_id)

    async def _proof(self, incident_id: IncidentId, draft: Draft, mint: Mint) -> ApprovedDraft:
        """Read the whole ledger anew and have it prove the approval."""
        return mint(incident_id, draft, await self._ledger.entries(incident_id), self._seal)

    async def _post(
        self, incident_id: IncidentId, draft: Draft, approved: ApprovedDraft
    ) -> Outcome:
        """The one request; whatever is not certain afterwards is looked for, never sent again."""
        assert self._page is not None, "it is asked for before"
        try:
            published = await self._page.publish(approved)
        except (RateLimitedError, UnavailableError) as error:
            raise await self._give_back(incident_id, draft, error) from error
        except (RefusedError, NotFoundError) as error:
            return await self._refused(incident_id, draft, error)
        except Exception as error:
            _log_trouble("publication uncertain", incident_id, error)
            raise await self._uncertain(incident_id, draft, _told(error)) from error
        return await self._published(incident_id, draft, published)

    async def _give_back(
        self, incident_id: IncidentId, draft: Draft, error: RetryableError
    ) -> RetryableError:
        """Nothing was applied: the same approval is tried again, after the wait returned."""
        trouble = str(error)
        await self._move(
            incident_id,
            draft,
            EntryKind.STATUSPAGE_REFUSED,
            state=DraftState.APPROVED,
            trouble=trouble,
        )
        return RetryableError(
            trouble, retry_after=min(error.retry_after or SEND_AGAIN, MOST_PATIENCE)
        )

    async def _refused(
        self, incident_id: IncidentId, draft: Draft, error: IncidentResponseError
    ) -> Outcome:
        """Sending it again would be refused again: a person has to change or mend something."""
        log.warning("publication refused", incident_id=incident_id, reason=str(error))
        trouble = f"The page refused it: {error}"
        return await self._stick(incident_id, draft, trouble, EntryKind.STATUSPAGE_REFUSED)

    async def _stick(
        self,
        incident_id: IncidentId,
        draft: Draft,
        trouble: str,
        kind: EntryKind | None = EntryKind.STATUSPAGE_APPROVAL_REFUSED,
    ) -> Outcome:
        state = DraftState.APPROVED
        await self._move(incident_id, draft, kind, state=state, trouble=trouble, is_stuck=True)
        return Outcome(result=state.value)

    async def _block(
        self, incident_id: IncidentId, draft: Draft, error: IncidentResponseError
    ) -> Outcome:
        """The ledger does not prove the approval: nothing is sent, and operators are told.

        A ledger that is broken takes no entry any more.
        """
        log.error("publication blocked", incident_id=incident_id, reason=str(error))
        is_broken = isinstance(error, LedgerBrokenError)
        if is_broken:
            count_publish("blocked")  # an entry would have told it
        kind = None if is_broken else EntryKind.STATUSPAGE_APPROVAL_REFUSED
        await self._stick(incident_id, draft, f"It was not published: {error}", kind)
        return Outcome(result={BLOCKED: str(error)})

    # --- finding out -------------------------------------------------------------------------

    async def _uncertain(
        self, incident_id: IncidentId, draft: Draft, reason: str
    ) -> RetryableError:
        """It may be on the page; the wait until it is looked for is returned."""
        await self._move(
            incident_id,
            draft,
            EntryKind.STATUSPAGE_UNCERTAIN,
            state=DraftState.RECONCILING,
            trouble=reason,
        )
        return self._wait(_sent_at(draft) + LOOKS_AFTER[0])

    async def _look(self, incident_id: IncidentId, draft: Draft) -> Outcome:
        due = _sent_at(draft) + LOOKS_AFTER[min(draft.looks, 1)]
        if self._clock.now() < due:
            raise self._wait(due)
        try:
            found = await self._look_for(incident_id, draft)
        except (AutoPublishNotPermittedError, LedgerBrokenError) as error:
            await self._ask_a_person(incident_id, draft, _told(error))
            return Outcome(result={BLOCKED: str(error)})
        except Exception as error:
            if self._clock.now() < _sent_at(draft) + GIVE_UP_LOOKING:
                raise RetryableError(_told(error), retry_after=LOOK_AGAIN) from error
            _log_trouble("cannot look at the page", incident_id, error)
            return await self._ask_a_person(incident_id, draft, _told(error))
        if found is not None:
            return await self._published(incident_id, draft, found)
        return await self._absent(incident_id, draft)

    async def _look_for(self, incident_id: IncidentId, draft: Draft) -> Publication | None:
        if self._page is None:
            raise UnavailableError("no status page is connected")
        approved = await self._proof(incident_id, draft, approved_and_sent)
        async with asyncio.timeout(LOOK_SECONDS):
            return await self._page.find(approved)

    async def _absent(self, incident_id: IncidentId, draft: Draft) -> Outcome:
        last_look = _sent_at(draft) + LOOKS_AFTER[1]
        looked = draft.looks + 1
        if self._clock.now() >= last_look:
            return await self._ask_a_person(
                incident_id, draft, "it was not found on the page", looks=looked
            )
        await self._move(incident_id, draft, None, looks=looked)
        raise self._wait(last_look)

    async def _ask_a_person(
        self, incident_id: IncidentId, draft: Draft, reason: str, *, looks: int | None = None
    ) -> Outcome:
        state = DraftState.NEEDS_HUMAN
        await self._move(
            incident_id,
            draft,
            EntryKind.STATUSPAGE_NEEDS_HUMAN,
            state=state,
            trouble=f"{draft.trouble}; {reason}",
            looks=draft.looks if looks is None else looks,
        )
        return Outcome(result=state.value)

    def _wait(self, until: datetime) -> RetryableError:
        left = max(until - self._clock.now(), MOVED_ON)
        return RetryableError("the page is looked at for it in a moment", retry_after=left)

    # --- moving ------------------------------------------------------------------------------

    async def _published(
        self, incident_id: IncidentId, draft: Draft, published: Publication
    ) -> Outcome:
        def decide(incident: Incident) -> Decision:
            _check_same(incident, draft, _IN_FLIGHT)
            now = self._clock.now()
            page = thread_after(incident, published, now)
            entry = published_entry(draft, published, now)
            return Decision(incident.model_copy(update={"page": page}), (entry,))

        await self._commit(incident_id, decide)
        return Outcome(result=DraftState.PUBLISHED.value)

    async def _move(
        self, incident_id: IncidentId, draft: Draft, kind: EntryKind | None, **update: object
    ) -> Draft:
        """Change the draft with the entry that tells it, unless somebody else has moved it.

        What the page answered counts also if another processor has begun to look for it.
        """
        is_answer = (
            draft.state is DraftState.SENDING and kind is not EntryKind.STATUSPAGE_UNCERTAIN
        )
        states = _IN_FLIGHT if is_answer else frozenset({draft.state})

        def decide(incident: Incident) -> Decision:
            _check_same(incident, draft, states)
            changed = with_draft(incident, **update)
            return Decision(changed, self._entries(kind, draft, update.get("trouble")))

        moved = (await self._commit(incident_id, decide)).page.draft
        assert moved is not None, "it was just changed"
        return moved

    def _entries(
        self, kind: EntryKind | None, draft: Draft, reason: object
    ) -> tuple[NewEntry, ...]:
        if kind is None:
            return ()
        told: Json = {"reason": reason} if isinstance(reason, str) else {}
        return (NewEntry(kind=kind, at=self._clock.now(), details={**marks(draft), **told}),)

    async def _commit(
        self, incident_id: IncidentId, decide: Callable[[Incident], Decision]
    ) -> Incident:
        incident = await change_incident(self._store, incident_id, decide)
        self._board.touch(incident_id)
        return incident


def _check_same(incident: Incident, draft: Draft, states: frozenset[DraftState]) -> None:
    """Raises ``ConflictError`` if the draft is no longer at this approval and this sending, or in
    none of ``states``.
    """
    now = incident.page.draft
    if now is None or _identity(now) != _identity(draft) or now.state not in states:
        raise ConflictError("the draft has moved on", retry_after=MOVED_ON)


def _identity(draft: Draft) -> tuple[str, PageMessage, datetime | None, bool]:
    return draft.key, draft.message, draft.sent_at, draft.is_stuck


def _sent_at(draft: Draft) -> datetime:
    assert draft.sent_at is not None, "what was sent has its time"
    return draft.sent_at


def _told(error: Exception) -> str:
    """Why, for people."""
    if isinstance(error, IncidentResponseError):
        return str(error)
    return "no answer came" if isinstance(error, TimeoutError) else "an error in this program"


def _log_trouble(what: str, incident_id: IncidentId, error: Exception) -> None:
    is_known = isinstance(error, IncidentResponseError)
    trace = None if is_known else error
    log.warning(what, incident_id=incident_id, reason=str(error), exc_info=trace)
