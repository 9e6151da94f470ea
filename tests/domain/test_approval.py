import copy
import functools
import itertools
import pickle
from collections.abc import Sequence
from typing import Any

import pytest

from incident_response.domain import approval
from incident_response.domain.approval import (
    ApprovedDraft,
    approved_and_sent,
    approved_to_send,
    marks,
)
from incident_response.domain.draft import Draft, DraftState
from incident_response.domain.errors import AutoPublishNotPermittedError, LedgerBrokenError
from incident_response.domain.ledger import GENESIS, EntryKind, LedgerEntry, NewEntry, Seal
from incident_response.domain.model import IncidentId, Json
from tests.fakes.approvals import page_message
from tests.fakes.clock import START

ID = IncidentId("inc-0a1b2c3d4e5f")
SEAL = Seal(b"k" * 16)
DRAFT = Draft(
    number=1,
    revision=2,
    attempt=1,
    message=page_message(),
    state=DraftState.APPROVED,
    drafted_at=START,
)
APPROVED, SENDING, UNCERTAIN, REFUSED, NEEDS_HUMAN, PUBLISHED, REJECTED = (
    EntryKind.STATUSPAGE_DRAFT_APPROVED,
    EntryKind.STATUSPAGE_SENDING,
    EntryKind.STATUSPAGE_UNCERTAIN,
    EntryKind.STATUSPAGE_REFUSED,
    EntryKind.STATUSPAGE_NEEDS_HUMAN,
    EntryKind.STATUSPAGE_PUBLISHED,
    EntryKind.STATUSPAGE_REJECTED,
)
FLOW = (APPROVED, SENDING, UNCERTAIN, REFUSED, NEEDS_HUMAN, PUBLISHED, REJECTED)
NO_APPROVAL = (
    r"^The ledger holds no unused approval of exactly this message, so it is not published\.$"
)

NOT_SENT = r"^The ledger does not say that this message was sent\.$"


def ledger(*kinds: EntryKind, details: Json | None = None, seal: Seal = SEAL) -> list[LedgerEntry]:
    """Entries of these kinds about the draft, after one about something else."""
    entries: list[LedgerEntry] = []
    for seq, kind in enumerate((EntryKind.INCIDENT_OPENED, *kinds), start=1):
        told = {} if seq == 1 else marks(DRAFT) if details is None else details
        new = NewEntry(kind=kind, at=START, details=told)
        previous = entries[-1].hash if entries else GENESIS
        entries.append(seal.append(new, incident_id=ID, seq=seq, previous=previous))
    return entries


def may_send(entries: Sequence[LedgerEntry], draft: Draft = DRAFT) -> bool:
    try:
        approved_to_send(ID, draft, entries, SEAL)
    except AutoPublishNotPermittedError:
        return False
    return True


def may_look(entries: Sequence[LedgerEntry]) -> bool:
    try:
        approved_and_sent(ID, DRAFT, entries, SEAL)
    except AutoPublishNotPermittedError:
        return False
    return True


def test_what_was_approved_may_be_sent_exactly_as_it_is() -> None:
    approved = approved_to_send(ID, DRAFT, ledger(APPROVED), SEAL)
    assert approved.incident_id == ID
    assert approved.key == DRAFT.key == "1.2.1"
    assert approved.message == DRAFT.message


def test_what_was_sent_may_be_looked_for_exactly_as_it_is() -> None:
    approved = approved_and_sent(ID, DRAFT, ledger(APPROVED, SENDING), SEAL)
    assert (approved.incident_id, approved.key) == (ID, DRAFT.key)
    assert approved.message == DRAFT.message


def test_without_an_approval_nothing_may_be_sent_or_looked_for() -> None:
    with pytest.raises(AutoPublishNotPermittedError, match=NO_APPROVAL):
        approved_to_send(ID, DRAFT, ledger(), SEAL)
    with pytest.raises(AutoPublishNotPermittedError, match=NOT_SENT):
        approved_and_sent(ID, DRAFT, ledger(APPROVED), SEAL)
    assert not may_send([])


@pytest.mark.parametrize(
    "change", [{"number": 2}, {"revision": 1}, {"attempt": 2}, {"message": page_message(body="b")}]
)
def test_an_approval_is_for_one_number_revision_attempt_and_text(change: dict[str, Any]) -> None:
    entries = ledger(APPROVED)
    assert may_send(entries)
    assert not may_send(entries, DRAFT.model_copy(update=change))


@pytest.mark.parametrize("name", list(marks(DRAFT)))
def test_an_approval_that_lacks_a_mark_is_for_nothing(name: str) -> None:
    lacking = {key: value for key, value in marks(DRAFT).items() if key != name}
    assert not may_send(ledger(APPROVED, details=lacking))
    assert not may_send(ledger(APPROVED, details=marks(DRAFT) | {name: "0"}))


def test_marks_name_the_draft_and_what_it_says() -> None:
    digest = DRAFT.message.digest
    assert marks(DRAFT) == {"draft": 1, "revision": 2, "attempt": 1, "digest": digest}


def test_another_attempt_can_be_marked() -> None:
    assert marks(DRAFT, attempt=5) == marks(DRAFT) | {"attempt": 5}
    assert marks(DRAFT, attempt=0)["attempt"] == 0


def test_entries_of_other_kinds_change_nothing() -> None:
    given = EntryKind.STATUSPAGE_APPROVAL_GIVEN
    assert may_send(ledger(given, APPROVED, EntryKind.STATUSPAGE_EDITED))
    assert not may_send(ledger(given))


SENDABLE = {(APPROVED,), (APPROVED, SENDING, REFUSED), (APPROVED, SENDING, UNCERTAIN, REFUSED)}
SENT = {
    (APPROVED, SENDING),
    (APPROVED, SENDING, UNCERTAIN),
    (APPROVED, SENDING, UNCERTAIN, NEEDS_HUMAN),
    (APPROVED, SENDING, REFUSED, SENDING),
}


def test_of_all_histories_only_the_true_ones_allow_anything() -> None:
    short = (kinds for length in range(4) for kinds in itertools.product(FLOW, repeat=length))
    longer = ((APPROVED, SENDING, *rest) for rest in itertools.product(FLOW, repeat=2))
    for kinds in (*short, *longer):
        entries = ledger(*kinds)
        assert may_send(entries) == (kinds in SENDABLE), kinds
        assert may_look(entries) == (kinds in SENT), kinds


def test_a_refused_sending_gives_the_approval_back_each_time() -> None:
    assert may_send(ledger(APPROVED, SENDING, REFUSED, SENDING, REFUSED))
    assert not may_send(ledger(APPROVED, SENDING, REFUSED, SENDING))
    assert not may_send(ledger(APPROVED, SENDING, REFUSED, SENDING, PUBLISHED))


def test_a_history_out_of_order_stays_so_whatever_follows() -> None:
    assert not may_send(ledger(APPROVED, APPROVED, SENDING, REFUSED))
    assert not may_look(ledger(SENDING, APPROVED, SENDING))


def test_a_ledger_that_does_not_hold_proves_nothing() -> None:
    entries = ledger(APPROVED, SENDING)
    forged = ledger(APPROVED, seal=Seal(b"another key than ours"))
    for prove in (approved_to_send, approved_and_sent):
        with pytest.raises(LedgerBrokenError):
            prove(ID, DRAFT, entries[1:], SEAL)
        with pytest.raises(LedgerBrokenError):
            prove(ID, DRAFT, forged, SEAL)
        with pytest.raises(LedgerBrokenError):
            prove(IncidentId("inc-ffffffffffff"), DRAFT, entries, SEAL)


def test_nothing_else_makes_an_approved_draft() -> None:
    make: Any = ApprovedDraft
    for mint in (None, object(), True, "_MINT"):
        with pytest.raises(AutoPublishNotPermittedError):
            make(mint, ID, "1.2.1", DRAFT.message)
    with pytest.raises(AutoPublishNotPermittedError):
        functools.partial(make, object())(ID, "1.2.1", DRAFT.message)
    with pytest.raises(TypeError, match=r"^nothing else is an approved message$"):
        type("Forged", (make,), {})
    assert type(approval._MINT) is object


def test_an_approved_draft_never_changes() -> None:
    approved: Any = approved_to_send(ID, DRAFT, ledger(APPROVED), SEAL)
    for name in ("message", "key", "incident_id", "else"):
        with pytest.raises(AttributeError, match=r"^an approved message never changes$"):
            setattr(approved, name, page_message(body="forged"))
    with pytest.raises(AttributeError, match=r"^an approved message never changes$"):
        del approved.message
    assert approved.message == DRAFT.message


def test_an_approved_draft_is_not_copied_into_another() -> None:
    approved = approved_to_send(ID, DRAFT, ledger(APPROVED), SEAL)
    with pytest.raises((AttributeError, TypeError)):
        copy.copy(approved)
    with pytest.raises((AttributeError, TypeError)):
        pickle.loads(pickle.dumps(approved))
