from typing import Any

from aiohttp import ClientSession

from incident_response.sandbox.app import Sandbox, VendorTokens
from incident_response.sandbox.vendors.linear.seed import LABELS, PROJECTS, TEAM, stable_uuid

KEY = {"Authorization": VendorTokens().linear}


async def filed(visitor: ClientSession, **given: Any) -> None:
    query = "mutation M($i: IssueCreateInput!) { issueCreate(input: $i) { success } }"
    variables = {"i": {"teamId": TEAM.id, "title": "Checkout failed", **given}}
    body = {"query": query, "variables": variables}
    async with visitor.post("/linear/graphql", json=body, headers=KEY) as reply:
        assert "errors" not in await reply.json()


async def read(visitor: ClientSession, path: str) -> str:
    async with visitor.get(path) as reply:
        assert reply.status == 200
        assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")
        return await reply.text()


async def test_an_issue_is_shown_with_its_facts_and_its_markdown(
    sandbox: Sandbox, visitor: ClientSession
) -> None:
    assert "There are no issues yet." in await read(visitor, "/linear")
    await filed(
        visitor,
        description="## Summary\n\nIt was **slow**.\n\n| a | b |\n|---|---|\n| 1 | 2 |",
        labelIds=[LABELS[1].id],
        projectId=PROJECTS[0].id,
        assigneeId=stable_uuid("user", "maya"),
        priority=2,
    )
    listed = await read(visitor, "/linear")
    assert 'href="/linear/issue/ENG-1"' in listed
    page = await read(visitor, "/linear/issue/ENG-1")
    for shown in ("Checkout failed", "<strong>slow</strong>", "<table", "Maya Okafor", "High"):
        assert shown in page
    assert "Postmortems" in page


async def test_links_and_comments_stand_below(sandbox: Sandbox, visitor: ClientSession) -> None:
    await filed(visitor)
    query = """
    mutation {
      attachmentCreate(input: {issueId: "ENG-1", title: "Room", url: "https://slack.example/1"}) {
        success
      }
      bad: attachmentCreate(input: {issueId: "ENG-1", title: "No", url: "javascript:alert(1)"}) {
        success
      }
      commentCreate(input: {issueId: "ENG-1", body: "*Reviewed*"}) { success }
    }
    """
    body = {"query": query}
    async with visitor.post("/linear/graphql", json=body, headers=KEY) as reply:
        assert "errors" not in await reply.json()
    page = await read(visitor, "/linear/issue/ENG-1")
    assert 'href="https://slack.example/1"' in page
    assert "javascript:" not in page
    assert "<em>Reviewed</em>" in page


async def test_what_was_written_is_shown_and_never_run(
    sandbox: Sandbox, visitor: ClientSession
) -> None:
    await filed(visitor, title="<script>t</script>", description="<script>d</script>")
    for path in ("/linear", "/linear/issue/ENG-1"):
        assert "<script" not in await read(visitor, path)


async def test_an_unknown_issue_is_not_found(sandbox: Sandbox, visitor: ClientSession) -> None:
    for reference in ("ENG-9", "OPS-1", "none"):
        async with visitor.get(f"/linear/issue/{reference}") as reply:
            assert reply.status == 404
