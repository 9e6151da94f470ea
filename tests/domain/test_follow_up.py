from datetime import UTC, datetime, timedelta

import pytest
from pydantic import JsonValue

from incident_response.domain.follow_up import follow_ups, measures, record_of
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ledger import SYSTEM, EntryKind, LedgerEntry
from incident_response.domain.model import IncidentId, UserId
from incident_response.domain.policy import SeverityPolicy
from incident_response.domain.postmortem import ActionItem, ActionType, Priority
from incident_response.domain.response import Resolution
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ID = IncidentId("inc-0a1b2c3d4e5f")
ASKED = SeverityPolicy(
    meaning="High",
    respond_within=timedelta(minutes=30),
    resolve_within=timedelta(hours=4),
    page_draft_within=timedelta(minutes=15),
)


def incident(**changes: object) -> Incident:
    given = Incident(
        incident_id=ID,
        title="Nobody can pay",
        severity=Severity.P1,
        status=IncidentStatus.RESOLVED,
        source="alertmanager",
        created_at=NOON,
        started_at=NOON - timedelta(minutes=2),
        resolved_at=NOON + timedelta(hours=1),
        group_id="g",
        alert_changed_at=NOON,
    )
    return given.model_copy(update=changes)


def entry(kind: EntryKind, minutes: int = 5, **details: JsonValue) -> LedgerEntry:
    at = NOON + timedelta(minutes=minutes)
    return LedgerEntry(
        kind=kind, at=at, actor=SYSTEM, details=details, incident_id=ID, seq=1, hash=""
    )


GOOD = (
    entry(EntryKind.ACKNOWLEDGED, 3),
    entry(EntryKind.STATUSPAGE_DRAFTED, 10),
    entry(EntryKind.STATUSPAGE_PUBLISHED, 12),
)


def items(
    *entries: LedgerEntry, about: Incident | None = None, asked: SeverityPolicy | None = ASKED
) -> dict[str, ActionItem]:
    owners = {Role.COMMANDER: "Ada", Role.TECHNICAL_LEAD: "Ben"}
    found = follow_ups(about or incident(), record_of(entries), asked, owners=owners)
    return {item.title: item for item in found}


def test_an_incident_answered_well_leaves_only_what_every_review_decides() -> None:
    found = items(*GOOD)
    assert [item.type for item in found.values()] == [
        ActionType.PREVENTION,
        ActionType.DOCUMENTATION,
    ]
    assert {item.owner for item in found.values()} == {"Ben"}


@pytest.mark.parametrize(
    ("entries", "changes", "title", "fact"),
    [
        (
            (),
            {"started_at": NOON - timedelta(minutes=6)},
            "Detect it sooner",
            "6 min after it began",
        ),
        (
            (entry(EntryKind.ACKNOWLEDGED, 31),),
            {},
            "Find out why the target was missed: acknowledged",
            "31 min (target 30 min: missed)",
        ),
        ((), {}, "Find out why nobody acknowledged", "Nobody acknowledged"),
        (
            (),
            {"resolved_at": NOON + timedelta(hours=5)},
            "Find out why the target was missed: resolved",
            "5 h (target 4 h: missed)",
        ),
        ((), {}, "Tell customers sooner", "never came; it is due within 15 min"),
        (
            (entry(EntryKind.STATUSPAGE_DRAFTED, 20),),
            {},
            "Tell customers sooner",
            "came after 20 min",
        ),
        (
            (entry(EntryKind.STEP_FAILED, step="fetch_logs", reason="x"),) * 2,
            {},
            "Mend what did not work while the incident was answered",
            "once: fetch logs.",
        ),
        (
            (
                entry(EntryKind.ESCALATED, level=1, levels=["L2"]),
                entry(EntryKind.ESCALATED, level=2, levels=["L3"]),
            ),
            {},
            "See that those on call can act without their managers",
            "up to L3",
        ),
        (
            (entry(EntryKind.BACKUP_TOLD),) * 2,
            {},
            "Say regularly where things stand",
            "(2 times)",
        ),
        (
            (entry(EntryKind.STATUSPAGE_NEEDS_HUMAN),),
            {},
            "Look why the status page gave no answer",
            "(once)",
        ),
        (
            (entry(EntryKind.INCIDENT_REOPENED, was_closed=True),),
            {},
            "Verify before resolving",
            "(once)",
        ),
    ],
)
def test_each_thing_that_went_otherwise_is_an_item_that_names_its_fact(
    entries: tuple[LedgerEntry, ...], changes: dict[str, object], title: str, fact: str
) -> None:
    found = items(*entries, about=incident(**changes))
    assert fact in found[title].detail
    assert title not in items(*GOOD), "and not without it"


@pytest.mark.parametrize(
    "harmless",
    [
        entry(EntryKind.INCIDENT_REOPENED, was_closed=False),
        entry(EntryKind.ESCALATED, level=1, levels=["L2"]),
    ],
)
def test_what_is_ordinary_is_no_item(harmless: LedgerEntry) -> None:
    assert items(*GOOD, harmless) == items(*GOOD)


def test_an_item_has_a_type_a_priority_and_whoever_had_the_role() -> None:
    found = items(about=incident(started_at=NOON - timedelta(hours=1)))
    late = found["Detect it sooner"]
    assert (late.type, late.priority, late.owner) == (
        ActionType.DETECTION,
        Priority.MEDIUM,
        "Ben",
    )
    nobody = found["Find out why nobody acknowledged"]
    assert (nobody.type, nobody.priority, nobody.owner) == (
        ActionType.PROCESS,
        Priority.HIGH,
        "Ada",
    )


def test_without_a_policy_there_is_no_target_to_miss() -> None:
    about = incident(resolved_at=NOON + timedelta(days=9))
    assert set(items(about=about, asked=None)) == set(items(*GOOD, asked=None))


def test_while_resolving_goes_on_it_counts_as_over() -> None:
    resolution = Resolution(by=UserId("U0ADA"), at=NOON + timedelta(hours=1))
    about = incident(resolved_at=None, resolution=resolution)
    assert set(items(about=about)) == set(items(about=incident()))


def test_taking_command_is_an_acknowledgement_and_the_first_one_counts() -> None:
    record = record_of(
        [
            entry(EntryKind.ROLE_ASSIGNED, 2, role="scribe", to="U1"),
            entry(EntryKind.ROLE_ASSIGNED, 4, role="ic", to="U1"),
            entry(EntryKind.ACKNOWLEDGED, 9),
        ]
    )
    assert record.acknowledged_at == NOON + timedelta(minutes=4)


def test_what_has_not_happened_is_not_recorded_rather_than_zero() -> None:
    open_one = incident(resolved_at=None, status=IncidentStatus.ASSEMBLED)
    found = {m.name: m for m in measures(open_one, record_of([]), ASKED)}
    assert found["Resolved"].took is None
    assert found["Resolved"].words == "Resolved: not recorded (target 4 h)"
    assert found["Mitigated"].words == "Mitigated: not recorded"
    assert not found["Acknowledged"].is_missed
    done = incident(mitigated_at=NOON + timedelta(minutes=20))
    words = {m.name: m.words for m in measures(done, record_of(GOOD), ASKED)}
    assert words == {
        "Acknowledged": "Acknowledged after 3 min (target 30 min: met)",
        "Mitigated": "Mitigated after 20 min (no target)",
        "Resolved": "Resolved after 1 h (target 4 h: met)",
    }


def test_an_open_incident_owes_neither_a_draft_nor_an_acknowledgement_yet() -> None:
    assert items(about=incident(resolved_at=None)) == items(*GOOD)
