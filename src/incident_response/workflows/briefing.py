"""Reads the briefing out of the assembly's journal: what is known, still asked for, and missing.

Pure. Not here: gathering it (war_room) or drawing it (blocks).
"""

from collections.abc import Mapping
from typing import TypeVar, cast

from pydantic import JsonValue

from incident_response.domain.briefing import Briefing, Part, PartState
from incident_response.domain.context import (
    ChangeExcerpt,
    LogExcerpt,
    ServiceHealth,
    TraceExcerpt,
)
from incident_response.domain.model import Json, Value
from incident_response.ports.incident_store import StepRecord, StepState
from incident_response.workflows.fold_alerts import ASSEMBLE

V = TypeVar("V", bound=Value)

LABELS: dict[str, str] = {
    "create_room": "War room",
    "resolve_on_call": "On-call people",
    "resolve_directory": "Team directory",
    "invite": "Invitations",
    "invite_late": "Late invitations",
    "post_checklist": "Checklist",
    "pin_checklist": "Pinned checklist",
    "set_topic": "Channel topic",
    "add_bookmarks": "Bookmarks",
    "announce": "Announcement",
    "propose_commander": "Commander proposal",
    "schedule_nudge": "Reminders",
    "schedule_page_reminder": "Reminder of the customers",
    "schedule_escalation": "Escalation",
    "fetch_metrics": "Metrics",
    "fetch_logs": "Error logs",
    "fetch_traces": "Traces",
    "fetch_changes": "Recent commits",
}
"""The steps of the assembly that a person in the room would miss, in the order they are listed."""

CONTEXT_STEPS = frozenset({"fetch_metrics", "fetch_logs", "fetch_traces", "fetch_changes"})
"""Steps whose result is shown in the facts as it arrives."""

OFF: Json = {"state": PartState.OFF.value}
"""The result of a step whose source is not configured."""


def ready(value: Value, *, is_empty: bool) -> Json:
    """The result of a step that gathered ``value``."""
    state = PartState.EMPTY if is_empty else PartState.READY
    return {"state": state.value, "value": value.model_dump(mode="json")}


def value_of(results: Mapping[str, JsonValue], step: str, kind: type[V]) -> V | None:
    """What the step gathered, None if it has not (yet), or its source is off."""
    result = results.get(step)
    if not isinstance(result, dict) or result.get("value") is None:
        return None
    return kind.model_validate(result["value"])


def briefing_of(records: Mapping[str, StepRecord]) -> Briefing:
    """The briefing as the journal knows it now."""
    results = {r.step: r.result for r in records.values() if r.state is StepState.DONE}
    return Briefing(
        parts=tuple(_part(step, label, records.get(step)) for step, label in LABELS.items()),
        health=_shown(results, "fetch_metrics", ServiceHealth),
        logs=_shown(results, "fetch_logs", LogExcerpt),
        traces=_shown(results, "fetch_traces", TraceExcerpt),
        changes=_shown(results, "fetch_changes", ChangeExcerpt),
        unresolved=_unresolved(results),
    )


def briefing_now(results: Mapping[str, JsonValue], failures: Mapping[str, str]) -> Briefing:
    """The briefing as a step of the assembly knows it: what is done and what was given up."""
    done = (_record(step, StepState.DONE, result=result) for step, result in results.items())
    failed = (_record(step, StepState.FAILED, error=why) for step, why in failures.items())
    return briefing_of({record.step: record for record in (*done, *failed)})


def _record(
    step: str, state: StepState, *, result: JsonValue = None, error: str = ""
) -> StepRecord:
    return StepRecord(plan=ASSEMBLE, step=step, state=state, result=result, error=error)


def _part(step: str, label: str, record: StepRecord | None) -> Part:
    if record is None or record.state in (StepState.WAITING, StepState.STARTED):
        reason = record.error if record is not None else ""
        return Part(step=step, label=label, state=PartState.PENDING, reason=reason)
    if record.state is StepState.FAILED:
        return Part(step=step, label=label, state=PartState.FAILED, reason=record.error)
    state = record.result.get("state") if isinstance(record.result, dict) else None
    known = PartState(state) if state in set(PartState) else PartState.READY
    return Part(step=step, label=label, state=known)


def _shown(results: Mapping[str, JsonValue], step: str, kind: type[V]) -> V | None:
    result = results.get(step)
    if isinstance(result, dict) and result.get("state") == PartState.READY.value:
        return value_of(results, step, kind)
    return None


def _unresolved(results: Mapping[str, JsonValue]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for step in ("resolve_on_call", "resolve_directory", "invite", "invite_late"):
        result = results.get(step)
        value = result.get("value") if isinstance(result, dict) else None
        if isinstance(value, dict):
            names |= dict.fromkeys(cast(list[str], value.get("unresolved") or []))
    return tuple(names)
