"""The executable schema: every query and mutation there is, over one tracker.

What belongs here: what the root fields do. What does not: HTTP (`api.py`) and Linear's rules about
what may be written (`tracker.py`).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, build_schema

from incident_response.sandbox.vendors.linear.errors import not_found
from incident_response.sandbox.vendors.linear.tracker import Input, Tracker
from incident_response.sandbox.vendors.linear.views import Info, Json, Relation, Views, relation

SCHEMA_FILE = Path(__file__).parent / "schema.graphql"


def load_schema() -> GraphQLSchema:
    """Build the schema from its file."""
    return build_schema(SCHEMA_FILE.read_text())


class Root:
    """The root fields; GraphQL finds them by name in `fields`."""

    def __init__(self, tracker: Tracker, now: Callable[[], float]) -> None:
        self._tracker = tracker
        self._views = Views(tracker)
        self._now = now

    def fields(self) -> dict[str, Relation]:
        """Return every root field."""
        tracker, views = self._tracker, self._views
        return {
            "viewer": lambda info: views.user(tracker.viewer),
            "team": self._team,
            "teams": relation(lambda: [views.team(tracker.team)]),
            "users": relation(lambda: map(views.user, tracker.users.values())),
            "issueLabels": relation(lambda: map(views.label, tracker.labels.values())),
            "workflowStates": relation(lambda: map(views.state, tracker.states.values())),
            "project": self._project,
            "projects": relation(lambda: map(views.project, tracker.projects.values())),
            "issue": lambda info, id: views.issue(tracker.issue(id)),
            "issues": relation(lambda: map(views.issue, tracker.issues())),
            "issueCreate": self._create_issue,
            "issueUpdate": self._update_issue,
            "issueLabelCreate": self._create_label,
            "attachmentCreate": self._attach,
            "commentCreate": self._comment,
        }

    def _team(self, info: Info, id: str) -> Json:
        if id not in {self._tracker.team.id, self._tracker.team.key}:
            raise not_found("Team")
        return self._views.team(self._tracker.team)

    def _project(self, info: Info, id: str) -> Json:
        found = self._tracker.projects.get(id)
        if found is None:
            raise not_found("Project")
        return self._views.project(found)

    def _create_issue(self, info: Info, input: Input) -> Json:
        issue = self._tracker.create_issue(input, self._now())
        return self._payload(issue=self._views.issue(issue))

    def _update_issue(self, info: Info, id: str, input: Input) -> Json:
        issue = self._tracker.update_issue(id, input, self._now())
        return self._payload(issue=self._views.issue(issue))

    def _create_label(self, info: Info, input: Input) -> Json:
        return self._payload(issueLabel=self._views.label(self._tracker.create_label(input)))

    def _attach(self, info: Info, input: Input) -> Json:
        attachment = self._tracker.attach(input, self._now())
        return self._payload(attachment=self._views.attachment(attachment))

    def _comment(self, info: Info, input: Input) -> Json:
        comment = self._tracker.comment(input, self._now())
        return self._payload(comment=self._views.comment(comment))

    def _payload(self, **made: Any) -> Json:
        return {"success": True, "lastSyncId": self._tracker.changes, **made}
