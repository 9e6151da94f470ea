from collections.abc import Callable
from typing import Any

import pytest

from incident_response.domain.audit import Finding, check_ledger
from incident_response.domain.ledger import GENESIS, EntryKind, LedgerEntry, NewEntry, Seal
from incident_response.domain.model import IncidentId, Json
from tests.fakes.approvals import page_message
from tests.fakes.clock import START

ID = IncidentId("inc-0a1b2c3d4e5f")
SEAL = Seal(b"k" * 16)
MESSAGE = page_message(page_incident_id="p7")
MARKS: Json = {"draft": 1, "revision": 1, "attempt": 1, "digest": MESSAGE.digest}
SAID: Json = {
    "page_id": MESSAGE.page_id,
    "page_incident_id": "p7",
    "title": MESSAGE.title,
    "body": MESSAGE.body,
    "status": "investigating",
    "impact": "major",
}
Row = tuple[EntryKind, str, Json]


def role(to: str, name: str = "ic") -> Row:
    return (EntryKind.ROLE_ASSIGNED, "U0BEN", {"role": name, "to": to})


def given(by: str = "U0ADA", right: str = "commander", **changes: Any) -> Json:
    return {"by": by, "right": right, "digest": MESSAGE.digest, **changes}


def approved(*approvals: Json, actor: Any = "U0ADA", **changes: Any) -> Row:
    details: Json = {
        **MARKS,
        "approvals": list(approvals or (given(),)),
        "needed": 1,
        "message": MESSAGE.model_dump(mode="json"),
        **changes,
    }
    return (EntryKind.STATUSPAGE_DRAFT_APPROVED, actor, details)


def told(name: str, **changes: Any) -> Row:
    details: Json = {**MARKS, **changes}
    return (EntryKind(f"STATUSPAGE_{name}"), "incident-response", details)


def published(**changes: Any) -> Row:
    return told("PUBLISHED", **{**SAID, **changes})


ADA_COMMANDS, SENDING, REFUSED = role("U0ADA"), told("SENDING"), told("REFUSED")
GOOD: tuple[Row, ...] = (ADA_COMMANDS, approved(), SENDING, published())


def ledger(*rows: Row, seal: Seal = SEAL) -> list[LedgerEntry]:
    entries: list[LedgerEntry] = []
    for seq, (kind, actor, details) in enumerate(rows, start=1):
        new = NewEntry(kind=kind, at=START, actor=actor, details=details)
        previous = entries[-1].hash if entries else GENESIS
        entries.append(seal.append(new, incident_id=ID, seq=seq, previous=previous))
    return entries


def head_of(entries: list[LedgerEntry]) -> tuple[int, str]:
    return (entries[-1].seq, entries[-1].hash) if entries else (0, GENESIS)


def audit(*rows: Row) -> tuple[Finding, ...]:
    entries = ledger(*rows)
    return check_ledger(ID, entries, head=head_of(entries), seal=SEAL)


def only(found: tuple[Finding, ...]) -> tuple[int, str, str]:
    assert len(found) == 1, found
    assert found[0].incident_id == ID
    return found[0].seq, found[0].rule, found[0].why


def test_a_ledger_without_publications_holds() -> None:
    assert audit(ADA_COMMANDS, told("DRAFTED"), told("REJECTED"), told("REFUSED")) == ()


def test_a_publication_after_its_approval_by_the_commander_holds() -> None:
    assert audit(*GOOD) == ()
    assert audit(ADA_COMMANDS, approved(), SENDING, REFUSED, SENDING, published()) == ()
    assert audit(ADA_COMMANDS, approved(), SENDING, told("UNCERTAIN"), published()) == ()


def test_a_message_that_opened_the_page_incident_may_be_anywhere() -> None:
    opening = page_message()
    marks = {**MARKS, "digest": opening.digest}
    rows = (
        ADA_COMMANDS,
        approved(given(digest=opening.digest), message=opening.model_dump(mode="json"), **marks),
        told("SENDING", **marks),
        published(**marks, page_incident_id="p99"),
    )
    assert audit(*rows) == ()


def test_every_attempt_has_an_approval_of_its_own() -> None:
    again: dict[str, Any] = {"attempt": 2}
    more = (approved(**again), told("SENDING", **again), published(**again))
    assert audit(ADA_COMMANDS, approved(), SENDING, told("UNCERTAIN"), *more) == ()


def test_an_approver_need_not_command() -> None:
    rows = (approved(given("U0BEN", "approver"), actor="U0BEN"), SENDING, published())
    assert audit(*rows) == ()


def test_two_people_may_approve_together() -> None:
    both = (given("U0BEN", "approver"), given())
    assert audit(ADA_COMMANDS, approved(*both, needed=2), SENDING, published()) == ()


def changed(index: int, **update: object) -> Callable[[list[LedgerEntry]], list[LedgerEntry]]:
    def change(entries: list[LedgerEntry]) -> list[LedgerEntry]:
        entries[index] = entries[index].model_copy(update=update)
        return entries

    return change


def without(index: int) -> Callable[[list[LedgerEntry]], list[LedgerEntry]]:
    return lambda entries: entries[:index] + entries[index + 1 :]


@pytest.mark.parametrize(
    ("tamper", "seq"),
    [
        (changed(1, actor="U0EVE"), 2),
        (changed(2, details={}), 3),
        (without(0), 1),
        (without(2), 3),
        (lambda entries: [*ledger(*GOOD, seal=Seal(b"a key that is not ours"))], 1),
    ],
)
def test_a_tampered_chain_is_the_one_finding(tamper: Any, seq: int) -> None:
    entries = ledger(*GOOD)
    head = head_of(entries)
    seq_found, rule, why = only(check_ledger(ID, tamper(entries), head=head, seal=SEAL))
    assert (seq_found, rule) == (seq, "chain")
    assert str(seq) in why


def test_a_cut_tail_is_found_by_the_head() -> None:
    entries = ledger(*GOOD)
    for length in range(4):
        cut = check_ledger(ID, entries[:length], head=head_of(entries), seal=SEAL)
        why = f"the ledger ends at entry {length}, and its head says 4"
        assert only(cut) == (length + 1, "head", why)


def test_a_head_that_is_not_the_last_entrys_is_found() -> None:
    entries = ledger(*GOOD)
    beyond = check_ledger(ID, entries, head=head_of(entries[:3]), seal=SEAL)
    assert only(beyond) == (3, "head", "the head (entry 3) is not that of the last entry (4)")
    other = check_ledger(ID, entries, head=(4, "0" * 64), seal=SEAL)
    assert only(other)[:2] == (4, "head")
    lost = check_ledger(ID, entries, head=(0, GENESIS), seal=SEAL)
    assert only(lost) == (1, "head", "the head (entry 0) is not that of the last entry (4)")


def test_an_incident_without_any_entry_is_found() -> None:
    nothing = check_ledger(ID, [], head=(0, GENESIS), seal=SEAL)
    assert only(nothing) == (1, "head", "the ledger ends at entry 0, and its head says 0")


NOBODY_SENT = "nobody approved what was sent"
NOBODY_PUBLISHED = "nobody approved what was published"
UNSENT = "it was published without being sent, or twice"
AGAIN = "it was sent again on one approval"


def test_a_sending_without_its_approval_is_found() -> None:
    assert only(audit(ADA_COMMANDS, SENDING)) == (2, "sending", NOBODY_SENT)
    for name, other in {"draft": 2, "revision": 2, "attempt": 2, "digest": "0" * 64}.items():
        found = audit(ADA_COMMANDS, approved(), told("SENDING", **{name: other}))
        assert only(found) == (3, "sending", NOBODY_SENT)


def test_an_approval_that_comes_after_the_sending_is_too_late() -> None:
    assert only(audit(ADA_COMMANDS, SENDING, approved())) == (2, "sending", NOBODY_SENT)


def test_one_approval_is_for_one_sending() -> None:
    twice = (ADA_COMMANDS, approved(), SENDING, SENDING)
    assert only(audit(*twice)) == (4, "sending", AGAIN)
    after = (*GOOD, SENDING)
    assert only(audit(*after)) == (5, "sending", AGAIN)
    uncertain = (ADA_COMMANDS, approved(), SENDING, told("UNCERTAIN"), SENDING)
    assert only(audit(*uncertain)) == (5, "sending", AGAIN)


def test_a_rejected_approval_allows_no_sending() -> None:
    found = audit(ADA_COMMANDS, approved(), told("REJECTED"), SENDING)
    assert only(found) == (4, "sending", AGAIN)


def test_a_refusal_gives_back_only_what_was_sent() -> None:
    assert only(audit(ADA_COMMANDS, REFUSED, SENDING)) == (3, "sending", NOBODY_SENT)
    published_then = (*GOOD, REFUSED, SENDING)
    assert only(audit(*published_then)) == (6, "sending", AGAIN)


def test_a_publication_without_approval_or_sending_is_found() -> None:
    assert only(audit(published())) == (1, "publication", NOBODY_PUBLISHED)
    assert only(audit(ADA_COMMANDS, approved(), published())) == (3, "publication", UNSENT)
    assert only(audit(*GOOD, published())) == (5, "publication", UNSENT)
    refused = (ADA_COMMANDS, approved(), SENDING, REFUSED, published())
    assert only(audit(*refused)) == (5, "publication", UNSENT)


@pytest.mark.parametrize("name", list(SAID))
def test_a_publication_of_anything_else_than_was_approved_is_found(name: str) -> None:
    found = audit(*GOOD[:3], published(**{name: "else"}))
    assert only(found) == (4, "publication", "what was published is not what was approved")


def test_an_approval_whose_text_is_not_that_of_its_digest_is_found() -> None:
    for text in (page_message(body="else").model_dump(mode="json"), None, "text", {}):
        found = audit(ADA_COMMANDS, approved(message=text))
        assert only(found) == (2, "approval", "what was approved is not what its digest says")


def test_the_same_attempt_cannot_be_approved_twice() -> None:
    found = audit(*GOOD, approved())
    assert only(found) == (5, "approval", "the same attempt was approved twice")


ADA_MAY_NOT = "U0ADA was neither in command nor an approver"


def test_an_approval_by_who_does_not_command_is_found() -> None:
    assert only(audit(approved())) == (1, "approver", ADA_MAY_NOT)
    assert only(audit(role("U0ADA", "scribe"), approved())) == (2, "approver", ADA_MAY_NOT)
    handed_over = (ADA_COMMANDS, role("U0BEN"), approved())
    assert only(audit(*handed_over)) == (3, "approver", ADA_MAY_NOT)
    too_early = (approved(), ADA_COMMANDS)
    assert only(audit(*too_early)) == (1, "approver", ADA_MAY_NOT)
    nobody: Row = (EntryKind.ROLE_ASSIGNED, "U0ADA", {"role": "ic", "to": None})
    given_up = (ADA_COMMANDS, nobody)
    assert only(audit(*given_up, approved())) == (3, "approver", ADA_MAY_NOT)
    assert only(audit(ADA_COMMANDS, approved(given(right="")))) == (2, "approver", ADA_MAY_NOT)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (approved(actor="U0BEN"), "whoever approved it is not among its approvals"),
        (approved(given(), given()), "one person approved it twice"),
        (approved(given(digest="0" * 64)), "U0ADA approved another text"),
        (approved(needed=2), "fewer people approved it than the policy asked for"),
        (approved(needed=None), "fewer people approved it than the policy asked for"),
    ],
)
def test_an_approval_that_contradicts_itself_is_found(row: Row, why: str) -> None:
    assert only(audit(ADA_COMMANDS, row)) == (2, "approver", why)


@pytest.mark.parametrize("approvals", [None, "Ada", [], ["Ada"], {"by": "U0ADA"}])
def test_an_approval_by_nobody_is_found(approvals: Any) -> None:
    found = audit(ADA_COMMANDS, approved(approvals=approvals))
    assert {(f.seq, f.rule) for f in found} == {(2, "approver")}
    assert [f.why for f in found] == [
        "fewer people approved it than the policy asked for",
        "whoever approved it is not among its approvals",
    ]


def test_marks_of_any_shape_are_compared_and_break_nothing() -> None:
    strange = {"draft": ["list"], "revision": {"a": 1}, "attempt": None, "digest": 1.5}
    found = audit(told("SENDING", **strange), told("PUBLISHED", **strange))
    assert [(f.seq, f.why) for f in found] == [(1, NOBODY_SENT), (2, NOBODY_PUBLISHED)]


def test_all_findings_are_told_in_order() -> None:
    found = audit(SENDING, published(), approved(), published(title="else"))
    assert [(f.seq, f.rule) for f in found] == [
        (1, "sending"),
        (2, "publication"),
        (3, "approver"),
        (4, "publication"),
    ]
