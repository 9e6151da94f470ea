"""The shapes of Linear's answers, down to what was asked for.

Workflow state, person and label are the models of ``linear-api``; see
``docs/decisions/linear-api.md`` for why only these. Not here: the operations.
"""

from linear_api import LinearLabel, LinearState
from linear_api.domain import LinearUserReference
from pydantic import Field, TypeAdapter

from incident_response.adapters.http import Wire
from incident_response.ports.issue_tracker import Issue

_DONE = frozenset({"completed", "canceled", "duplicate"})
"""Types of workflow state in which nobody works on an issue any more."""


class IssueNode(Wire):
    """An issue."""

    id: str
    identifier: str
    url: str
    state: LinearState
    assignee: LinearUserReference | None = None

    @property
    def shown(self) -> Issue:
        """As the port gives it."""
        return Issue(
            issue_id=self.id,
            identifier=self.identifier,
            url=self.url,
            is_done=self.state.type in _DONE,
            assignee_email=(self.assignee.email or "") if self.assignee else "",
        )


class _Issue(Wire):
    issue: IssueNode


class _IssueAnswer(Wire):
    data: _Issue


class _IssueCreate(Wire):
    issue_create: _Issue = Field(alias="issueCreate")


class _IssueCreateAnswer(Wire):
    data: _IssueCreate


class _Labels(Wire):
    nodes: list[LinearLabel]


class _LabelsFound(Wire):
    issue_labels: _Labels = Field(alias="issueLabels")


class _LabelsAnswer(Wire):
    data: _LabelsFound


class _Label(Wire):
    issue_label: LinearLabel = Field(alias="issueLabel")


class _LabelCreate(Wire):
    issue_label_create: _Label = Field(alias="issueLabelCreate")


class _LabelCreateAnswer(Wire):
    data: _LabelCreate


class _People(Wire):
    nodes: list[LinearUserReference]


class _PeopleFound(Wire):
    users: _People


class _PeopleAnswer(Wire):
    data: _PeopleFound


class _Named(Wire):
    name: str
    key: str = ""


class _Ping(Wire):
    viewer: _Named
    team: _Named


class _PingAnswer(Wire):
    data: _Ping


ISSUE = TypeAdapter(_IssueAnswer)
ISSUE_CREATE = TypeAdapter(_IssueCreateAnswer)
LABELS = TypeAdapter(_LabelsAnswer)
LABEL_CREATE = TypeAdapter(_LabelCreateAnswer)
PEOPLE = TypeAdapter(_PeopleAnswer)
PING = TypeAdapter(_PingAnswer)
