"""An incident declared by a person goes the way of every alert: accepted durably, folded,
assembled.

Not here: the form (blocks), what accepting means (accept_alert).
"""

from dataclasses import dataclass
from datetime import datetime

from incident_response.domain.alert import Alert, AlertState, Link
from incident_response.domain.errors import NotFoundError
from incident_response.domain.incident import Incident
from incident_response.domain.model import UserId
from incident_response.domain.severity import Severity
from incident_response.ports.incident_store import IncidentStore
from incident_response.workflows.accept_alert import AlertIntake
from incident_response.workflows.fold_alerts import AlertFolder

SOURCE = "declared"
"""The alert source that people are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a person filled in."""

    key: str
    """The same at every redelivery of the form: one form, one incident."""
    title: str
    severity: Severity
    description: str
    by: UserId
    at: datetime
    link: str = ""
    """The message it was declared from."""


class Declarations:
    """Accepts declarations."""

    def __init__(self, *, intake: AlertIntake, folder: AlertFolder, store: IncidentStore) -> None:
        self._intake = intake
        self._folder = folder
        self._store = store

    async def declare(self, declaration: Declaration) -> Incident:
        """The incident, stored when this returns; its room follows within seconds.

        Declaring again under the same key gives the same incident. Raises ``RetryableError``.
        """
        accepted = await self._intake.accept(_alert(declaration), raw=b"")
        incident_id = await self._folder.fold(accepted.event_id)
        incident = await self._store.get(incident_id) if incident_id else None
        if incident is None:
            raise NotFoundError("the declaration opened no incident")
        return incident


def _alert(declaration: Declaration) -> Alert:
    links = (Link(title="Declared from", url=declaration.link),) if declaration.link else ()
    return Alert(
        source=SOURCE,
        group_key=declaration.key,
        state=AlertState.FIRING,
        changed_at=declaration.at,
        occurrence=declaration.key,
        title=declaration.title,
        summary=declaration.description,
        severity=declaration.severity,
        links=links,
        declared_by=declaration.by,
    )
