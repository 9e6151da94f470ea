"""Drafts, edits, rejects and approves messages to customers: the only way to the status page.

Every operation is one decision on the incident as it is at that moment, stored with its entry.
An approval is for exactly one text (number, revision, attempt, digest), by who is in command or in
the approvers' group when it is decided, and opens the run that sends it in the same transaction.
Asked again (``Asked.key``), an operation is answered as the first time and done once. Not here:
sending (publishing), what an approval proves (domain.approval), the card (blocks).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from incident_response.blocks.action_ids import SUPERSEDED
from incident_response.domain.approval import marks
from incident_response.domain.draft import (
    Approval,
    Author,
    Draft,
    DraftContent,
    DraftState,
    PageMessage,
)
from incident_response.domain.errors import (
    NotAllowedError,
    NotAnApproverError,
    NotFoundError,
    RefusedError,
)
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import SYSTEM, EntryKind, LedgerEntry, NewEntry
from incident_response.domain.model import IncidentId, Json, UserId
from incident_response.domain.policy import Policy
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore, PlanRecord, PlanState
from incident_response.ports.ledger import Ledger
from incident_response.ports.status_page import Publication
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.publishing import (
    PUBLISH,
    Publisher,
    page_incident_for,
    published_entry,
    thread_after,
    why_unfit,
)
from incident_response.workflows.roles import Asked
from incident_response.workflows.room_board import RoomBoard

__all__ = ["PUBLISH", "StatuspageApprovalGate"]

STALE_AFTER = timedelta(minutes=30)
"""A text older than this is read again before it is approved: saving it unedited is enough."""
COMMANDER = "commander"
APPROVER = "approver"
"""Why somebody may approve (``Approval.right``)."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clicker:
    """Who asked, as far as it has to be looked up before the decision."""

    asked: Asked
    is_member: bool
    is_approver: bool

    def right(self, incident: Incident) -> str:
        """Why they may decide on this incident now; empty if they may not."""
        if incident.commander == self.asked.by and self.is_member:
            return COMMANDER
        return APPROVER if self.is_approver and self.is_member else ""


Judge = Callable[[Incident], Decision]


class StatuspageApprovalGate:
    """Decides what may be told to customers."""

    def __init__(
        self,
        *,
        publisher: Publisher,
        page_id: str,
        policy: Policy,
        store: IncidentStore,
        ledger: Ledger,
        chat: Chat,
        board: RoomBoard,
        clock: Clock,
    ) -> None:
        """``page_id``: the one page that is written to; empty if none is connected."""
        self._publisher = publisher
        self._page_id = page_id
        self._policy = policy
        self._store = store
        self._ledger = ledger
        self._chat = chat
        self._board = board
        self._clock = clock
        self.plan = publisher.plan
        self.on_approved: Callable[[IncidentId, str], None] = lambda *_: None
        """Called with the incident and the stored run that sends it; must not block."""

    # --- texts -------------------------------------------------------------------------------

    async def draft(
        self,
        incident_id: IncidentId,
        content: DraftContent,
        *,
        asked: Asked,
        author: Author = Author.PERSON,
        subscribers: int | None = None,
    ) -> Incident:
        """A new draft, or a new revision of the one that is not approved yet.

        ``asked.by`` may be ``SYSTEM``. Raises ``RefusedError`` for a text that cannot be
        published, and while a message is under way; ``NotAllowedError`` for guests.
        """
        asked = _named_asking("draft", asked)

        def decide(incident: Incident) -> Decision:
            old = incident.page.draft
            if old is not None and old.state.is_under_way and not old.may_be_edited:
                raise RefusedError(f"Draft {old.number} is not done: {_how_far(old)}")
            return self._written(incident, content, asked, author=author, subscribers=subscribers)

        return await self._change_as_member(incident_id, asked, decide)

    async def edit(
        self, incident_id: IncidentId, *, code: str, content: DraftContent, asked: Asked
    ) -> Incident:
        """A new revision of the draft that ``code`` names; approvals of the old text are void.

        Raises ``RefusedError`` if the text changed meanwhile or is already approved.
        """
        asked = _named_asking("edit", asked)

        def decide(incident: Incident) -> Decision:
            old = editable(incident, code)
            return self._written(
                incident, content, asked, author=Author.PERSON, subscribers=old.subscribers
            )

        return await self._change_as_member(incident_id, asked, decide)

    def _written(
        self,
        incident: Incident,
        content: DraftContent,
        asked: Asked,
        *,
        author: Author,
        subscribers: int | None,
    ) -> Decision:
        message = self._message(incident, content)
        old = incident.page.draft
        if old is not None and not old.state.is_settled:
            kind, number, revision = EntryKind.STATUSPAGE_EDITED, old.number, old.revision + 1
        else:
            kind, number, revision = EntryKind.STATUSPAGE_DRAFTED, incident.page.drafts + 1, 1
        draft = Draft(
            number=number,
            revision=revision,
            message=message,
            drafted_by=None if asked.by == SYSTEM else asked.by,
            drafted_at=self._clock.now(),
            author=author,
            subscribers=subscribers,
        )
        told: Json = {"title": message.title, "status": message.status.value}
        page = incident.page.model_copy(update={"draft": draft, "drafts": number})
        entry = self._entry(kind, draft, asked, **told)
        return Decision(incident.model_copy(update={"page": page}), (entry,))

    def _message(self, incident: Incident, content: DraftContent) -> PageMessage:
        if not self._page_id:
            raise RefusedError("No status page is connected: set STATUSPAGE_API_KEY and _PAGE_ID.")
        page_incident_id = page_incident_for(incident, content.status)
        message = content.message(page_id=self._page_id, page_incident_id=page_incident_id)
        if why := why_unfit(incident, message, self._page_id):
            raise RefusedError(f"This cannot be published: {why}.")
        return message

    # --- decisions ---------------------------------------------------------------------------

    async def approve(self, incident_id: IncidentId, *, code: str, asked: Asked) -> Incident:
        """Approve the text that ``code`` names; with the last approval that the policy asks for,
        its sending begins.

        Raises ``NotAllowedError`` for who may not, ``RefusedError`` for what cannot be approved
        now; either is in the ledger.
        """
        asked = _named_asking("approve", asked)

        def judge(incident: Incident, clicker: _Clicker) -> Decision:
            draft = named_draft(incident, code)
            if draft.state is not DraftState.PENDING:
                return _approved_before(incident, draft, asked.by)
            return self._approved(incident, draft, clicker)

        return await self._decide(incident_id, asked, judge)

    async def publish_again(self, incident_id: IncidentId, *, code: str, asked: Asked) -> Incident:
        """Approve the same text anew, after a person has seen that it is not on the page, or has
        mended why the page refused it.

        Raises as ``approve``.
        """
        asked = _named_asking("publish_again", asked)

        def judge(incident: Incident, clicker: _Clicker) -> Decision:
            draft = named_draft(incident, code)
            if draft.state is not DraftState.NEEDS_HUMAN and not draft.is_stuck:
                raise RefusedError(f"There is nothing to publish again: {_how_far(draft)}")
            return self._approved(incident, draft, clicker)

        return await self._decide(incident_id, asked, judge)

    async def found(self, incident_id: IncidentId, *, code: str, asked: Asked) -> Incident:
        """Note that a message which got no answer is on the page: a person has seen it.

        Its page incident is what the page itself says; if it cannot say, and the message opened
        one, the next message opens another. Raises as ``approve``.
        """
        asked = _named_asking("found", asked)
        before = await self._incident(incident_id)
        draft = before.page.draft
        is_open = draft is not None and draft.state is DraftState.NEEDS_HUMAN
        seen = await self._publisher.find(incident_id, draft) if draft and is_open else None
        published = seen or Publication(page_incident_id="")

        def judge(incident: Incident, clicker: _Clicker) -> Decision:
            now, open_draft = self._clock.now(), named_draft(incident, code)
            if open_draft.state is not DraftState.NEEDS_HUMAN:
                raise RefusedError(f"There is nothing to look for: {_how_far(open_draft)}")
            _require_right(incident, clicker, self._policy.approver_group)
            entry = published_entry(open_draft, published, now, actor=asked.by)
            entry = entry.model_copy(update={"details": {**entry.details, "asked": asked.key}})
            page = thread_after(incident, published, now)
            return Decision(incident.model_copy(update={"page": page}), (entry,))

        return await self._decide(incident_id, asked, judge)

    async def reject(
        self, incident_id: IncidentId, *, code: str, reason: str, asked: Asked
    ) -> Incident:
        """Drop the text that ``code`` names; nothing of it is sent from here on.

        Any member may drop what is not approved; what is approved, or may be on the page, only
        who could approve it. Raises ``RefusedError`` once it is being sent.
        """
        asked = _named_asking("reject", asked)

        def judge(incident: Incident, clicker: _Clicker) -> Decision:
            draft = named_draft(incident, code)
            if draft.state is not DraftState.PENDING or not clicker.is_member:
                _require_right(incident, clicker, self._policy.approver_group)
            if draft.state not in _REJECTABLE:
                raise RefusedError(f"It cannot be rejected any more: {_how_far(draft)}")
            update = {"state": DraftState.REJECTED, "trouble": reason, "is_stuck": False}
            entry = self._entry(EntryKind.STATUSPAGE_REJECTED, draft, asked, reason=reason)
            return Decision(_with(incident, draft.model_copy(update=update)), (entry,))

        return await self._decide(incident_id, asked, judge)

    def _approved(self, incident: Incident, draft: Draft, clicker: _Clicker) -> Decision:
        """One more approval: the last one that is needed has it sent."""
        self._check_fresh(incident, draft)
        right = _require_right(incident, clicker, self._policy.approver_group)
        by, now = clicker.asked.by, self._clock.now()
        standing = tuple(a for a in draft.given if _still_counts(a, incident))
        if any(a.by == by for a in standing):
            raise RefusedError("You have approved it already; it needs another person's approval.")
        attempt, digest = draft.attempt + 1, draft.message.digest
        own = Approval(by=by, at=now, digest=digest, right=right, attempt=attempt)
        earlier = tuple(a for a in draft.approvals if a.attempt < attempt)
        changed = draft.model_copy(update={"approvals": (*earlier, *standing, own)})
        needed = self._policy.of(incident.severity).approvals
        if len(changed.given) < needed:
            entry = self._entry(EntryKind.STATUSPAGE_APPROVAL_GIVEN, draft, clicker.asked)
            return Decision(_with(incident, changed), (entry,))
        return self._begun(incident, changed, clicker.asked, needed)

    def _begun(self, incident: Incident, draft: Draft, asked: Asked, needed: int) -> Decision:
        approvals = [approval.model_dump(mode="json") for approval in draft.given]
        update = {
            "state": DraftState.APPROVED,
            "attempt": draft.attempt + 1,
            "sent_at": None,
            "looks": 0,
            "trouble": "",
            "is_stuck": False,
        }
        approved = draft.model_copy(update=update)
        entry = self._entry(
            EntryKind.STATUSPAGE_DRAFT_APPROVED,
            approved,
            asked,
            approvals=approvals,
            needed=needed,
            message=approved.message.model_dump(mode="json"),
        )
        plan = PlanRecord(
            incident_id=incident.incident_id,
            plan=f"{PUBLISH}#{approved.key}",
            state=PlanState.OPEN,
            opened_at=self._clock.now(),
        )
        return Decision(_with(incident, approved), (entry,), plan)

    def _check_fresh(self, incident: Incident, draft: Draft) -> None:
        if why := why_unfit(incident, draft.message, self._page_id):
            raise RefusedError(f"This text no longer fits: {why}. Draft it anew.")
        age = self._clock.now() - draft.drafted_at
        if age > STALE_AFTER:
            edit = "Edit it; saving the same text is enough."
            way = edit if draft.may_be_edited else "Reject it and draft it anew."
            raise RefusedError(
                f"This was written {int(age.total_seconds() // 60)} minutes ago, and may no longer"
                f" be so. {way}"
            )

    # --- asking ------------------------------------------------------------------------------

    async def _decide(
        self,
        incident_id: IncidentId,
        asked: Asked,
        judge: Callable[[Incident, _Clicker], Decision],
    ) -> Incident:
        """Decide for the clicker; a refusal is in the ledger before it is raised."""
        if (answered := await self._answered(incident_id, asked)) is not None:
            return answered
        clicker = await self._clicker(incident_id, asked)
        refusals: list[RefusedError] = []
        plans: list[PlanRecord] = []

        def decide(incident: Incident) -> Decision:
            refusals.clear()
            plans.clear()
            try:
                decision = judge(incident, clicker)
            except RefusedError as error:
                refusals.append(error)
                return Decision(incident, (self._refusal(incident, asked, error),))
            plans.extend(filter(None, [decision.plan]))
            return decision

        incident = await change_incident(self._store, incident_id, decide)
        if refusals:
            raise refusals[0]
        self._board.touch(incident_id)
        for plan in plans:
            self.on_approved(incident_id, plan.plan)
        return incident

    async def _change_as_member(
        self, incident_id: IncidentId, asked: Asked, decide: Judge
    ) -> Incident:
        if (answered := await self._answered(incident_id, asked)) is not None:
            return answered
        if asked.by != SYSTEM and not await self._is_member(asked.by):
            raise NotAllowedError("Only full members of this workspace can do that.")
        incident = await change_incident(self._store, incident_id, decide)
        self._board.touch(incident_id)
        return incident

    async def _answered(self, incident_id: IncidentId, asked: Asked) -> Incident | None:
        """The incident if this very asking was done before; raises again what it was refused."""
        entry = _asked_before(await self._ledger.entries(incident_id), asked.key)
        if entry is None:
            return None
        if entry.kind is EntryKind.STATUSPAGE_APPROVAL_REFUSED:
            raise await self._as_before(incident_id, entry)
        self._board.touch(incident_id)
        return await self._incident(incident_id)

    async def _as_before(self, incident_id: IncidentId, entry: LedgerEntry) -> RefusedError:
        reason = str(entry.details.get("reason"))
        if not entry.details.get("is_right_missing"):
            return RefusedError(reason)
        commander = (await self._incident(incident_id)).commander or ""
        return NotAnApproverError(reason, commander=commander, group=self._policy.approver_group)

    async def _incident(self, incident_id: IncidentId) -> Incident:
        incident = await self._store.get(incident_id)
        if incident is None:
            raise NotFoundError(f"there is no incident {incident_id}")
        return incident

    async def _clicker(self, incident_id: IncidentId, asked: Asked) -> _Clicker:
        is_member = await self._is_member(asked.by)
        incident = await self._incident(incident_id)
        # The commander need not wait for the group, nor depend on it.
        is_approver = incident.commander != asked.by and await self._is_approver(asked.by)
        return _Clicker(asked=asked, is_member=is_member, is_approver=is_approver)

    async def _is_member(self, user_id: UserId) -> bool:
        user = await self._chat.user(user_id)
        return user is not None and user.may_respond

    async def _is_approver(self, user_id: UserId) -> bool:
        group = self._policy.approver_group
        if not group:
            return False
        try:
            return user_id in await self._chat.group_members(group)
        except NotFoundError:
            log.warning("there is no such approvers' group", group=group)
            return False

    def _refusal(self, incident: Incident, asked: Asked, error: RefusedError) -> NewEntry:
        draft = incident.page.draft
        details: Json = {
            **(marks(draft) if draft is not None else {}),
            "reason": str(error),
            "is_right_missing": isinstance(error, NotAllowedError),
            "asked": asked.key,
        }
        kind = EntryKind.STATUSPAGE_APPROVAL_REFUSED
        return NewEntry(kind=kind, at=self._clock.now(), actor=asked.by, details=details)

    def _entry(self, kind: EntryKind, draft: Draft, asked: Asked, **told: object) -> NewEntry:
        details = {**marks(draft), "code": draft.message.code, "asked": asked.key, **told}
        return NewEntry.model_validate(
            {"kind": kind, "at": self._clock.now(), "actor": asked.by, "details": details}
        )


_REJECTABLE = frozenset({DraftState.PENDING, DraftState.APPROVED, DraftState.NEEDS_HUMAN})


def _named_asking(operation: str, asked: Asked) -> Asked:
    """One click may lead to several operations; each is done once."""
    return replace(asked, key=f"{operation}:{asked.key}")


def named_draft(incident: Incident, code: str) -> Draft:
    """The draft, if ``code`` names its text as it is now; raises ``RefusedError`` otherwise."""
    draft = incident.page.draft
    if draft is None:
        raise RefusedError("There is no draft for the status page.")
    if not draft.is_named_by(code):
        raise RefusedError(
            f"The text changed. Read the newest one, which is {draft.message.code}.",
            reason=SUPERSEDED,
        )
    return draft


def editable(incident: Incident, code: str = "") -> Draft:
    """The draft whose text may be changed, and is the one that ``code`` names, if it is given.

    Raises ``RefusedError`` otherwise.
    """
    draft = incident.page.draft
    if draft is None or code:
        draft = named_draft(incident, code)
    if not draft.may_be_edited:
        raise RefusedError(f"It cannot be edited any more: {_how_far(draft)}")
    return draft


def _require_right(incident: Incident, clicker: _Clicker, group: str) -> str:
    right = clicker.right(incident)
    if not right:
        raise NotAnApproverError(_NOT_YOURS, commander=incident.commander or "", group=group)
    return right


def _approved_before(incident: Incident, draft: Draft, by: UserId) -> Decision:
    """The answer to who approves what is approved: done, if it was their own doing."""
    is_going_well = not draft.waits_for_approval and draft.state is not DraftState.REJECTED
    if is_going_well and any(approval.by == by for approval in draft.given):
        return Decision(incident, ())
    raise RefusedError(f"It does not wait for an approval: {_how_far(draft)}")


def _still_counts(approval: Approval, incident: Incident) -> bool:
    """A commander's approval that was not enough by itself goes with the command."""
    return approval.right == APPROVER or approval.by == incident.commander


def _asked_before(entries: Iterable[LedgerEntry], key: str) -> LedgerEntry | None:
    return next((entry for entry in entries if entry.details.get("asked") == key), None)


def _with(incident: Incident, draft: Draft) -> Incident:
    page = incident.page.model_copy(update={"draft": draft})
    return incident.model_copy(update={"page": page})


def _how_far(draft: Draft) -> str:
    """Where the draft is, for whoever wanted something else of it."""
    return _STUCK if draft.is_stuck else _HOW_FAR[draft.state]


_NOT_YOURS = "Only the incident commander or an approver decides what customers are told."
_STUCK = "it is approved and was not published: edit it, reject it or publish it again."
_HOW_FAR = {
    DraftState.PENDING: "it waits to be approved.",
    DraftState.APPROVED: "it is approved and on its way.",
    DraftState.SENDING: "it is approved and on its way.",
    DraftState.RECONCILING: "it was sent, and the page is looked at for it.",
    DraftState.NEEDS_HUMAN: "it may be on the page: look there, then say whether it is.",
    DraftState.PUBLISHED: "it is published.",
    DraftState.REJECTED: "it was rejected.",
}
