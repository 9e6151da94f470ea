"""The tracker's issues and what hangs on them: reading, changing, keeping.

What belongs here: Linear's rules about ids and references, each change written before it is
answered for. What does not: GraphQL (`resolvers.py`).
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from incident_response.sandbox.company import Company
from incident_response.sandbox.store import Store
from incident_response.sandbox.vendors.linear import seed
from incident_response.sandbox.vendors.linear.errors import conflict, invalid_argument, not_found
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

Input = Mapping[str, Any]
Row = TypeVar("Row", Label, Project, State, User, Issue)

_LABEL_COLOR = "#95a2b3"
# Input names and the fields they set as they are.
_PLAIN = {
    "title": "title",
    "description": "description",
    "priority": "priority",
    "projectId": "project_id",
    "assigneeId": "assignee_id",
    "dueDate": "due_date",
}


class Tracker:
    """One team's tracker. Reads come from memory; `GraphQLError` is raised for what is refused.

    Whoever holds the key acts as the first of the company's administrators.
    """

    def __init__(self, company: Company, store: Store) -> None:
        self.company = company
        self.team: Team = seed.TEAM
        self.states = {state.id: state for state in seed.STATES}
        self.projects = {project.id: project for project in seed.PROJECTS}
        self.users = {user.id: user for user in seed.users(company)}
        self.viewer = next(user for user in self.users.values() if user.admin and user.active)
        self._store = store
        self.labels = {label.id: label for label in seed.LABELS} | dict(store.load(Label))
        self._issues = dict(store.load(Issue))
        self._attachments = dict(store.load(Attachment))
        self._comments = dict(store.load(Comment))

    @property
    def changes(self) -> int:
        """A number that grows with everything that is made."""
        return len(self._issues) + len(self._attachments) + len(self._comments) + len(self.labels)

    def issues(self) -> list[Issue]:
        """Return every issue, the newest first."""
        return sorted(self._issues.values(), key=lambda issue: issue.number, reverse=True)

    def identifier(self, issue: Issue) -> str:
        """Return what people call an issue, such as `ENG-12`."""
        return f"{self.team.key}-{issue.number}"

    def find_issue(self, reference: str) -> Issue | None:
        """Return the issue with this id or identifier, or None."""
        key, _, number = reference.upper().partition("-")
        numbered = (one for one in self._issues.values() if str(one.number) == number)
        named = next(numbered, None) if key == self.team.key else None
        return self._issues.get(reference) or named

    def issue(self, reference: str) -> Issue:
        """Return the issue with this id or identifier; raises where there is none."""
        found = self.find_issue(reference)
        if found is None:
            raise not_found("Issue")
        return found

    def attachments(self, issue: Issue) -> list[Attachment]:
        """Return an issue's links, oldest first."""
        return _of(issue, self._attachments.values())

    def comments(self, issue: Issue) -> list[Comment]:
        """Return what was said about an issue, oldest first."""
        return _of(issue, self._comments.values())

    def create_issue(self, given: Input, at: float) -> Issue:
        """Make an issue at epoch `at`. An `id` has to be a free UUID of version 4."""
        issue_id = _new_id("Issue", given, self._issues)
        if given["teamId"] != self.team.id:
            raise not_found("Team")
        if not str(given.get("title") or "").strip():
            raise invalid_argument("title", "isNotEmpty", "should not be empty")
        issue = Issue(
            id=issue_id,
            number=1 + max((issue.number for issue in self._issues.values()), default=0),
            title="",
            state_id=seed.FIRST_STATE.id,
            created_at=at,
            updated_at=at,
            creator_id=self.viewer.id,
            subscriber_ids=(self.viewer.id,),
        )
        return self._changed(issue, given, at)

    def update_issue(self, reference: str, given: Input, at: float) -> Issue:
        """Change an issue at epoch `at`; what the input does not name stays."""
        if "title" in given and not str(given["title"] or "").strip():
            raise invalid_argument("title", "isNotEmpty", "should not be empty")
        return self._changed(self.issue(reference), given, at)

    def create_label(self, given: Input) -> Label:
        """Make a label; a team has one of each name."""
        label_id = _new_id("IssueLabel", given, self.labels)
        if given.get("teamId") not in {None, self.team.id}:
            raise not_found("Team")
        name = str(given["name"])
        if any(label.name.casefold() == name.casefold() for label in self.labels.values()):
            raise conflict("IssueLabel", name)
        label = Label(
            id=label_id,
            name=name,
            color=given.get("color") or _LABEL_COLOR,
            description=given.get("description"),
            team_id=given.get("teamId"),
        )
        self.labels[label.id] = label
        self._store.put(label.id, label)
        return label

    def attach(self, given: Input, at: float) -> Attachment:
        """Put a link on an issue; the same address again changes the one that is there."""
        issue = self.issue(given["issueId"])
        old = next((one for one in self.attachments(issue) if one.url == given["url"]), None)
        attachment = Attachment(
            id=old.id if old else _new_id("Attachment", given, self._attachments),
            issue_id=issue.id,
            title=given["title"],
            subtitle=given.get("subtitle"),
            url=given["url"],
            metadata=given.get("metadata") or {},
            created_at=old.created_at if old else at,
            updated_at=at,
        )
        self._attachments[attachment.id] = attachment
        self._store.put(attachment.id, attachment)
        return attachment

    def comment(self, given: Input, at: float) -> Comment:
        """Say something about an issue."""
        issue = self.issue(given.get("issueId") or "")
        if not str(given.get("body") or "").strip():
            raise invalid_argument("body", "isNotEmpty", "should not be empty")
        comment = Comment(
            id=_new_id("Comment", given, self._comments),
            issue_id=issue.id,
            user_id=self.viewer.id,
            body=given["body"],
            created_at=at,
            updated_at=at,
        )
        self._comments[comment.id] = comment
        self._store.put(comment.id, comment)
        return comment

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def _changed(self, issue: Issue, given: Input, at: float) -> Issue:
        self._check_references(given)
        plain = {ours: given[theirs] for theirs, ours in _PLAIN.items() if theirs in given}
        changed = replace(issue, **plain, updated_at=at, label_ids=_label_ids(issue, given))
        if given.get("subscriberIds") is not None:
            changed = replace(changed, subscriber_ids=tuple(dict.fromkeys(given["subscriberIds"])))
        state = self.states[given["stateId"]] if given.get("stateId") else None
        if state is not None and state.id != issue.state_id:
            changed = changed.entered(state, at)
        self._issues[changed.id] = changed
        self._store.put(changed.id, changed)
        return changed

    def _check_references(self, given: Input) -> None:
        _known("stateId", "WorkflowState", given, self.states)
        _known("projectId", "Project", given, self.projects)
        _known("assigneeId", "User", given, self.users)
        for name in ("labelIds", "addedLabelIds", "removedLabelIds"):
            _known(name, "IssueLabel", given, self.labels)
        _known("subscriberIds", "User", given, self.users)
        if given.get("priority") is not None and not 0 <= given["priority"] < len(PRIORITY_LABELS):
            raise invalid_argument("priority", "max", "must not be greater than 4")


def _known(name: str, entity: str, given: Input, rows: Mapping[str, Row]) -> None:
    """Raise Linear's error where an argument names an id that is none, or is nobody's."""
    value = given.get(name)
    for reference in value if isinstance(value, list) else [value]:
        if reference is None:
            continue
        if not _is_uuid(reference):
            raise invalid_argument(name, "isUuid", "must be a UUID")
        if reference not in rows:
            raise not_found(entity)


def _new_id(entity: str, given: Input, taken: Mapping[str, object]) -> str:
    """Return the id the caller made, or a new one."""
    wanted = given.get("id")
    if wanted is None:
        return str(uuid.uuid4())
    if not _is_uuid(wanted, version=4):
        raise invalid_argument("id", "isUuid", "must be a UUID")
    if wanted in taken:
        raise conflict(entity, wanted)
    return str(wanted)


def _is_uuid(text: str, *, version: int | None = None) -> bool:
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return False
    return str(parsed) == text.lower() and version in {None, parsed.version}


def _label_ids(issue: Issue, given: Input) -> tuple[str, ...]:
    chosen = given.get("labelIds")
    kept = issue.label_ids if chosen is None else chosen
    removed = given.get("removedLabelIds") or ()
    labels = dict.fromkeys((*kept, *(given.get("addedLabelIds") or ())))
    return tuple(label for label in labels if label not in removed)


Hung = TypeVar("Hung", Attachment, Comment)


def _of(issue: Issue, rows: Iterable[Hung]) -> list[Hung]:
    mine = [row for row in rows if row.issue_id == issue.id]
    return sorted(mine, key=lambda row: row.created_at)
