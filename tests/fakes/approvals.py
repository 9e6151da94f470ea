"""Messages that were approved, minted the only way there is: from a sealed ledger that says so."""

from incident_response.domain.approval import ApprovedDraft, approved_to_send, marks
from incident_response.domain.draft import Draft, DraftState, PageImpact, PageMessage, PageStatus
from incident_response.domain.ledger import GENESIS, EntryKind, NewEntry, Seal
from incident_response.domain.model import IncidentId
from tests.fakes.clock import START
from tests.fakes.status_page import PAGE_ID

INCIDENT_ID = IncidentId("inc-0a1b2c3d4e5f")


def page_message(**changes: object) -> PageMessage:
    values: dict[str, object] = {
        "page_id": PAGE_ID,
        "title": "Some payments fail",
        "body": "Some customers cannot pay.\nWe are looking into it.",
        "status": PageStatus.INVESTIGATING,
        "impact": PageImpact.MAJOR,
    }
    return PageMessage.model_validate(values | changes)


def approved(message: PageMessage, *, number: int = 1, attempt: int = 1) -> ApprovedDraft:
    """The message as somebody approved it."""
    draft = Draft(
        number=number,
        message=message,
        state=DraftState.APPROVED,
        drafted_at=START,
        attempt=attempt,
    )
    seal = Seal(b"0123456789abcdef")
    entry = NewEntry(
        kind=EntryKind.STATUSPAGE_DRAFT_APPROVED, at=START, actor="U0ADA", details=marks(draft)
    )
    sealed = seal.append(entry, incident_id=INCIDENT_ID, seq=1, previous=GENESIS)
    return approved_to_send(INCIDENT_ID, draft, [sealed], seal)
