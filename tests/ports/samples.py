"""Values for the conformance suites. Not here: anything a backend is asked to do with them."""

from datetime import datetime, timedelta

from incident_response.domain.alert import Alert, AlertState, IntakeRecord, IntakeStatus
from incident_response.domain.incident import AlertGroup, Incident, Room
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import ChannelId, EventId, IncidentId, Json
from incident_response.domain.severity import Severity
from incident_response.ports.event_queue import QueueMessage
from incident_response.ports.inbox import Envelope, EnvelopeKind

MOMENT = datetime.fromisoformat("2026-03-02T08:55:00.123456+00:00")
"""When the sampled things happened; no backend's clock is compared with it."""


def at(seconds: float) -> datetime:
    return MOMENT + timedelta(seconds=seconds)


def incident_id(number: int = 1) -> IncidentId:
    return IncidentId(f"inc-{number:012x}")


def alert(key: str = "group-1") -> Alert:
    return Alert(
        source="grafana-oncall",
        group_key=key,
        state=AlertState.FIRING,
        raw_state="firing",
        changed_at=MOMENT,
        occurrence=MOMENT.isoformat(),
        title="Checkout fails — 50 % of requests <!channel>",
        severity=Severity.P1,
        labels={"service": "checkout", "emoji": "🔥"},
    )


def record(
    key: str = "group-1", *, seconds: float = 0, status: IntakeStatus = IntakeStatus.PENDING
) -> IntakeRecord:
    made = IntakeRecord.of(
        alert(key), received_at=at(seconds), raw=b'{"a": "\x00\xff"}', trace="00-ab-cd-01"
    )
    return made.model_copy(update={"status": status})


def incident(
    number: int = 1, *, version: int = 1, seconds: float = 0, channel: str = ""
) -> Incident:
    room = Room(channel_id=ChannelId(channel), name=f"room-{channel}") if channel else None
    return Incident(
        incident_id=incident_id(number),
        version=version,
        title="Checkout fails",
        severity=Severity.P1,
        source="grafana-oncall",
        created_at=at(seconds),
        started_at=at(seconds - 30),
        group_id=f"group-{number}",
        alert_changed_at=at(seconds),
        room=room,
    )


def group(version: int = 1, *, group_id: str = "group-1") -> AlertGroup:
    return AlertGroup(
        group_id=group_id,
        version=version,
        state=AlertState.FIRING,
        changed_at=at(version),
        last_event_id=EventId("e" * 64),
    )


def entry(number: int = 1, kind: EntryKind = EntryKind.INCIDENT_OPENED) -> NewEntry:
    return NewEntry(
        kind=kind, at=at(number), details={"number": number, "nested": {"ratio": 0.1, "no": None}}
    )


def message(dedup_id: str, *, group: str = "group-1", body: Json | None = None) -> QueueMessage:
    return QueueMessage(
        type="ALERT_RECEIVED",
        group=group,
        dedup_id=dedup_id,
        body={"text": "é\ufffe"} if body is None else body,
        trace="00-ab-cd-01",
    )


def envelope(key: str = "key-1", *, seconds: float = 0) -> Envelope:
    return Envelope(
        key=key,
        kind=EnvelopeKind.ACTION,
        payload={"actions": [{"action_id": "take"}], "user": {"id": "U1"}},
        received_at=at(seconds),
    )
