"""An issue tracker without a wire."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from incident_response.domain.errors import IncidentResponseError, UnknownOutcomeError
from incident_response.ports.issue_tracker import Issue, NewIssue
from tests.fakes.behaviour import Behaviour


@dataclass
class FakeIssueTracker:
    """``ports.issue_tracker.IssueTracker`` in memory; ``people`` are the addresses it knows."""

    people: Iterable[str] = ()
    behaviour: Behaviour = field(default_factory=Behaviour)
    created: dict[str, NewIssue] = field(default_factory=dict)
    issues: dict[str, Issue] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    lost_answers: int = 0
    """How many more creations take effect without an answer."""
    hidden: int = 0
    """How many more times an issue that is there is not shown."""

    async def create(self, issue: NewIssue) -> Issue:
        await self.behaviour.meet()
        if issue.issue_id not in self.issues:
            self._create(issue)
            if self.lost_answers:
                self.lost_answers -= 1
                raise UnknownOutcomeError("no answer came")
        elif self.hidden:
            self.hidden -= 1
            raise UnknownOutcomeError("it is there, and is not shown yet")
        return replace(self.issues[issue.issue_id], left_out=self._left_out(issue))

    async def get(self, issue_id: str) -> Issue | None:
        await self.behaviour.meet()
        return self.issues.get(issue_id)

    def finish(self, issue_id: str) -> None:
        """Somebody completes it."""
        self.issues[issue_id] = replace(self.issues[issue_id], is_done=True)

    def break_down(self, error: IncidentResponseError) -> None:
        self.behaviour.fail_with(error)

    def _create(self, issue: NewIssue) -> None:
        number = len(self.issues) + 1
        known = {name.casefold() for name in self.labels}
        self.labels += [name for name in issue.labels if name.casefold() not in known]
        self.created[issue.issue_id] = issue
        self.issues[issue.issue_id] = Issue(
            issue_id=issue.issue_id,
            identifier=f"OPS-{number}",
            url=f"https://tracker.x.test/issue/OPS-{number}",
            is_done=False,
            assignee_email=issue.assignee_email if issue.assignee_email in self.people else "",
        )

    def _left_out(self, issue: NewIssue) -> tuple[str, ...]:
        if not issue.assignee_email or issue.assignee_email in self.people:
            return ()
        return (f"the assignee: nobody has the address {issue.assignee_email}",)
