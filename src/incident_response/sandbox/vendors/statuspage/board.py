"""What the page shows, and its keeping.

What belongs here: reading and changing components and incidents, each change written before it is
answered for. What does not: judging what a caller sent (`drafting.py`).
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace

from incident_response.sandbox.company import Company
from incident_response.sandbox.store import Store
from incident_response.sandbox.vendors.statuspage.drafting import Draft, UpdateEdit
from incident_response.sandbox.vendors.statuspage.model import (
    Affected,
    Component,
    ComponentStatus,
    Incident,
    IncidentUpdate,
    Status,
)

# What Statuspage writes when a status is given without a message.
_USUAL_WORDS: dict[Status, str] = {
    "investigating": "We are currently investigating this issue.",
    "identified": "The issue has been identified and a fix is being implemented.",
    "monitoring": "A fix has been implemented and we are monitoring the results.",
    "resolved": "This incident has been resolved.",
}
_LETTERS = "bcdfghjklmnpqrstvwxyz0123456789"


class StatusBoard:
    """One company's page: `components` in their order, incidents newest first.

    A fresh board shows every service with a public name as operational. Reads come from memory.
    """

    def __init__(self, company: Company, store: Store, *, now: float) -> None:
        self.company = company
        self._store = store
        self._components = dict(store.load(Component)) or _seed(company, store, now)
        self._incidents = dict(store.load(Incident))

    @property
    def page_id(self) -> str:
        """The page's id."""
        return self.company.status_page_id

    def components(self) -> list[Component]:
        """Return every component in the page's order."""
        return sorted(self._components.values(), key=lambda component: component.position)

    def component(self, component_id: str) -> Component | None:
        """Return a component, or None."""
        return self._components.get(component_id)

    def incidents(self) -> list[Incident]:
        """Return every incident, the newest first."""
        known = self._incidents.values()
        return sorted(known, key=lambda incident: (incident.created_at, incident.id), reverse=True)

    def incident(self, incident_id: str) -> Incident | None:
        """Return an incident, or None."""
        return self._incidents.get(incident_id)

    def open_incident(self, draft: Draft, *, at: float) -> Incident:
        """Open an incident with its first message at epoch `at`."""
        incident = Incident(
            id=_new_id(),
            name=draft.name or "",
            status=draft.status or "investigating",
            created_at=at,
            updated_at=at,
        )
        return self._apply(incident, draft, at, says=True)

    def change_incident(self, incident: Incident, draft: Draft, *, at: float) -> Incident:
        """Change an incident at epoch `at`; a status or a body makes one more message."""
        says = draft.status is not None or draft.body is not None
        return self._apply(incident, draft, at, says=says)

    def edit_update(
        self, incident: Incident, update: IncidentUpdate, edit: UpdateEdit, *, at: float
    ) -> IncidentUpdate:
        """Correct a message that is already out."""
        edited = replace(
            update,
            body=update.body if edit.body is None else edit.body,
            display_at=update.display_at if edit.display_at is None else edit.display_at,
            updated_at=at,
        )
        updates = tuple(edited if old.id == edited.id else old for old in incident.updates)
        self._keep_incident(replace(incident, updates=updates, updated_at=at))
        return edited

    def set_component(
        self, component: Component, status: ComponentStatus, *, at: float
    ) -> Component:
        """Move a component to `status` at epoch `at`."""
        moved = replace(component, status=status, updated_at=at)
        self._components[moved.id] = moved
        self._store.put(moved.id, moved)
        return moved

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def _apply(self, incident: Incident, draft: Draft, at: float, *, says: bool) -> Incident:
        with self._store.together():
            affected = self._move_components(incident, draft, at)
            chosen = incident.component_ids if draft.component_ids is None else draft.component_ids
            changed = replace(
                incident,
                name=draft.name or incident.name,
                impact_override=draft.impact_override or incident.impact_override,
                metadata=incident.metadata if draft.metadata is None else draft.metadata,
                component_ids=tuple(dict.fromkeys((*chosen, *draft.components))),
                updated_at=at,
            ).suffered(list(draft.components.values()))
            if says:
                changed = changed.told(_message(changed, draft, at, affected))
            self._keep_incident(changed)
        return changed

    def _move_components(
        self, incident: Incident, draft: Draft, at: float
    ) -> tuple[Affected, ...]:
        """Set the statuses a draft names; what else the incident touches is listed as it is."""
        chosen = incident.component_ids if draft.component_ids is None else draft.component_ids
        touched: Mapping[str, None] = dict.fromkeys((*chosen, *draft.components))
        affected = []
        for component_id in touched:
            old = self._components[component_id]
            new = draft.components.get(component_id, old.status)
            affected.append(Affected(old.id, old.name, old.status, new))
            if new != old.status:
                self.set_component(old, new, at=at)
        return tuple(affected)

    def _keep_incident(self, incident: Incident) -> None:
        self._incidents[incident.id] = incident
        self._store.put(incident.id, incident)


def _message(
    incident: Incident, draft: Draft, at: float, affected: tuple[Affected, ...]
) -> IncidentUpdate:
    status = draft.status or incident.status
    return IncidentUpdate(
        id=_new_id(),
        status=status,
        body=draft.body or _USUAL_WORDS[status],
        created_at=at,
        updated_at=at,
        display_at=at,
        deliver_notifications=draft.deliver_notifications,
        affected=affected,
    )


def _seed(company: Company, store: Store, now: float) -> dict[str, Component]:
    shown = [service for service in company.services if service.public_name]
    components = [
        Component(
            id=service.component_id,
            name=service.public_name,
            position=position,
            created_at=now,
            updated_at=now,
        )
        for position, service in enumerate(shown, start=1)
    ]
    with store.together():
        for component in components:
            store.put(component.id, component)
    return {component.id: component for component in components}


def _new_id() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(12))
