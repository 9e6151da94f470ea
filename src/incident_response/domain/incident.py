"""An incident and the alert group it came from, as they stand after every ledger entry so far.

Not here: how alerts change them (folding), how they are stored (ports), how they are shown
(blocks).
"""

import hashlib
import re
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from incident_response.domain.alert import AlertState, Link, OnCallRoute
from incident_response.domain.checklist import STANDARD_CHECKLIST, ChecklistItem
from incident_response.domain.draft import PageThread
from incident_response.domain.model import ChannelId, EventId, IncidentId, UserId, Value
from incident_response.domain.response import (
    Escalation,
    Impact,
    Nudging,
    Postmortem,
    Resolution,
)
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity

CHANNEL_NAME_LIMIT = 80
"""Slack's limit for a channel name."""
SLUG_LIMIT = 30
RETENTION = timedelta(days=366)
"""How long an incident is kept after its room was archived, and an alert after it was worked off
(the specification's time to live).
"""


class IncidentStatus(StrEnum):
    """Where the incident stands in its life."""

    OPEN = "open"
    """Alerted or declared; the room is being assembled, or none is opened for this severity."""
    ASSEMBLED = "assembled"
    """The room stands."""
    MITIGATED = "mitigated"
    """Customers no longer feel it; the work is not over."""
    RESOLVED = "resolved"
    CANCELLED = "cancelled"

    @property
    def is_closed(self) -> bool:
        """Whether nobody works on it any more."""
        return self in (IncidentStatus.RESOLVED, IncidentStatus.CANCELLED)


class Room(Value):
    """The war room's channel."""

    channel_id: ChannelId
    name: str


class MessageRef(Value):
    """Where a message stands: channel and Slack timestamp."""

    channel_id: ChannelId
    ts: str


class Incident(Value):
    """Everything that is decided about one incident, who is in it, where its messages stand."""

    incident_id: IncidentId
    version: int = 1
    """Counts every stored change; a write is conditional on the version it was decided on."""
    title: str
    summary: str = ""
    severity: Severity
    status: IncidentStatus = IncidentStatus.OPEN
    source: str
    service: str = ""
    team: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    links: tuple[Link, ...] = ()
    route: OnCallRoute = Field(default_factory=OnCallRoute)
    declared_by: UserId | None = None

    created_at: datetime
    """When the first alert was accepted."""
    started_at: datetime
    """When the source says it began."""
    assembled_at: datetime | None = None
    resolved_at: datetime | None = None
    """When it ended, also by being cancelled."""
    last_update_at: datetime | None = None
    """When people in the room were last told where it stands."""

    group_id: str
    generation: int = 1
    """Counts the incidents that one alert group has opened."""
    previous_incident_id: IncidentId | None = None
    alert_state: AlertState = AlertState.FIRING
    alert_changed_at: datetime
    alert_count: int = 1

    room: Room | None = None
    roles: dict[Role, UserId] = Field(default_factory=dict)
    proposed_commander: UserId | None = None
    responders: tuple[UserId, ...] = ()
    checklist: tuple[ChecklistItem, ...] = STANDARD_CHECKLIST
    messages: dict[str, MessageRef] = Field(default_factory=dict)
    """Messages that are kept current, by name: ``facts``, ``checklist``, ``announcement``,
    ``page_card`` ...
    """

    escalation: Escalation = Field(default_factory=Escalation)
    nudging: Nudging = Field(default_factory=Nudging)
    impacts: tuple[Impact, ...] = ()
    page: PageThread = Field(default_factory=PageThread)
    mitigated_at: datetime | None = None
    resolution: Resolution | None = None
    """From the moment resolving was asked for; None again when it is reopened."""
    resolutions: int = 0
    """How often resolving was asked for."""
    room_archived_at: datetime | None = None
    """When we archived the room: only a person can bring it back."""
    postmortem: Postmortem | None = None
    ratings: dict[UserId, int] = Field(default_factory=dict)
    """Who rated the response how (1 to 5)."""
    merged_into: IncidentId | None = None
    linked: tuple[IncidentId, ...] = ()

    @property
    def expires_at(self) -> datetime | None:
        """Until when it has to be kept; None while its room is in use or it goes on."""
        if self.room_archived_at is None or not self.is_closed:
            return None
        return self.room_archived_at + RETENTION

    @property
    def commander(self) -> UserId | None:
        """Who is in command, None while nobody is."""
        return self.roles.get(Role.COMMANDER)

    @property
    def is_closed(self) -> bool:
        """Whether nobody works on it any more."""
        return self.status.is_closed

    @property
    def is_ending(self) -> bool:
        """Whether it is closed, or resolving has been asked for: nobody is reminded or paged."""
        return self.is_closed or self.resolution is not None

    @property
    def code(self) -> str:
        """The six hex digits people can read to each other; they also end the room's name."""
        return self.incident_id.removeprefix("inc-")[:6]

    def room_name(self, attempt: int = 1) -> str:
        """The room's channel name, the same at every try: ``inc-YYYYMMDD-<slug>-<6 hex>``, from
        the second try ``-2``...

        The date is the incident's, not today's. Only ``a-z0-9-``, at most 80 characters (Slack's
        rules).
        """
        slug = slugify(self.title)
        middle = f"-{slug}" if slug else ""
        suffix = f"-{attempt}" if attempt > 1 else ""
        return f"inc-{self.created_at:%Y%m%d}{middle}-{self.code}{suffix}"[:CHANNEL_NAME_LIMIT]


class AlertGroup(Value):
    """What a source's alert group has told us so far, folded in event-time order."""

    group_id: str
    version: int = 1
    state: AlertState
    changed_at: datetime
    """The newest event time folded in."""
    generation: int = 0
    """0 while the group has opened no incident."""
    incident_id: IncidentId | None = None
    last_event_id: EventId


def incident_id_for(group_id: str, generation: int) -> IncidentId:
    """The id of the ``generation``-th incident of an alert group: the same whoever computes it, so
    it opens once.
    """
    digest = hashlib.sha256(f"{group_id}\0{generation}".encode()).hexdigest()
    return IncidentId(f"inc-{digest[:12]}")


def slugify(title: str, limit: int = SLUG_LIMIT) -> str:
    """``title`` in ``a-z0-9-``, cut at a word where possible; empty if nothing of it is left."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    if len(slug) <= limit:
        return slug
    cut = slug[: limit + 1]
    return (cut.rsplit("-", 1)[0] if "-" in cut else cut[:limit]).strip("-")
