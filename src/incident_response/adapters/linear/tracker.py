"""Linear's GraphQL API: creates an issue once, with labels, an assignee and a link.

Deadline: 12 s a call. Queries are asked again when they fail; a mutation is sent once. What keeps
an issue from being created twice is its client-made id: where Linear's answer is lost, or says
that the id is taken, the issue is looked up by it. Not here: what an issue says.
"""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import aiohttp
import structlog
from pydantic import JsonValue

from incident_response.adapters.http import (
    ANYTHING,
    Bounds,
    Breaker,
    Credentials,
    Vendor,
    VendorHttp,
)
from incident_response.adapters.linear import operations, shapes
from incident_response.adapters.linear.errors import CONFLICT, linear_errors
from incident_response.domain.errors import (
    InvalidConfigurationError,
    NotFoundError,
    PermanentError,
    RefusedError,
    RetryableError,
    UnknownOutcomeError,
)
from incident_response.domain.model import Json
from incident_response.ports.clock import Clock
from incident_response.ports.issue_tracker import Issue, NewIssue

_log = structlog.get_logger(__name__)

_VENDOR = Vendor(name="Linear", url_setting="LINEAR_URL", credential_setting="LINEAR_API_KEY")
_BOUNDS = Bounds(total_seconds=12.0, attempt_seconds=5.5)
"""Creating an issue with a long text takes Linear a second or more."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """The ids behind the names of a new issue, and the names that have none."""

    label_ids: tuple[str, ...]
    assignee_id: str
    left_out: tuple[str, ...]


class LinearTracker:
    """``ports.issue_tracker.IssueTracker`` in one team of Linear.

    ``base_url`` is the whole address, ``https://api.linear.app/graphql``. Raises
    ``InvalidConfigurationError`` for a team or project that is not given by its UUID.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        team_id: str,
        project_id: str = "",
        http: aiohttp.ClientSession,
        clock: Clock,
    ) -> None:
        self._team_id = _uuid(team_id, "LINEAR_TEAM_ID", "team")
        self._project_id = _uuid(project_id, "LINEAR_PROJECT_ID", "project") if project_id else ""
        self._http = VendorHttp(
            _VENDOR,
            base_url=base_url,
            # A personal key stands by itself: Linear refuses "Bearer" before it.
            credentials=Credentials(headers={"Authorization": api_key}, secrets=(api_key,)),
            http=http,
            clock=clock,
            bounds=_BOUNDS,
            own_errors=linear_errors,
        )

    @property
    def breaker(self) -> Breaker:
        """Whether Linear is left alone now."""
        return self._http.breaker

    async def create(self, issue: NewIssue) -> Issue:
        """Once, however often it is called with this id; see the port."""
        placed = await self._placed(issue)
        made = await self._create_or_find(issue, placed)
        left_out = (*placed.left_out, *await self._attach(issue))
        return replace(made, left_out=left_out)

    async def get(self, issue_id: str) -> Issue | None:
        """The issue as it stands; see the port."""
        try:
            question = _body(operations.ISSUE, id=issue_id)
            return (await self._http.ask("", question, shape=shapes.ISSUE)).data.issue.shown
        except NotFoundError:
            return None

    async def ping(self) -> str:
        """Whether the key is good and the team exists, for the doctor; raises what ``get``
        raises.
        """
        question = _body(operations.PING, team=self._team_id)
        try:
            found = (await self._http.ask("", question, shape=shapes.PING)).data
        except NotFoundError as error:
            raise InvalidConfigurationError(
                "LINEAR_TEAM_ID names no team that this key can see"
            ) from error
        return f"files in {found.team.name} ({found.team.key}) as {found.viewer.name}"

    async def _create_or_find(self, issue: NewIssue, placed: _Placed) -> Issue:
        try:
            order = _body(operations.CREATE_ISSUE, input=self._input(issue, placed))
            made = await self._http.write("POST", "", order, shape=shapes.ISSUE_CREATE)
            return made.data.issue_create.issue.shown
        except NotFoundError as error:
            raise InvalidConfigurationError(
                f"{error}: check LINEAR_TEAM_ID, LINEAR_PROJECT_ID and what the key may see"
            ) from error
        except (RefusedError, UnknownOutcomeError) as error:
            if isinstance(error, RefusedError) and error.reason != CONFLICT:
                raise
            return await self._found(issue.issue_id, error)

    async def _found(self, issue_id: str, cause: Exception) -> Issue:
        """The issue that was created by this try or an earlier one."""
        _log.info("looking for an issue that may be there", issue_id=issue_id, reason=str(cause))
        try:
            found = await self.get(issue_id)
        except RetryableError as error:
            raise UnknownOutcomeError(
                f"whether the issue was created is not known: {error}",
                retry_after=error.retry_after,
            ) from error
        if found is None:
            raise UnknownOutcomeError(
                "Linear does not show the issue (yet), and did not say that it was not created;"
                " creating it again is safe"
            ) from cause
        return found

    def _input(self, issue: NewIssue, placed: _Placed) -> Json:
        given: Json = {
            "id": issue.issue_id,
            "teamId": self._team_id,
            "title": issue.title,
            "description": issue.body,
            "labelIds": [*placed.label_ids],
        }
        if self._project_id:
            given["projectId"] = self._project_id
        if placed.assignee_id:
            given["assigneeId"] = placed.assignee_id
        return given

    async def _placed(self, issue: NewIssue) -> _Placed:
        names = tuple(dict.fromkeys(name.strip() for name in issue.labels if name.strip()))
        labels, assignee_id = await asyncio.gather(
            self._labels(names), self._person(issue.assignee_email)
        )
        left_out = [f"the label {name}" for name in names if name.casefold() not in labels]
        if issue.assignee_email and not assignee_id:
            left_out.append(
                f"the assignee: nobody in Linear has the address {issue.assignee_email}"
            )
        return _Placed(tuple(labels.values()), assignee_id, tuple(left_out))

    async def _person(self, email: str) -> str:
        if not email:
            return ""
        question = _body(operations.PERSON, email=email)
        people = (await self._http.ask("", question, shape=shapes.PEOPLE)).data.users.nodes
        return people[0].id if people else ""

    async def _labels(self, names: Sequence[str]) -> Mapping[str, str]:
        """Ids by name in lower case; one that is not there is made."""
        found = await self._known_labels(names)
        for name in names:
            if name.casefold() not in found:
                found |= await self._make_label(name)
        return {
            name.casefold(): found[name.casefold()] for name in names if name.casefold() in found
        }

    async def _known_labels(self, names: Sequence[str]) -> dict[str, str]:
        """Those of the team and those of the whole workspace."""
        if not names:
            return {}
        wanted: list[JsonValue] = [{"name": {"eqIgnoreCase": name}} for name in names]
        places: list[JsonValue] = [
            {"team": {"id": {"eq": self._team_id}}},
            {"team": {"null": True}},
        ]
        question = _body(operations.LABELS, filter={"and": [{"or": wanted}, {"or": places}]})
        answer = await self._http.ask("", question, shape=shapes.LABELS)
        return {label.name.casefold(): label.id for label in answer.data.issue_labels.nodes}

    async def _make_label(self, name: str) -> dict[str, str]:
        """The label; nothing if Linear will not have it. Names are unique, so it is made once."""
        try:
            order = _body(operations.CREATE_LABEL, input={"name": name, "teamId": self._team_id})
            made = await self._http.write("POST", "", order, shape=shapes.LABEL_CREATE)
            return {name.casefold(): made.data.issue_label_create.issue_label.id}
        except (PermanentError, UnknownOutcomeError) as error:
            # Somebody else may have made it at this moment, or we did and were not told.
            _log.warning("label not made", label=name, reason=str(error))
            return await self._known_labels((name,))

    async def _attach(self, issue: NewIssue) -> tuple[str, ...]:
        """Linear keeps one attachment an address, so that this may be done again."""
        if not issue.link_url:
            return ()
        link: Json = {
            "issueId": issue.issue_id,
            "title": issue.link_title or issue.link_url,
            "url": issue.link_url,
        }
        try:
            order = _body(operations.ATTACH, input=link)
            await self._http.write("POST", "", order, shape=ANYTHING)
        except PermanentError as error:
            _log.warning("link not attached", issue_id=issue.issue_id, reason=str(error))
            return (f"the link to {issue.link_title or issue.link_url}: {error}",)
        return ()


def _body(operation: str, **variables: JsonValue) -> Json:
    return {"query": operation, "variables": variables}


def _uuid(text: str, setting: str, what: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise InvalidConfigurationError(
            f"{setting} must be the {what}'s UUID, not its key, name or address: in Linear, press"
            f" Cmd/Ctrl-K on the {what} and choose “Copy model UUID”"
        ) from None
