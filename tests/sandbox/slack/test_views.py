from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.slack.refusing import refusal, whole_refusal
from tests.sandbox.slack.stand import ADA, BEN, Stand


def modal(**more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": [], **more}


async def test_a_trigger_opens_one_view_within_three_seconds(
    stand: Stand, client: AsyncWebClient
) -> None:
    trigger = stand.slack.triggers.issue(ADA)
    stand.clock.time += 2.9
    await client.views_open(trigger_id=trigger, view=modal())
    again = client.views_open(trigger_id=trigger, view=modal())
    assert await refusal(again) == "exchanged_trigger_id"
    late = stand.slack.triggers.issue(ADA)
    stand.clock.time += 3.1
    assert await refusal(client.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"
    made_up = client.views_open(trigger_id="1.2.abc", view=modal())
    assert await refusal(made_up) == "invalid_trigger_id"


async def test_a_refused_view_does_not_cost_the_trigger(
    stand: Stand, client: AsyncWebClient
) -> None:
    trigger = stand.slack.triggers.issue(ADA)
    bad = modal(title={"type": "plain_text", "text": "x" * 25})
    answer = await whole_refusal(client.views_open(trigger_id=trigger, view=bad))
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    ]
    await client.views_open(trigger_id=trigger, view=modal())


@pytest.mark.parametrize(
    ("view", "complaint"),
    [
        (modal(private_metadata="x" * 3001), "less than 3001 characters"),
        (modal(blocks=[{"type": "divider"}] * 101), "no more than 100 items"),
        (modal(colour="red"), "invalid additional property: colour"),
        ({"type": "home", "blocks": []}, "must be a modal view"),
        ("not json", "must be an object"),
        (
            modal(
                blocks=[
                    {
                        "type": "input",
                        "label": {"type": "plain_text", "text": "L"},
                        "element": {"type": "plain_text_input"},
                    }
                ]
            ),
            "missing required field: submit",
        ),
    ],
)
async def test_a_malformed_modal_is_told_why(
    stand: Stand, client: AsyncWebClient, view: Any, complaint: str
) -> None:
    call = client.views_open(trigger_id=stand.slack.triggers.issue(ADA), view=view)
    answer = await whole_refusal(call)
    assert complaint in answer["response_metadata"]["messages"][0]


async def test_a_view_past_250_kilobytes_is_too_large(
    stand: Stand, client: AsyncWebClient
) -> None:
    text = {"type": "mrkdwn", "text": "x" * 3000}
    view = modal(blocks=[{"type": "section", "text": text}] * 90)
    call = client.views_open(trigger_id=stand.slack.triggers.issue(ADA), view=view)
    assert await refusal(call) == "view_too_large"


async def test_an_update_with_an_old_hash_conflicts(stand: Stand, client: AsyncWebClient) -> None:
    opened = await client.views_open(trigger_id=stand.slack.triggers.issue(ADA), view=modal())
    view, first = opened["view"]["id"], opened["view"]["hash"]
    await client.views_update(view_id=view, hash=first, view=modal(callback_id="two"))
    stale = client.views_update(view_id=view, hash=first, view=modal())
    assert await refusal(stale) == "hash_conflict"
    assert stand.workspace.views.get(view).callback_id == "two"
    lost = client.views_update(view_id="V00NONE", view=modal())
    assert await refusal(lost) == "not_found"


async def test_views_are_found_by_external_id_which_is_unique(
    stand: Stand, client: AsyncWebClient
) -> None:
    named = modal(external_id="declare-1")
    issue = stand.slack.triggers.issue
    await client.views_open(trigger_id=issue(ADA), view=named)
    await client.views_update(external_id="declare-1", view=modal(callback_id="found"))
    await client.views_open(trigger_id=issue(ADA), view=named)
    double = client.views_open(trigger_id=issue(BEN), view=named)
    assert await refusal(double) == "duplicate_external_id"


async def test_a_stack_is_three_views_high(stand: Stand, client: AsyncWebClient) -> None:
    issue = stand.slack.triggers.issue
    alone = client.views_push(trigger_id=issue(ADA), view=modal())
    assert await refusal(alone) == "not_found"
    root = (await client.views_open(trigger_id=issue(ADA), view=modal()))["view"]["id"]
    for _ in range(2):
        pushed = await client.views_push(trigger_id=issue(ADA), view=modal())
    assert pushed["view"]["root_view_id"] == root
    high = client.views_push(trigger_id=issue(ADA), view=modal())
    assert await refusal(high) == "push_limit_reached"
    assert stand.workspace.views.stack(ADA)[0].id == root


async def test_a_home_is_each_persons_own(stand: Stand, client: AsyncWebClient) -> None:
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    first = await client.views_publish(user_id=ADA, view=home)
    second = await client.views_publish(user_id=ADA, view=home, hash=first["view"]["hash"])
    assert second["view"]["id"] == first["view"]["id"]
    assert stand.slack.people.home_for(BEN) is None
    wrong = client.views_publish(user_id=ADA, view=modal())
    assert await refusal(wrong) == "invalid_arguments"
