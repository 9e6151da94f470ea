"""When a commander is reminded to say where things stand, and what a reminder, an update and a
wish to be left alone make of an incident.

Pure rules on the incident's own state: a schedule only triggers them. Not here: how often
(policy), sending (workflows.nudge).
"""

from datetime import datetime, timedelta

from incident_response.domain.incident import Incident
from incident_response.domain.response import PreparedUpdate

EARLY = timedelta(minutes=1)
"""A slot counts this much before its time, at most: schedulers know only seconds or minutes."""
EARLY_SHARE = 10
"""And at most one in so many parts of the cadence."""
UPDATE_GRAIN = timedelta(minutes=1)
"""What is said within this of the last update belongs to it: a conversation is one update."""
PATIENCE = 2
"""Reminders in a row without an update before the next person on call is told."""
FRESH = timedelta(minutes=20)
"""For how long a prepared update says what is known."""


def silent_since(incident: Incident) -> datetime:
    """When the room was last told where things stand; the incident's beginning if never."""
    return incident.last_update_at or incident.created_at


def next_at(incident: Incident, cadence: timedelta) -> datetime:
    """From when on a reminder is due: ``cadence`` after the last update, never while snoozed."""
    nudging = incident.nudging
    since = max(silent_since(incident), nudging.counted_from or incident.created_at)
    return max(since + cadence, nudging.snoozed_until or since)


def why_not(
    incident: Incident, slot: datetime, *, now: datetime, cadence: timedelta | None
) -> str:
    """Why nobody is reminded at ``slot``, in words for the log; empty if somebody is."""
    if cadence is None:
        return "its severity asks for none"
    last, early = incident.nudging.last_slot, min(EARLY, cadence / EARLY_SHARE)
    reasons = (
        (incident.is_ending, "it is ending"),
        (incident.room is None, "it has no room"),
        (incident.nudging.is_silenced, "silenced"),
        (now - slot >= cadence, "too late: the next slot has come"),
        (slot + early < next_at(incident, cadence), "not due"),
        (last is not None and slot <= last, "reminded already"),
    )
    return next((why for is_so, why in reasons if is_so), "")


def unanswered(incident: Incident) -> int:
    """Reminders in a row, to whoever is in command now, that no update has followed."""
    nudging, last_update = incident.nudging, incident.last_update_at
    if nudging.last_slot is None or nudging.reminded != incident.commander:
        return 0
    is_answered = last_update is not None and last_update > nudging.last_slot
    return 0 if is_answered else nudging.unanswered


def needs_backup(incident: Incident) -> bool:
    """Whether the next person on call is told at a slot that has come: once in a silence."""
    return unanswered(incident) == PATIENCE


def is_backup_wanted(incident: Incident) -> bool:
    """Whether there is still a reason to tell them."""
    return unanswered(incident) >= PATIENCE and is_wanted(incident)


def is_wanted(incident: Incident) -> bool:
    """Whether there is still a reason to send the reminder that was claimed last."""
    is_over = incident.is_ending or incident.nudging.is_silenced
    return unanswered(incident) > 0 and not is_over


def reminded(incident: Incident, slot: datetime, *, draft: PreparedUpdate | None) -> Incident:
    """After the reminder of ``slot``."""
    return _with(
        incident,
        last_slot=slot,
        reminded=incident.commander,
        unanswered=unanswered(incident) + 1,
        prepared=draft or incident.nudging.prepared,
    )


def begun(incident: Incident, now: datetime, cadence: timedelta) -> Incident:
    """When reminders begin: nobody is reminded at once, of a time before there were any."""
    return _with(incident, counted_from=now) if next_at(incident, cadence) <= now else incident


def at_new_pace(incident: Incident) -> Incident:
    """After the cadence has changed: it counts from the last update or reminder."""
    nudging = incident.nudging
    known = [at for at in (nudging.counted_from, nudging.last_slot) if at is not None]
    return _with(incident, counted_from=max(known, default=None))


def is_news(incident: Incident, at: datetime) -> bool:
    """Whether something said at ``at`` could be an update of its own."""
    last = incident.last_update_at
    return not incident.is_closed and (last is None or at - last >= UPDATE_GRAIN)


def updated(incident: Incident, at: datetime) -> Incident:
    """After the room was told where things stand. A snooze goes on: it was asked for."""
    last = incident.last_update_at
    return incident.model_copy(update={"last_update_at": max(at, last or at)})


def snoozed(incident: Incident, until: datetime) -> Incident:
    """Left alone until then. Who asks for it is there, so what was unanswered is forgotten."""
    return _with(incident, snoozed_until=until, unanswered=0)


def silenced(incident: Incident) -> Incident:
    """Left alone until somebody wants reminders again."""
    return _with(incident, is_silenced=True)


def unsilenced(incident: Incident, at: datetime) -> Incident:
    """Reminded again, counting from ``at``."""
    return _with(incident, is_silenced=False, snoozed_until=None, counted_from=at, unanswered=0)


def prepared(incident: Incident, now: datetime) -> PreparedUpdate | None:
    """The update that was drafted with a reminder, while it still says what is known."""
    draft = incident.nudging.prepared
    if draft is None or draft.at <= silent_since(incident) or now - draft.at > FRESH:
        return None
    return draft


def _with(incident: Incident, **changes: object) -> Incident:
    nudging = incident.nudging.model_copy(update=changes)
    return incident.model_copy(update={"nudging": nudging})
