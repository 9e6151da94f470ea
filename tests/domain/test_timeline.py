from datetime import UTC, datetime, timedelta

import pytest
from pydantic import JsonValue

from incident_response.domain.ledger import SYSTEM, EntryKind, LedgerEntry
from incident_response.domain.model import IncidentId, Json
from incident_response.domain.timeline import LEFT_OUT, WORDS, Who, timeline

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NAMES = {"U0ADA": "Ada", "U0BEN": "Ben"}


def entry(
    kind: EntryKind,
    seq: int = 1,
    *,
    at: datetime = NOON,
    actor: str = SYSTEM,
    **details: JsonValue,
) -> LedgerEntry:
    given: Json = {name.removesuffix("_"): value for name, value in details.items()}
    return LedgerEntry(
        kind=kind,
        at=at,
        actor=actor,
        details=given,
        incident_id=IncidentId("inc-0a1b2c3d4e5f"),
        seq=seq,
        hash="",
    )


def told(*entries: LedgerEntry) -> list[str]:
    return [row.text(lambda user: NAMES.get(user, user)) for row in timeline(entries)]


@pytest.mark.parametrize("kind", EntryKind)
def test_every_kind_of_entry_has_words_or_is_left_out_on_purpose(kind: EntryKind) -> None:
    assert (kind in WORDS) != (kind in LEFT_OUT)


@pytest.mark.parametrize("kind", WORDS)
def test_words_make_sense_however_little_an_entry_says(kind: EntryKind) -> None:
    (bare,) = timeline([entry(kind)])
    text = bare.text(str)
    if kind is not EntryKind.TIMELINE_ADDED:
        assert text[0].isupper()
    assert not set(text) & set("[]{}")
    assert "  " not in text
    assert not text.endswith((" ", ":", "("))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            entry(
                EntryKind.INCIDENT_OPENED,
                source="alertmanager",
                title="Nobody can pay",
                severity="P1",
                changed_at="2026-03-02T11:52:00+00:00",
            ),
            "Incident opened at P1: Nobody can pay (from alertmanager, began 11:52 UTC)",
        ),
        (
            entry(EntryKind.ROLE_ASSIGNED, actor="U0ADA", role="ic", to="U0ADA", before=None),
            "Ada became incident commander",
        ),
        (
            entry(EntryKind.ROLE_ASSIGNED, actor="U0ADA", role="tech", to="U0BEN"),
            "Ben became technical lead, given by Ada",
        ),
        (
            entry(
                EntryKind.SEVERITY_CHANGED, actor="U0ADA", from_="P2", to="P0", reason="all down"
            ),
            "Severity changed from P2 to P0 by Ada: all down",
        ),
        (
            entry(EntryKind.ESCALATED, levels=["L2", "L3"], to=["U0ADA", "U0BEN"], why="time"),
            "Escalated to L2, L3, called: Ada, Ben (time)",
        ),
        (entry(EntryKind.RESPONDER_JOINED, user="U0BEN"), "Ben joined"),
        (
            entry(EntryKind.STEP_FAILED, step="fetch_logs", reason="Loki is down"),
            "Did not work: fetch logs (Loki is down)",
        ),
        (
            entry(EntryKind.STATUSPAGE_PUBLISHED, status="monitoring", title="Payments"),
            "Customers told on the status page, monitoring: Payments",
        ),
        (
            entry(EntryKind.TIMELINE_ADDED, actor="U0ADA", text="We failed over"),
            "We failed over (added by Ada)",
        ),
        (
            entry(EntryKind.INCIDENT_MERGED, actor="U0ADA", into="inc-1"),
            "Merged by Ada into inc-1",
        ),
        (
            entry(EntryKind.NUDGE_SNOOZED, actor="U0ADA", minutes=30),
            "Reminders snoozed by Ada for 30 min",
        ),
    ],
)
def test_an_entry_is_told_as_people_tell_it(given: LedgerEntry, words: str) -> None:
    assert told(given) == [words]


def test_noise_is_left_out() -> None:
    noise = [entry(kind, seq) for seq, kind in enumerate(LEFT_OUT, start=1)]
    assert timeline(noise) == ()


def test_an_alert_stands_where_it_happened_and_never_after_it_was_written_down() -> None:
    late = entry(EntryKind.ALERT_RESOLVED, 2, changed_at="2026-03-02T11:30:00+00:00")
    ahead = entry(EntryKind.ALERT_RESOLVED, 3, changed_at="2026-03-02T19:30:00+00:00")
    odd = entry(EntryKind.ALERT_RESOLVED, 4, changed_at="half past")
    naive = entry(EntryKind.ALERT_RESOLVED, 5, changed_at="2026-03-02T11:00:00")
    first = entry(EntryKind.WAR_ROOM_CREATED, 1, at=NOON - timedelta(minutes=5))
    rows = timeline([first, late, ahead, odd, naive])
    assert [row.seq for row in rows] == [2, 1, 3, 4, 5]
    assert rows[0].at == NOON - timedelta(minutes=30)
    assert [row.at for row in rows[2:]] == [NOON] * 3


def test_an_added_event_stands_at_its_own_time_and_can_be_moved_again_and_again() -> None:
    added = entry(EntryKind.TIMELINE_ADDED, 2, text="Disk full", at_="2026-03-02T11:00:00+00:00")
    opened = entry(EntryKind.WAR_ROOM_CREATED, 1)
    moves = [
        entry(EntryKind.TIMELINE_MOVED, 3, seq_=1, to="2026-03-02T10:00:00+00:00"),
        entry(EntryKind.TIMELINE_MOVED, 4, seq_=1, to="2026-03-02T11:30:00+00:00"),
        entry(EntryKind.TIMELINE_MOVED, 5, seq_="x", to="soon"),
    ]
    rows = timeline([opened, added, *moves])
    assert [(row.seq, f"{row.at:%H:%M}", row.is_moved) for row in rows] == [
        (2, "11:00", False),
        (1, "11:30", True),
    ]


def test_people_are_kept_apart_from_text_that_looks_like_them() -> None:
    (row,) = timeline([entry(EntryKind.UPDATE_POSTED, actor="U0ADA", text="ask U0BEN [now] {by}")])
    assert row.people == ("U0ADA",)
    assert row.parts == ("Update by ", Who(row.people[0]), ": ask U0BEN [now] {by}")


def test_a_long_text_is_cut_and_control_characters_are_gone() -> None:
    (row,) = timeline([entry(EntryKind.UPDATE_POSTED, text="a\u202eb\n" + "x" * 9_000)])
    text = row.text(str)
    assert text.startswith("Update: ab xxx")
    assert len(text) < 600


def test_ten_thousand_entries_are_told_in_well_under_a_second() -> None:
    ledger = [entry(EntryKind.ESCALATED, n, levels=["L2"], to=["U0ADA"]) for n in range(10_000)]
    begun = datetime.now(UTC)  # noqa: TID251 - how long it takes is the point
    assert len(timeline(ledger)) == 10_000
    assert (datetime.now(UTC) - begun).total_seconds() < 1  # noqa: TID251
