"""What a fresh tracker holds: the company's engineering team, its workflow, labels and people.

Ids are UUIDs derived from what they name, so that a restarted sandbox knows the same ones.
"""

import hashlib
import uuid
from collections.abc import Sequence

from incident_response.sandbox.company import Company, Person
from incident_response.sandbox.vendors.linear.model import (
    Label,
    Project,
    State,
    StateType,
    Team,
    User,
)


def stable_uuid(*key: str) -> str:
    """Return a UUID in the form of version 4 that depends on `key` alone."""
    digest = hashlib.sha256("|".join(("linear", *key)).encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


TEAM = Team(stable_uuid("team", "ENG"), "ENG", "Engineering")

_WORKFLOW: tuple[tuple[str, StateType, str], ...] = (
    ("Backlog", "backlog", "#95a2b3"),
    ("Todo", "unstarted", "#5e6ad2"),
    ("In Progress", "started", "#c99a00"),
    ("In Review", "started", "#2f8f5b"),
    ("Done", "completed", "#5e6ad2"),
    ("Canceled", "canceled", "#95a2b3"),
)
STATES: tuple[State, ...] = tuple(
    State(stable_uuid("state", name), name, kind, color, float(position))
    for position, (name, kind, color) in enumerate(_WORKFLOW)
)
FIRST_STATE = STATES[0]

LABELS: tuple[Label, ...] = tuple(
    Label(stable_uuid("label", name), name, color, team_id=TEAM.id)
    for name, color in (
        ("Incident", "#c01343"),
        ("Postmortem", "#5e6ad2"),
        ("Action item", "#007a5a"),
        ("P0", "#c01343"),
        ("P1", "#d97706"),
        ("P2", "#c99a00"),
        ("P3", "#95a2b3"),
    )
)

PROJECTS = (
    Project(
        stable_uuid("project", "Postmortems"),
        "Postmortems",
        "What happened, why, and what is done about it",
        "postmortems",
    ),
)


def users(company: Company) -> Sequence[User]:
    """Return everybody with an account: guests and bots have none."""
    return [_user(p) for p in company.people if not (p.is_bot or p.is_restricted)]


def _user(person: Person) -> User:
    return User(
        id=stable_uuid("user", person.handle),
        name=person.real_name,
        display_name=person.handle,
        email=person.email,
        active=not person.deleted,
        admin=person.is_admin,
    )
