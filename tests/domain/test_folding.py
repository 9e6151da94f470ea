from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from incident_response.adapters.policy_yaml import shipped_policy
from incident_response.domain.alert import Alert, AlertState, IntakeRecord
from incident_response.domain.folding import REOPEN_WINDOW, FoldKind, fold
from incident_response.domain.incident import AlertGroup, Incident, IncidentStatus
from incident_response.domain.model import IncidentId, UserId
from incident_response.domain.response import Escalation, Nudging, Resolution
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity

POLICY = shipped_policy()
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIRING, RESOLVED = AlertState.FIRING, AlertState.RESOLVED


def record(minutes: float, state: AlertState = FIRING, **changes: object) -> IntakeRecord:
    at = START + timedelta(minutes=minutes)
    alert = Alert.model_validate(
        {
            "source": "test",
            "group_key": "g",
            "state": state,
            "changed_at": at,
            "occurrence": at.isoformat(),
            "title": "Disk full",
        }
        | changes
    )
    return IntakeRecord.of(alert, received_at=at + timedelta(seconds=1))


class Book:
    """What is stored: the group and its incidents."""

    def __init__(self) -> None:
        self.group: AlertGroup | None = None
        self.incidents: dict[str, Incident] = {}
        self.seen: set[str] = set()

    @property
    def current(self) -> Incident | None:
        if self.group is None or self.group.incident_id is None:
            return None
        return self.incidents[self.group.incident_id]

    def take(self, arrived: IntakeRecord) -> FoldKind | None:
        """Fold it; None for a duplicate, which the intake never lets through twice."""
        if arrived.event_id in self.seen:
            return None
        self.seen.add(arrived.event_id)
        folded = fold(arrived, self.group, self.current, now=arrived.received_at, policy=POLICY)
        self.group = folded.group or self.group
        if folded.incident is not None and folded.is_changed:
            self.incidents[folded.incident.incident_id] = folded.incident
        return folded.kind

    def put(self, **changes: object) -> None:
        assert self.current is not None
        changed = self.current.model_copy(update=changes)
        self.incidents[changed.incident_id] = changed


def test_a_first_firing_opens_an_incident_at_the_time_of_the_event() -> None:
    book = Book()
    assert book.take(record(0)) is FoldKind.OPENED
    assert book.current is not None
    assert book.current.started_at == START
    assert book.current.severity is Severity.P1, "what nobody understands is taken as bad"
    assert book.current.version == 1


def test_more_of_a_firing_group_is_attached() -> None:
    book = Book()
    book.take(record(0))
    assert book.take(record(1, alert_count=7)) is FoldKind.ATTACHED
    assert book.current is not None
    assert book.current.alert_count == 7


def test_resolved_before_firing_opens_nothing_when_the_older_firing_comes_late() -> None:
    book = Book()
    assert book.take(record(5, RESOLVED)) is FoldKind.RECORDED
    assert book.take(record(0)) is FoldKind.STALE
    assert book.incidents == {}


def test_at_the_same_instant_a_resolve_comes_after_the_firing_it_ends() -> None:
    forwards, backwards = Book(), Book()
    for arrived in (record(0), record(0, RESOLVED)):
        forwards.take(arrived)
    for arrived in (record(0, RESOLVED), record(0)):
        backwards.take(arrived)
    assert forwards.group is not None
    assert backwards.group is not None
    assert forwards.group.state is backwards.group.state is RESOLVED


def test_flapping_within_the_window_reopens_and_after_it_opens_a_linked_one() -> None:
    book = Book()
    book.take(record(0))
    first = book.current
    book.take(record(5, RESOLVED))
    window = REOPEN_WINDOW.total_seconds() / 60
    assert book.take(record(5 + window)) is FoldKind.REOPENED
    book.take(record(50, RESOLVED))
    assert book.take(record(50 + window + 1)) is FoldKind.OPENED
    assert first is not None
    assert book.current is not None
    assert book.current.previous_incident_id == first.incident_id
    assert book.current.generation == 2


def test_a_refire_belongs_to_a_room_in_which_somebody_is_in_command_however_late() -> None:
    book = Book()
    book.take(record(0))
    book.put(roles={Role.COMMANDER: UserId("U0ADA")})
    book.take(record(5, RESOLVED))
    assert book.take(record(600)) is FoldKind.REOPENED
    assert len(book.incidents) == 1


def test_a_closed_incident_reopens_within_the_window_and_not_for_what_was_before_its_end() -> None:
    book = Book()
    book.take(record(0))
    closed_at = START + timedelta(minutes=10)
    book.put(status=IncidentStatus.RESOLVED, resolved_at=closed_at, assembled_at=START, version=2)
    assert book.take(record(8)) is FoldKind.ATTACHED
    assert book.take(record(12)) is FoldKind.REOPENED
    assert book.current is not None
    assert book.current.status is IncidentStatus.ASSEMBLED
    assert book.current.resolved_at is None


def test_what_opens_again_forgets_its_end_and_calls_people_from_the_bottom_of_the_ladder() -> None:
    book = Book()
    book.take(record(0))
    closed_at = START + timedelta(minutes=10)
    answered = Escalation(level=3, acknowledged_by=UserId("U0ADA"), acknowledged_at=START)
    book.put(
        status=IncidentStatus.RESOLVED,
        resolved_at=closed_at,
        mitigated_at=closed_at,
        resolution=Resolution(by=UserId("U0ADA"), at=closed_at),
        resolutions=1,
        merged_into=IncidentId("inc-0"),
        nudging=Nudging(is_silenced=True),
        escalation=answered,
        version=2,
    )
    again = record(12)
    assert book.take(again) is FoldKind.REOPENED
    assert book.current is not None
    assert not book.current.is_ending
    assert (book.current.mitigated_at, book.current.merged_into) == (None, None)
    assert book.current.resolutions == 1, "the next end is told from the last"
    assert book.current.nudging == Nudging()
    assert book.current.escalation == Escalation(armed_at=again.received_at)


def test_what_fires_again_while_it_is_being_resolved_stops_that_and_keeps_who_answered() -> None:
    book = Book()
    book.take(record(0))
    book.take(record(5, RESOLVED))
    resolution = Resolution(by=UserId("U0ADA"), at=START + timedelta(minutes=6))
    answered = Escalation(level=1, acknowledged_by=UserId("U0ADA"), acknowledged_at=START)
    book.put(resolution=resolution, resolutions=1, escalation=answered)
    assert book.take(record(7)) is FoldKind.REOPENED
    assert book.current is not None
    assert book.current.resolution is None
    assert book.current.escalation.is_acknowledged
    assert book.current.escalation.level == 1


def test_an_alert_cannot_call_people_into_an_archived_room() -> None:
    book = Book()
    book.take(record(0))
    book.take(record(5, RESOLVED))
    book.put(
        status=IncidentStatus.RESOLVED,
        resolved_at=START + timedelta(minutes=6),
        room_archived_at=START + timedelta(minutes=7),
        version=3,
    )
    assert book.take(record(8)) is FoldKind.OPENED


def test_what_was_merged_stays_where_it_is_while_that_is_worked_on() -> None:
    book = Book()
    book.take(record(0))
    book.take(record(5, RESOLVED))
    book.put(
        status=IncidentStatus.CANCELLED,
        resolved_at=START + timedelta(minutes=6),
        merged_into=IncidentId("inc-0"),
        version=3,
    )
    late = record(600)
    folded = fold(
        late, book.group, book.current, now=late.received_at, policy=POLICY, lives_on=True
    )
    assert folded.kind is FoldKind.ATTACHED
    assert folded.incident is not None
    assert folded.incident.merged_into == "inc-0"
    assert [entry.details["is_back"] for entry in folded.entries] == [True]
    assert book.take(late) is FoldKind.OPENED, "over there it ended: somebody has to look"


def test_acknowledging_changes_nothing_but_the_ledger() -> None:
    book = Book()
    book.take(record(0))
    before = book.current
    assert book.take(record(1, AlertState.ACKNOWLEDGED)) is FoldKind.NOTED
    assert book.take(record(2, AlertState.SILENCED)) is FoldKind.NOTED
    assert book.current == before


def test_p4_opens_an_incident_and_no_room() -> None:
    arrived = record(0, severity=Severity.P4)
    folded = fold(arrived, None, None, now=START, policy=POLICY)
    assert folded.kind is FoldKind.OPENED
    assert not folded.opens_room


EVENTS = [record(0), record(5, RESOLVED), record(12), record(14, RESOLVED), record(20)]


@given(st.permutations(EVENTS + EVENTS))
def test_any_order_of_deliveries_with_duplicates_ends_as_the_order_of_events(
    order: list[IntakeRecord],
) -> None:
    in_order, shuffled = Book(), Book()
    for arrived in EVENTS:
        in_order.take(arrived)
    for arrived in order:
        shuffled.take(arrived)
    assert shuffled.group is not None
    assert in_order.group is not None
    assert shuffled.group.state is in_order.group.state
    assert shuffled.group.changed_at == in_order.group.changed_at
    assert len(shuffled.incidents) == 1, "one room, whatever the order"
    assert shuffled.current is not None
    assert shuffled.current.alert_state is FIRING


@given(st.permutations([*EVENTS[:-1], *EVENTS[:2]]))
def test_no_order_leaves_an_incident_firing_whose_last_event_was_its_resolve(
    order: list[IntakeRecord],
) -> None:
    book = Book()
    for arrived in order:
        book.take(arrived)
    assert book.group is not None
    assert book.group.state is RESOLVED
    assert all(i.alert_state is RESOLVED for i in book.incidents.values())


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[IntakeRecord], list[IntakeRecord]]:
    """What happened in the order of its time, and as it was delivered: shuffled, with repeats."""
    minutes = draw(st.lists(st.integers(0, 90), min_size=1, max_size=8, unique=True))
    states = (FIRING, RESOLVED, AlertState.ACKNOWLEDGED)
    happened = [record(minute, draw(st.sampled_from(states))) for minute in sorted(minutes)]
    repeated = draw(st.lists(st.sampled_from(happened), max_size=4))
    return happened, draw(st.permutations(happened + repeated))


@given(histories())
def test_whether_it_fires_and_since_when_never_depends_on_the_order_of_delivery(
    history: tuple[list[IntakeRecord], list[IntakeRecord]],
) -> None:
    happened, delivered = history
    in_order, shuffled = Book(), Book()
    for arrived in happened:
        in_order.take(arrived)
    for arrived in delivered:
        shuffled.take(arrived)
    if in_order.group is None:
        assert shuffled.group is None
        return
    assert shuffled.group is not None
    assert shuffled.group.state is in_order.group.state
    assert shuffled.group.changed_at == in_order.group.changed_at
    if in_order.group.state is FIRING:
        assert shuffled.current is not None, "what fires has an incident"
    if shuffled.current is not None:
        assert shuffled.current.alert_state is in_order.group.state
        assert shuffled.current.alert_changed_at == in_order.group.changed_at
