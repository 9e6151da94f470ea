import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientSession

from incident_response.sandbox.faults import Fault
from incident_response.sandbox.store import Store
from incident_response.sandbox.tidewater import TIDEWATER
from incident_response.sandbox.vendors.linear.api import PATH, routes
from incident_response.sandbox.vendors.linear.quota import Quota
from incident_response.sandbox.vendors.linear.seed import LABELS, PROJECTS, TEAM, stable_uuid
from incident_response.sandbox.vendors.linear.tracker import Tracker
from incident_response.sandbox.vendors.world import World
from tests.sandbox.vendors.serving import StillClock, serving, still_world

ID = "4b825dc6-42cb-4eb9-a060-e54bf8d69288"
MAYA = stable_uuid("user", "maya")
CREATE = """
mutation Create($input: IssueCreateInput!) {
  issueCreate(input: $input) { success issue { id identifier title url } }
}
"""
READ = """
query Read($id: String!) {
  issue(id: $id) {
    id identifier title description priority priorityLabel dueDate completedAt
    state { name type } project { name } assignee { email } team { key }
    labels { nodes { name } } subscribers { nodes { displayName } }
    attachments { nodes { id title url metadata } } comments { nodes { body user { name } } }
  }
}
"""
UPDATE = """
mutation Update($id: String!, $input: IssueUpdateInput!) {
  issueUpdate(id: $id, input: $input) { success issue { identifier } }
}
"""
ATTACH = """
mutation Attach($input: AttachmentCreateInput!) {
  attachmentCreate(input: $input) { success attachment { id } }
}
"""


@dataclass
class Desk:
    session: ClientSession
    world: World
    clock: StillClock
    tracker: Tracker
    key: str = "lin_api_test"

    async def post(self, query: str, **variables: Any) -> tuple[int, Any, Any]:
        body = {"query": query, "variables": variables}
        headers = {"Authorization": self.key}
        async with self.session.post(PATH, json=body, headers=headers) as reply:
            return reply.status, await reply.json(), reply.headers

    async def data(self, query: str, **variables: Any) -> Any:
        status, body, _ = await self.post(query, **variables)
        assert status == 200, body
        assert "errors" not in body
        return body["data"]

    async def problem(self, query: str, *, status: int = 200, **variables: Any) -> Any:
        got, body, _ = await self.post(query, **variables)
        assert got == status, body
        return body["errors"][0]

    async def create(self, **given: Any) -> Any:
        given = {"teamId": TEAM.id, "title": "Checkout failed", **given}
        return (await self.data(CREATE, input=given))["issueCreate"]["issue"]

    async def read(self, reference: str) -> Any:
        return (await self.data(READ, id=reference))["issue"]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    clock = StillClock()
    world = still_world(clock)
    tracker = Tracker(TIDEWATER, Store(table="linear"))
    quota = Quota(clock, requests=3)
    async with serving(routes(world, tracker, "lin_api_test", quota=quota)) as session:
        yield Desk(session, world, clock, tracker)
    tracker.close()


async def test_a_postmortem_is_filed_with_all_that_belongs_to_it(desk: Desk) -> None:
    created = await desk.create(
        id=ID,
        description="## Summary\n\nIt broke.",
        priority=1,
        projectId=PROJECTS[0].id,
        assigneeId=MAYA,
        labelIds=[LABELS[0].id, LABELS[1].id],
        subscriberIds=[MAYA],
        dueDate="2026-11-23",
    )
    assert (created["id"], created["identifier"]) == (ID, "ENG-1")
    assert created["url"].endswith("/linear/issue/ENG-1")
    assert await desk.read("ENG-1") == {
        "id": ID,
        "identifier": "ENG-1",
        "title": "Checkout failed",
        "description": "## Summary\n\nIt broke.",
        "priority": 1,
        "priorityLabel": "Urgent",
        "dueDate": "2026-11-23",
        "completedAt": None,
        "state": {"name": "Backlog", "type": "backlog"},
        "project": {"name": "Postmortems"},
        "assignee": {"email": "maya@tidewater.example"},
        "team": {"key": "ENG"},
        "labels": {"nodes": [{"name": "Incident"}, {"name": "Postmortem"}]},
        "subscribers": {"nodes": [{"displayName": "maya"}]},
        "attachments": {"nodes": []},
        "comments": {"nodes": []},
    }


async def test_the_same_client_made_id_is_a_conflict_and_the_first_issue_stays(
    desk: Desk,
) -> None:
    await desk.create(id=ID)
    given = {"id": ID, "teamId": TEAM.id, "title": "Again"}
    problem = await desk.problem(CREATE, input=given)
    assert problem["message"] == "conflict on insert of Issue"
    assert problem["extensions"]["code"] == "INPUT_ERROR"
    assert problem["extensions"]["userPresentableMessage"] == (
        f"Entity Issue with id {ID} already exists."
    )
    assert (await desk.read(ID))["title"] == "Checkout failed"
    assert len(desk.tracker.issues()) == 1


@pytest.mark.parametrize(
    "wrong", ["inc-1", str(uuid.uuid5(uuid.NAMESPACE_URL, "inc-1")), ID.replace("-", "")]
)
async def test_a_client_made_id_has_to_be_a_uuid_of_version_four(desk: Desk, wrong: str) -> None:
    given = {"id": wrong, "teamId": TEAM.id, "title": "x"}
    problem = await desk.problem(CREATE, input=given)
    assert problem["message"] == "Argument Validation Error"
    assert problem["extensions"]["userPresentableMessage"] == "id must be a UUID."


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"teamId": ID}, "Entity not found: Team"),
        ({"projectId": ID}, "Entity not found: Project"),
        ({"assigneeId": ID}, "Entity not found: User"),
        ({"labelIds": [ID]}, "Entity not found: IssueLabel"),
        ({"stateId": ID}, "Entity not found: WorkflowState"),
        ({"projectId": "postmortems"}, "Argument Validation Error"),
        ({"title": " "}, "Argument Validation Error"),
        ({"priority": 9}, "Argument Validation Error"),
    ],
)
async def test_what_an_issue_names_has_to_exist(
    desk: Desk, given: dict[str, Any], message: str
) -> None:
    full = {"teamId": TEAM.id, "title": "x", **given}
    problem = await desk.problem(CREATE, input=full)
    assert problem["message"] == message
    assert problem["extensions"]["userError"] is True
    assert desk.tracker.issues() == []


async def test_an_issue_moves_through_its_workflow(desk: Desk) -> None:
    await desk.create(labelIds=[LABELS[0].id])
    listed = await desk.data(
        '{ workflowStates(filter: {type: {eq: "completed"}}) { nodes { id } } }'
    )
    (done,) = listed["workflowStates"]["nodes"]
    change = {
        "stateId": done["id"],
        "addedLabelIds": [LABELS[2].id],
        "removedLabelIds": [LABELS[0].id],
        "title": "Checkout failed for 9 minutes",
    }
    await desk.data(UPDATE, id="eng-1", input=change)
    issue = await desk.read("ENG-1")
    assert issue["state"] == {"name": "Done", "type": "completed"}
    assert issue["completedAt"] == "2026-11-21T12:00:00.000Z"
    assert issue["labels"]["nodes"] == [{"name": "Action item"}]
    assert issue["title"] == "Checkout failed for 9 minutes"
    assert issue["project"] is None


async def test_an_attachment_of_the_same_address_is_changed_not_added(desk: Desk) -> None:
    await desk.create(id=ID)
    link = {"issueId": ID, "title": "War room", "url": "https://slack.example/c/1"}
    first = await desk.data(ATTACH, input=link)
    second = await desk.data(ATTACH, input=link | {"title": "#inc-1", "metadata": {"n": 1}})
    assert first == second
    (shown,) = (await desk.read(ID))["attachments"]["nodes"]
    assert (shown["title"], shown["metadata"]) == ("#inc-1", {"n": 1})


async def test_comments_are_said_by_the_keys_owner(desk: Desk) -> None:
    await desk.create(id=ID)
    comment = """
    mutation Say($input: CommentCreateInput!) {
      commentCreate(input: $input) { success comment { id url } }
    }
    """
    await desk.data(comment, input={"issueId": "ENG-1", "body": "Reviewed."})
    (shown,) = (await desk.read(ID))["comments"]["nodes"]
    assert shown == {"body": "Reviewed.", "user": {"name": "Priya Raman"}}


async def test_people_labels_and_projects_are_found_by_what_is_known_of_them(desk: Desk) -> None:
    query = """
    query Find($email: String!, $team: ID!) {
      users(filter: {email: {eqIgnoreCase: $email}}) { nodes { id active } }
      issueLabels(filter: {name: {in: ["Incident", "Nothing"]}, team: {id: {eq: $team}}}) {
        nodes { name team { key } }
      }
      projects(filter: {name: {containsIgnoreCase: "POSTMORTEM"}}) { nodes { name } }
      teams(filter: {or: [{key: {eq: "ENG"}}, {key: {eq: "OPS"}}]}) {
        nodes { key labels(filter: {name: {startsWith: "P"}}) { nodes { name } } }
      }
      viewer { admin }
    }
    """
    found = await desk.data(query, email="Maya@Tidewater.example", team=TEAM.id)
    assert found["users"]["nodes"] == [{"id": MAYA, "active": True}]
    assert found["issueLabels"]["nodes"] == [{"name": "Incident", "team": {"key": "ENG"}}]
    assert found["projects"]["nodes"] == [{"name": "Postmortems"}]
    names = [label["name"] for label in found["teams"]["nodes"][0]["labels"]["nodes"]]
    assert names == ["Postmortem", "P0", "P1", "P2", "P3"]
    assert found["viewer"] == {"admin": True}


async def test_a_label_is_made_once(desk: Desk) -> None:
    make = """
    mutation Make($input: IssueLabelCreateInput!) {
      issueLabelCreate(input: $input) { issueLabel { id name } }
    }
    """
    made = await desk.data(make, input={"name": "SEV", "teamId": TEAM.id})
    label = made["issueLabelCreate"]["issueLabel"]
    await desk.create(id=ID, labelIds=[label["id"]])
    assert (await desk.read(ID))["labels"]["nodes"] == [{"name": "SEV"}]
    assert (await desk.problem(make, input={"name": "sev"}))["message"].startswith("conflict")


async def test_pages_follow_each_other_by_cursor(desk: Desk) -> None:
    query = """
    query Page($first: Int, $after: String) {
      users(first: $first, after: $after) {
        nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor }
      }
    }
    """
    seen: list[str] = []
    after = None
    while True:
        page = (await desk.data(query, first=5, after=after))["users"]
        seen += [user["name"] for user in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == len(desk.tracker.users)
    problem = await desk.problem(query, first=251)
    assert problem["extensions"]["code"] == "INVALID_INPUT"
    assert (await desk.problem(query, first=1, after="nowhere"))["extensions"]["validationErrors"]


async def test_an_issue_that_is_not_there_makes_the_whole_answer_null(desk: Desk) -> None:
    status, body, _ = await desk.post(READ, id=ID)
    assert (status, body["data"]) == (200, None)
    (problem,) = body["errors"]
    assert problem["message"] == "Entity not found: Issue"
    assert problem["path"] == ["issue"]
    assert problem["extensions"] == {
        "type": "invalid input",
        "code": "INPUT_ERROR",
        "statusCode": 400,
        "userError": True,
        "userPresentableMessage": "Could not find referenced Issue.",
    }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ issues { nodes { nosuchfield } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ issues { nodes {", "GRAPHQL_PARSE_FAILED"),
        ("query Q($id: String!) { issue(id: $id) { id } }", "BAD_USER_INPUT"),
    ],
)
async def test_a_document_that_cannot_run_is_a_bad_request(
    desk: Desk, query: str, code: str
) -> None:
    problem = await desk.problem(query, status=400)
    assert problem["extensions"]["code"] == code


async def test_a_body_that_is_no_request_is_refused(desk: Desk) -> None:
    for raw in (b"{", b"[]", b'{"query": 7}', b""):
        headers = {"Authorization": desk.key}
        async with desk.session.post(PATH, data=raw, headers=headers) as reply:
            assert reply.status == 400
            assert (await reply.json())["errors"]


async def test_a_key_stands_by_itself_in_the_header(desk: Desk) -> None:
    for key, status, code in (
        ("lin_api_wrong", 401, "AUTHENTICATION_ERROR"),
        ("Bearer lin_api_test", 400, "INPUT_ERROR"),
        ("", 401, "AUTHENTICATION_ERROR"),
    ):
        desk.key = key
        problem = await desk.problem("{ viewer { id } }", status=status)
        assert problem["extensions"]["code"] == code


async def test_answers_say_what_is_left_of_the_quota(desk: Desk) -> None:
    _, _, headers = await desk.post("{ viewer { id name } }")
    assert headers["X-RateLimit-Requests-Limit"] == "3"
    assert headers["X-RateLimit-Requests-Remaining"] == "2"
    assert headers["X-RateLimit-Requests-Reset"] == "1795266000000"
    assert headers["X-Complexity"] == "3"
    assert headers["X-RateLimit-Complexity-Remaining"] == "249997"


async def test_a_spent_quota_is_a_bad_request_until_the_hour_is_over() -> None:
    clock = StillClock()
    quota = Quota(clock, requests=2)
    quota.enabled = True
    tracker = Tracker(TIDEWATER, Store(table="linear"))
    world = still_world(clock)
    async with serving(routes(world, tracker, "lin_api_test", quota=quota)) as session:
        desk = Desk(session, world, clock, tracker)
        for _ in range(2):
            await desk.data("{ viewer { id } }")
        problem = await desk.problem("{ viewer { id } }", status=400)
        assert problem["extensions"]["code"] == "RATELIMITED"
        assert problem["extensions"]["type"] == "ratelimited"
        clock.at += 3600
        await desk.data("{ viewer { id } }")
    tracker.close()


async def test_faults_know_a_call_by_its_first_field(desk: Desk) -> None:
    desk.world.board.add(Fault(target="linear.issueCreate", kind="rate_limited", times=1))
    given = {"id": ID, "teamId": TEAM.id, "title": "x"}
    problem = await desk.problem(CREATE, status=400, input=given)
    assert problem["extensions"]["code"] == "RATELIMITED"
    desk.world.board.add(Fault(target="linear.issueCreate", kind="drop_reply", times=1))
    with pytest.raises(aiohttp.ClientError):
        await desk.create(id=ID)
    assert (await desk.problem(CREATE, input=given))["message"].startswith("conflict")
    desk.world.board.add(Fault(target="linear.issue", kind="error", code="not_found", times=1))
    problem = await desk.problem(READ, id=ID)
    assert problem["message"] == "Entity not found: Issue", "in conflict, and not yet to be read"
    assert (await desk.read(ID))["identifier"] == "ENG-1"
    calls = desk.world.board.received.calls_by_target
    assert calls == {"linear.issueCreate": 3, "linear.issue": 2}


async def test_a_fault_of_another_name_is_an_internal_error(desk: Desk) -> None:
    desk.world.board.add(Fault(target="linear.*", kind="error", code="lock_timeout"))
    problem = await desk.problem("{ viewer { id } }")
    assert problem["extensions"]["code"] == "LOCK_TIMEOUT"


async def test_issues_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    world = still_world()
    first = Tracker(TIDEWATER, Store(path, "linear"))
    async with serving(routes(world, first, "lin_api_test", quota=Quota(world.clock))) as session:
        desk = Desk(session, world, StillClock(), first)
        await desk.create(id=ID, labelIds=[LABELS[0].id])
        await desk.data(ATTACH, input={"issueId": ID, "title": "Room", "url": "https://x.example"})
        before = await desk.read(ID)
    first.close()
    second = Tracker(TIDEWATER, Store(path, "linear"))
    async with serving(routes(world, second, "lin_api_test", quota=Quota(world.clock))) as session:
        desk = Desk(session, world, StillClock(), second)
        assert await desk.read(ID) == before
        assert (await desk.create())["identifier"] == "ENG-2"
    second.close()
