import json
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from incident_response.adapters.http import vendor_session
from incident_response.adapters.linear import LinearTracker
from incident_response.domain.errors import (
    IncidentResponseError,
    InvalidConfigurationError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.ports.issue_tracker import NewIssue
from incident_response.sandbox.faults import Fault
from incident_response.sandbox.vendors.linear.seed import TEAM, stable_uuid
from tests.adapters.scripted import HurriedClock, says, vendor_that
from tests.adapters.standins import StandIns, stand_ins

KEY = "lin_api_0123456789abcdef"
ID = "4b825dc6-42cb-4eb9-a060-e54bf8d69288"
ISSUE = {
    "id": ID,
    "identifier": "OPS-1",
    "url": "https://linear.app/x/issue/OPS-1",
    "state": {"id": "s", "name": "Todo", "type": "unstarted", "color": "#fff"},
    "assignee": None,
}


def an_issue(
    *,
    issue_id: str = ID,
    labels: tuple[str, ...] = (),
    assignee: str = "",
    link: str = "https://chat.x.test/C1",
) -> NewIssue:
    return NewIssue(
        issue_id=issue_id,
        title="Postmortem",
        body="It broke.",
        labels=labels,
        assignee_email=assignee,
        link_url=link,
        link_title="The room",
    )


@pytest.fixture
async def vendors() -> AsyncIterator[StandIns]:
    async with stand_ins() as found:
        yield found


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with vendor_session() as session:
        yield session


def linear(url: str, http: aiohttp.ClientSession, **changes: str) -> LinearTracker:
    given = {"api_key": KEY, "team_id": TEAM.id, **changes}
    return LinearTracker(base_url=f"{url}/graphql", http=http, clock=HurriedClock(), **given)


def told(
    message: str, *, code: str = "", kind: str = "", path: object = None
) -> dict[str, object]:
    problem = {"message": message, "path": path, "extensions": {"code": code, "type": kind}}
    return {"data": None, "errors": [problem]}


async def test_everything_that_was_asked_for_stands_in_linear(vendors: StandIns) -> None:
    given = an_issue(labels=("Postmortem", "checkout"), assignee="MAYA@tidewater.example")
    made = await vendors.tracker().create(given)
    (issue,) = vendors.tracker_records.issues()
    assert (issue.id, issue.title, issue.description) == (ID, "Postmortem", "It broke.")
    assert issue.assignee_id == stable_uuid("user", "maya")
    assert issue.project_id == stable_uuid("project", "Postmortems")
    names = [vendors.tracker_records.labels[label].name for label in issue.label_ids]
    assert names == ["Postmortem", "checkout"]
    (link,) = vendors.tracker_records.attachments(issue)
    assert (link.title, link.url) == ("The room", "https://chat.x.test/C1")
    assert made.url.endswith("/linear/issue/ENG-1")


async def test_a_lost_answer_is_looked_up_within_the_same_call(vendors: StandIns) -> None:
    vendors.board.add(Fault(target="linear.issueCreate", kind="drop_reply", times=1))
    made = await vendors.tracker().create(an_issue())
    assert made.identifier == "ENG-1"
    assert vendors.calls("linear.issueCreate") == 1, "a mutation is sent once"


async def test_the_link_is_put_on_once_though_its_answer_was_lost(vendors: StandIns) -> None:
    vendors.board.add(Fault(target="linear.attachmentCreate", kind="drop_reply", times=1))
    with pytest.raises(UnknownOutcomeError):
        await vendors.tracker().create(an_issue())
    await vendors.tracker().create(an_issue())
    (issue,) = vendors.tracker_records.issues()
    assert len(vendors.tracker_records.attachments(issue)) == 1


async def test_a_label_whose_making_got_no_answer_is_looked_up(vendors: StandIns) -> None:
    vendors.board.add(Fault(target="linear.issueLabelCreate", kind="drop_reply", times=1))
    made = await vendors.tracker().create(an_issue(labels=("checkout",)))
    assert made.left_out == ()
    names = [label.name for label in vendors.tracker_records.labels.values()]
    assert names.count("checkout") == 1


async def test_a_label_that_linear_refuses_costs_the_label_and_not_the_issue(
    vendors: StandIns,
) -> None:
    vendors.board.add(Fault(target="linear.issueLabelCreate", kind="error", code="nope"))
    made = await vendors.tracker().create(an_issue(labels=("checkout", "Incident")))
    assert made.left_out == ("the label checkout",)
    (issue,) = vendors.tracker_records.issues()
    assert len(issue.label_ids) == 1


async def test_a_link_that_linear_refuses_costs_the_link_and_not_the_issue(
    http: aiohttp.ClientSession,
) -> None:
    answers = (
        says({"data": {"issueCreate": {"issue": ISSUE}}}),
        says(told("url is not valid", code="INVALID_INPUT", kind="invalid input")),
    )
    async with vendor_that(*answers) as (url, _):
        made = await linear(url, http).create(an_issue())
    assert made.identifier == "OPS-1"
    assert "The room" in made.left_out[0]


async def test_a_spent_quota_is_told_with_when_it_ends(vendors: StandIns) -> None:
    vendors.quota.enabled = True
    vendors.quota._limit = 0
    with pytest.raises(RateLimitedError) as refusal:
        await vendors.tracker().get(ID)
    assert refusal.value.retry_after is not None
    assert timedelta(minutes=59) < refusal.value.retry_after <= timedelta(hours=1)


@pytest.mark.parametrize("key", ["lin_api_wrong", f"Bearer {KEY}"])
async def test_a_wrong_key_names_its_setting_and_not_the_key(vendors: StandIns, key: str) -> None:
    with pytest.raises(RefusedError, match="LINEAR_API_KEY") as refusal:
        await vendors.tracker(api_key=key).create(an_issue())
    assert key not in str(refusal.value)


@pytest.mark.parametrize("team", ["ENG", "Engineering", "https://linear.app/x/team/ENG"])
async def test_a_team_that_is_no_uuid_is_refused_at_the_start(
    http: aiohttp.ClientSession, team: str
) -> None:
    with pytest.raises(InvalidConfigurationError, match="LINEAR_TEAM_ID must be the team's UUID"):
        linear("http://127.0.0.1:1", http, team_id=team)
    with pytest.raises(InvalidConfigurationError, match="LINEAR_PROJECT_ID"):
        linear("http://127.0.0.1:1", http, project_id=team)


async def test_a_project_that_does_not_exist_names_the_settings(vendors: StandIns) -> None:
    with pytest.raises(InvalidConfigurationError, match="LINEAR_PROJECT_ID"):
        await vendors.tracker(project_id=str(uuid.uuid4())).create(an_issue())
    assert vendors.tracker_records.issues() == []


async def test_the_doctor_is_told_where_it_files_and_as_whom(vendors: StandIns) -> None:
    assert await vendors.tracker().ping() == "files in Engineering (ENG) as Priya Raman"
    with pytest.raises(InvalidConfigurationError, match="LINEAR_TEAM_ID"):
        await vendors.tracker(team_id=ID).ping()


@pytest.mark.parametrize(
    ("problem", "when_asked", "when_done"),
    [
        (
            told("boom", code="INTERNAL", kind="internal error"),
            UnavailableError,
            UnknownOutcomeError,
        ),
        (told("boom", kind="lock timeout"), UnavailableError, UnknownOutcomeError),
        (told("No", kind="forbidden"), RefusedError, RefusedError),
        (told("No", code="X", kind="user error"), RefusedError, RefusedError),
        (told("half", path=["issueCreate", "issue", "url"]), RefusedError, UnknownOutcomeError),
    ],
)
async def test_what_an_error_means_depends_on_whether_something_was_to_be_done(
    http: aiohttp.ClientSession,
    problem: dict[str, object],
    when_asked: type[IncidentResponseError],
    when_done: type[IncidentResponseError],
) -> None:
    async with vendor_that(says(problem)) as (url, _):
        with pytest.raises(when_asked):
            await linear(url, http).get(ID)
    not_there = says(told("Entity not found: Issue"))
    async with vendor_that(says(problem), not_there) as (url, vendor):
        with pytest.raises(when_done):
            await linear(url, http).create(an_issue())
    mutations = [r for r in vendor.requests if b"issueCreate" in r.body]
    assert len(mutations) == 1


async def test_when_not_even_looking_works_the_outcome_stays_unknown(
    http: aiohttp.ClientSession,
) -> None:
    async with vendor_that(says({}, status=502)) as (url, vendor):
        with pytest.raises(UnknownOutcomeError):
            await linear(url, http).create(an_issue())
    assert len(vendor.requests) == 4, "the mutation once, the question three times"


async def test_an_answer_that_is_no_graphql_is_judged_by_its_status(
    http: aiohttp.ClientSession,
) -> None:
    bodies: tuple[object, ...] = ({"errors": "odd"}, {"errors": [7]}, [], {"errors": []})
    for body in bodies:
        async with vendor_that(says(body, status=400)) as (url, _):
            with pytest.raises(RefusedError, match="400"):
                await linear(url, http).get(ID)


async def test_the_words_of_linear_are_cleaned_of_the_key(http: aiohttp.ClientSession) -> None:
    async with vendor_that(says(told(f"bad {KEY}\nx", code="OTHER"))) as (url, vendor):
        with pytest.raises(RefusedError) as refusal:
            await linear(url, http).get(ID)
    assert str(refusal.value) == "Linear refused the request (bad *** x)"
    assert vendor.requests[0].headers["Authorization"] == KEY
    assert json.loads(vendor.requests[0].body)["variables"] == {"id": ID}
