"""Which step of its life an incident may take from where, and why it may not take the others.

Pure. Not here: who may ask for it and what follows from it (workflows).
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from incident_response.domain.draft import PageStatus
from incident_response.domain.errors import WrongStateError
from incident_response.domain.incident import Incident, IncidentStatus


class Move(StrEnum):
    """A step of an incident's life that people ask for."""

    MITIGATE = "mitigate"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CANCEL = "cancel"
    MERGE = "merge"


_OPEN: Final = (IncidentStatus.OPEN, IncidentStatus.ASSEMBLED)
_UNDER_WAY: Final = (*_OPEN, IncidentStatus.MITIGATED)
_CLOSED: Final = (IncidentStatus.RESOLVED, IncidentStatus.CANCELLED)

ALLOWED_FROM: Final[dict[Move, tuple[IncidentStatus, ...]]] = {
    Move.MITIGATE: _OPEN,
    Move.RESOLVE: _UNDER_WAY,
    Move.REOPEN: _CLOSED,
    Move.CANCEL: _UNDER_WAY,
    Move.MERGE: _UNDER_WAY,
}
"""From which states each may be taken. While it is being resolved only reopening may: it stops
that.
"""

_WHY_NOT: Final = {
    IncidentStatus.MITIGATED: "it is mitigated already",
    IncidentStatus.RESOLVED: "it is resolved already; if it is not over, reopen it",
    IncidentStatus.CANCELLED: "it was cancelled; if it is real, reopen it",
}


def require(move: Move, incident: Incident) -> None:
    """Raise ``WrongStateError``, which says what to do instead, unless the incident may."""
    if incident.resolution is not None and not incident.is_closed:
        if move is Move.REOPEN:
            return
        raise WrongStateError("it is being resolved already", by=incident.resolution.by)
    if incident.status not in ALLOWED_FROM[move]:
        raise WrongStateError(_why_not(move, incident), by=_who_ended(incident))
    if move in (Move.CANCEL, Move.MERGE):
        _require_silent_page(incident)


def in_order(incident: Incident, at: datetime) -> datetime:
    """``at``, but not before what came before it: the incident's beginning and its mitigation."""
    return max(at, incident.created_at, incident.mitigated_at or incident.created_at)


def shows_open(incident: Incident) -> bool:
    """Whether customers read of it on the status page, and not yet that it is over."""
    return incident.page.status not in (None, PageStatus.RESOLVED)


def _why_not(move: Move, incident: Incident) -> str:
    if move is Move.REOPEN:
        return "it is not over, so there is nothing to reopen"
    if incident.merged_into is not None:
        return "it was merged into another incident; work goes on there"
    return _WHY_NOT[incident.status]


def _who_ended(incident: Incident) -> str:
    is_resolved = incident.status is IncidentStatus.RESOLVED and incident.resolution is not None
    return incident.resolution.by if is_resolved and incident.resolution else ""


def _require_silent_page(incident: Incident) -> None:
    """What customers were told has to be taken back before it can have been nothing."""
    draft = incident.page.draft
    if draft is not None and draft.state.is_under_way:
        raise WrongStateError("a message to customers is on its way; wait until it is settled")
    if shows_open(incident):
        raise WrongStateError(
            "customers read of it on the status page; resolve it, which proposes the closing"
            " message, or publish that first"
        )
