"""The issue tracker as people read it: a list of issues, and one issue with what hangs on it.

What belongs here: drawing what Linear's stand-in keeps. What does not: changing it; issues are
made and moved through the API.
"""

from datetime import UTC, datetime

from aiohttp import web

from incident_response.sandbox.page.guard import protected
from incident_response.sandbox.page.markdown import markdown
from incident_response.sandbox.page.markup import EMPTY, Child, Html, join, tag
from incident_response.sandbox.page.mrkdwn import anchor
from incident_response.sandbox.page.sheet import sheet, sheet_reply, theme_of
from incident_response.sandbox.vendors.linear.model import (
    PRIORITY_LABELS,
    Attachment,
    Comment,
    Issue,
)
from incident_response.sandbox.vendors.linear.tracker import Tracker


class IssueTrackerPage:
    """The pages over one tracker."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker

    def routes(self) -> list[web.RouteDef]:
        """Return the pages' routes under `/linear`."""
        return [
            web.get("/linear", protected(self._list)),
            web.get("/linear/issue/{identifier}", protected(self._issue)),
        ]

    async def _list(self, request: web.Request) -> web.StreamResponse:
        rows = [self._row(issue) for issue in self._tracker.issues()]
        none = tag("p", "There are no issues yet.", class_="muted")
        listed = tag("ul", rows, class_="issues") if rows else none
        team = self._tracker.team.name
        return self._reply(request, f"{team} issues", tag("h1", f"{team} issues"), listed)

    async def _issue(self, request: web.Request) -> web.StreamResponse:
        tracker = self._tracker
        issue = tracker.find_issue(request.match_info["identifier"])
        if issue is None:
            raise web.HTTPNotFound(text="there is no such issue\n")
        return self._reply(
            request,
            f"{tracker.identifier(issue)} {issue.title}",
            tag("p", tag("a", "← All issues", href="/linear")),
            tag("h1", tag("span", tracker.identifier(issue), class_="key"), issue.title),
            self._facts(issue),
            tag("article", markdown(issue.description or ""), class_="body"),
            _attachments(tracker.attachments(issue)),
            self._comments(tracker.comments(issue)),
        )

    def _reply(self, request: web.Request, title: str, *content: Child) -> web.Response:
        name = self._tracker.company.name
        mark = tag("span", name[:1], class_="mark", aria_hidden="true")
        header = tag("header", tag("a", mark, tag("span", name), href="/linear", class_="brand"))
        note = tag("footer", "The sandbox's issue tracker, behind a part of Linear's API.")
        shown = sheet(
            title,
            header,
            tag("main", *content),
            note,
            style="tracker",
            theme=theme_of(request.cookies),
        )
        return sheet_reply(shown)

    def _row(self, issue: Issue) -> Html:
        identifier = self._tracker.identifier(issue)
        state = self._tracker.states[issue.state_id]
        return tag(
            "li",
            tag("span", identifier, class_="key"),
            tag("a", issue.title, href=f"/linear/issue/{identifier}"),
            self._labels(issue),
            tag("span", state.name, class_="badge"),
            data_issue=issue.id,
        )

    def _labels(self, issue: Issue) -> Html:
        names = [self._tracker.labels[label_id].name for label_id in issue.label_ids]
        return tag("span", [tag("span", name, class_="label") for name in names], class_="labels")

    def _facts(self, issue: Issue) -> Html:
        tracker = self._tracker
        project = tracker.projects[issue.project_id].name if issue.project_id else None
        facts = (
            ("Status", tracker.states[issue.state_id].name),
            ("Priority", PRIORITY_LABELS[issue.priority]),
            ("Assignee", self._name(issue.assignee_id) or "Nobody"),
            ("Project", project),
            ("Labels", self._labels(issue) if issue.label_ids else None),
            ("Due", issue.due_date),
            ("Created", _time(issue.created_at)),
        )
        rows = [
            tag("div", tag("dt", name), tag("dd", value))
            for name, value in facts
            if value is not None
        ]
        return tag("dl", rows, class_="facts")

    def _comments(self, comments: list[Comment]) -> Html:
        if not comments:
            return EMPTY
        shown = [
            tag(
                "article",
                tag("p", tag("b", self._name(comment.user_id)), " ", _time(comment.created_at)),
                markdown(comment.body),
                id=f"comment-{comment.id}",
                class_="comment",
            )
            for comment in comments
        ]
        return tag("section", tag("h2", "Comments"), shown)

    def _name(self, user_id: str | None) -> str | None:
        return None if user_id is None else self._tracker.users[user_id].name


def _attachments(attachments: list[Attachment]) -> Html:
    if not attachments:
        return EMPTY
    rows = [
        tag("li", anchor(one.url, join(one.title)), tag("span", one.subtitle, class_="muted"))
        for one in attachments
    ]
    return tag("section", tag("h2", "Links"), tag("ul", rows, class_="links"))


def _time(at: float) -> Html:
    moment = datetime.fromtimestamp(at, UTC)
    return tag("time", f"{moment:%b %-d, %H:%M} UTC", datetime=moment.isoformat())
