"""How Statuspage writes its records as JSON.

What belongs here: field names and formats of answers. What does not: reading what callers send
(`drafting.py`).
"""

from typing import Any

from incident_response.sandbox.company import Company
from incident_response.sandbox.vendors.statuspage.board import StatusBoard
from incident_response.sandbox.vendors.statuspage.model import (
    Component,
    Incident,
    IncidentUpdate,
)
from incident_response.sandbox.vendors.world import iso

Json = dict[str, Any]

# Who is subscribed to the page, by how they are reached and whether they confirmed it.
SUBSCRIBERS: dict[str, dict[str, int]] = {
    "email": {"active": 1284, "unconfirmed": 37, "quarantined": 9},
    "sms": {"active": 61, "unconfirmed": 4, "quarantined": 2},
    "webhook": {"active": 7, "unconfirmed": 0, "quarantined": 0},
    "integration_partner": {"active": 0, "unconfirmed": 0, "quarantined": 0},
    "slack": {"active": 12, "unconfirmed": 0, "quarantined": 1},
    "teams": {"active": 3, "unconfirmed": 0, "quarantined": 0},
}


def page(company: Company, created_at: float, url: str) -> Json:
    """Return the page itself; `url` is where people read it."""
    return {
        "id": company.status_page_id,
        "created_at": iso(created_at, digits=3),
        "updated_at": iso(created_at, digits=3),
        "name": company.name,
        "page_description": f"Whether {company.name} works right now",
        "subdomain": company.domain.partition(".")[0],
        "domain": f"status.{company.domain}",
        "url": url,
        "support_url": f"https://{company.domain}/support",
        "hidden_from_search": False,
        "allow_page_subscribers": True,
        "allow_incident_subscribers": True,
        "allow_email_subscribers": True,
        "allow_sms_subscribers": True,
        "allow_rss_atom_feeds": True,
        "allow_webhook_subscribers": True,
        "time_zone": "UTC",
    }


def component(board: StatusBoard, part: Component) -> Json:
    """Return a component."""
    return {
        "id": part.id,
        "page_id": board.page_id,
        "group_id": None,
        "created_at": iso(part.created_at, digits=3),
        "updated_at": iso(part.updated_at, digits=3),
        "group": False,
        "name": part.name,
        "description": None,
        "position": part.position,
        "status": part.status,
        "showcase": True,
        "only_show_if_degraded": False,
        "automation_email": f"component+{part.id}@notifications.statuspage.io",
    }


def incident(board: StatusBoard, shown: Incident, url: str) -> Json:
    """Return an incident with all its updates; `url` is where people read it."""
    parts = [board.component(component_id) for component_id in shown.component_ids]
    return {
        "id": shown.id,
        "page_id": board.page_id,
        "name": shown.name,
        "status": shown.status,
        "impact": shown.shown_impact,
        "impact_override": shown.impact_override,
        "created_at": iso(shown.created_at, digits=3),
        "updated_at": iso(shown.updated_at, digits=3),
        "monitoring_at": _moment(shown.monitoring_at),
        "resolved_at": _moment(shown.resolved_at),
        "shortlink": url,
        "metadata": shown.metadata,
        "components": [component(board, part) for part in parts if part is not None],
        "incident_updates": [update(shown, told) for told in shown.updates],
        "incident_impacts": [],
        "postmortem_body": None,
        "postmortem_ignored": False,
        "postmortem_notified_subscribers": False,
        "postmortem_notified_twitter": False,
        "scheduled_for": None,
        "scheduled_until": None,
        "reminder_intervals": None,
    }


def update(incident: Incident, told: IncidentUpdate) -> Json:
    """Return one message."""
    affected = [
        {
            "code": part.code,
            "name": part.name,
            "old_status": part.old_status,
            "new_status": part.new_status,
        }
        for part in told.affected
    ]
    return {
        "id": told.id,
        "incident_id": incident.id,
        "status": told.status,
        "body": told.body,
        "affected_components": affected or None,
        "created_at": iso(told.created_at, digits=3),
        "updated_at": iso(told.updated_at, digits=3),
        "display_at": iso(told.display_at, digits=3),
        "deliver_notifications": told.deliver_notifications,
        "custom_tweet": None,
        "tweet_id": None,
        "twitter_updated_at": None,
        "wants_twitter_update": False,
    }


def _moment(at: float | None) -> str | None:
    return None if at is None else iso(at, digits=3)
