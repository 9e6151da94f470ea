"""The tracker's records as GraphQL reads them: fields by name, relations as functions.

What belongs here: field names, and pages of results with cursors. What does not: looking records
up (`resolvers.py`). A relation is a function of GraphQL's info and arguments, called only when it
was asked for; the context it is handed is the address people reach the sandbox at.
"""

import base64
from collections.abc import Callable, Iterable
from typing import Any

from graphql import GraphQLResolveInfo

from incident_response.sandbox.vendors.linear.errors import invalid_argument
from incident_response.sandbox.vendors.linear.filters import keeps
from incident_response.sandbox.vendors.linear.model import (
    PRIORITY_LABELS,
    Attachment,
    Comment,
    Issue,
    Label,
    Project,
    State,
    Team,
    User,
)
from incident_response.sandbox.vendors.linear.tracker import Tracker
from incident_response.sandbox.vendors.world import iso

Json = dict[str, Any]
Info = GraphQLResolveInfo
Relation = Callable[..., Any]

_PER_PAGE = 50
_MOST_PER_PAGE = 250


class Views:
    """Writes one tracker's records."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker

    def team(self, team: Team) -> Json:
        """Write a team."""
        tracker = self._tracker
        return {
            "id": team.id,
            "key": team.key,
            "name": team.name,
            "description": None,
            "labels": relation(lambda: map(self.label, tracker.labels.values())),
            "states": relation(lambda: map(self.state, tracker.states.values())),
            "projects": relation(lambda: map(self.project, tracker.projects.values())),
            "members": relation(lambda: map(self.user, tracker.users.values())),
        }

    def user(self, user: User) -> Json:
        """Write a person."""
        return {
            "id": user.id,
            "name": user.name,
            "displayName": user.display_name,
            "email": user.email,
            "active": user.active,
            "admin": user.admin,
            "url": lambda info: f"{info.context}/linear",
        }

    def label(self, label: Label) -> Json:
        """Write a label."""
        return {
            "id": label.id,
            "name": label.name,
            "color": label.color,
            "description": label.description,
            "team": self._team_facts(None if label.team_id is None else self._tracker.team),
        }

    def state(self, state: State) -> Json:
        """Write a step of the workflow."""
        return {
            "id": state.id,
            "name": state.name,
            "type": state.type,
            "color": state.color,
            "position": state.position,
            "team": self._team_facts(self._tracker.team),
        }

    def project(self, project: Project) -> Json:
        """Write a project."""
        return {
            "id": project.id,
            "name": project.name,
            "description": project.description,
            "slugId": project.slug_id,
            "url": lambda info: f"{info.context}/linear",
        }

    def issue(self, issue: Issue) -> Json:
        """Write an issue."""
        tracker = self._tracker
        identifier = tracker.identifier(issue)
        return {
            "id": issue.id,
            "identifier": identifier,
            "number": issue.number,
            "title": issue.title,
            "description": issue.description,
            "priority": issue.priority,
            "priorityLabel": PRIORITY_LABELS[issue.priority],
            "url": lambda info: f"{info.context}/linear/issue/{identifier}",
            "dueDate": issue.due_date,
            "createdAt": iso(issue.created_at, digits=3),
            "updatedAt": iso(issue.updated_at, digits=3),
            "startedAt": _moment(issue.started_at),
            "completedAt": _moment(issue.completed_at),
            "canceledAt": _moment(issue.canceled_at),
            "labelIds": list(issue.label_ids),
            "team": self._team_facts(tracker.team),
            "state": self.state(tracker.states[issue.state_id]),
            "project": self.project(tracker.projects[issue.project_id])
            if issue.project_id
            else None,
            "assignee": self._person(issue.assignee_id),
            "creator": self._person(issue.creator_id),
            "labels": relation(lambda: (self.label(tracker.labels[i]) for i in issue.label_ids)),
            "subscribers": relation(lambda: map(self._person, issue.subscriber_ids)),
            "attachments": relation(lambda: map(self.attachment, tracker.attachments(issue))),
            "comments": relation(lambda: map(self.comment, tracker.comments(issue))),
        }

    def attachment(self, attachment: Attachment) -> Json:
        """Write a link."""
        return {
            "id": attachment.id,
            "title": attachment.title,
            "subtitle": attachment.subtitle,
            "url": attachment.url,
            "metadata": attachment.metadata,
            "createdAt": iso(attachment.created_at, digits=3),
            "updatedAt": iso(attachment.updated_at, digits=3),
            "issue": lambda info: self.issue(self._tracker.issue(attachment.issue_id)),
        }

    def comment(self, comment: Comment) -> Json:
        """Write a comment."""
        issue = self._tracker.issue(comment.issue_id)
        path = f"/linear/issue/{self._tracker.identifier(issue)}#comment-{comment.id}"
        return {
            "id": comment.id,
            "body": comment.body,
            "url": lambda info: f"{info.context}{path}",
            "createdAt": iso(comment.created_at, digits=3),
            "updatedAt": iso(comment.updated_at, digits=3),
            "user": self._person(comment.user_id),
            "issue": lambda info: self.issue(issue),
        }

    def _person(self, user_id: str | None) -> Json | None:
        return None if user_id is None else self.user(self._tracker.users[user_id])

    def _team_facts(self, team: Team | None) -> Json | None:
        return None if team is None else self.team(team)


def relation(rows: Callable[[], Iterable[Json | None]]) -> Relation:
    """Return the field that lists rows: filtered, in pages of 50 unless `first` is given."""

    def listed(info: Info, **arguments: Any) -> Json:
        wanted = arguments.get("filter")
        return _page([row for row in rows() if row and keeps(row, wanted)], arguments)

    return listed


def _page(rows: list[Json], arguments: Json) -> Json:
    size = arguments.get("first")
    if size is not None and size > _MOST_PER_PAGE:
        raise invalid_argument("first", "max", f"must not be greater than {_MOST_PER_PAGE}")
    start = _after(rows, arguments.get("after"))
    end = start + (_PER_PAGE if size is None else max(0, size))
    shown = rows[start:end]
    info = {
        "hasNextPage": end < len(rows),
        "hasPreviousPage": start > 0,
        "startCursor": _cursor(shown[0]) if shown else None,
        "endCursor": _cursor(shown[-1]) if shown else None,
    }
    return {"nodes": shown, "pageInfo": info}


def _after(rows: list[Json], cursor: str | None) -> int:
    if not cursor:
        return 0
    places = (place for place, row in enumerate(rows, start=1) if _cursor(row) == cursor)
    place = next(places, None)
    if place is None:
        raise invalid_argument("after", "isCursor", "must be a valid cursor")
    return place


def _cursor(row: Json) -> str:
    return base64.urlsafe_b64encode(row["id"].encode()).decode()


def _moment(at: float | None) -> str | None:
    return None if at is None else iso(at, digits=3)
