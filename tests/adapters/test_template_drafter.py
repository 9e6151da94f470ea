"""The template's words: what it makes of facts, and what it leaves to people."""

import json
from datetime import timedelta
from typing import Any

import pytest

from incident_response.adapters.template_drafter import LINES, TemplateDrafter
from incident_response.domain.draft_text import CustomerText, unfit_for_customers
from incident_response.domain.known_names import KnownNames
from incident_response.domain.redaction import Brief, Material, Task, redact


async def written(task: Task, *material: tuple[str, str], **facts: str) -> str:
    given = {name.replace("_", " "): value for name, value in facts.items()}
    pieces = tuple(Material(label=label, text=text) for label, text in material)
    brief = redact(Brief(task=task, facts=given, material=pieces), known=KnownNames())
    return (await TemplateDrafter().write(brief, within=timedelta(0))).text


async def sections(**facts: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await written(Task.POSTMORTEM, **facts))
    return found


@pytest.mark.parametrize("status", ["investigating", "identified", "monitoring", "resolved"])
@pytest.mark.parametrize("affected", ["", "Checkout", "Checkout, Payments"])
async def test_every_message_to_customers_is_fit_for_them(status: str, affected: str) -> None:
    text = await written(
        Task.STATUS_MESSAGE, page_status=status, affected=affected, began="2026-11-21 12:05 UTC"
    )
    message = CustomerText.model_validate_json(text)
    trusted = (affected, "2026-11-21 12:05 UTC")
    assert unfit_for_customers(message, known=KnownNames(), trusted=trusted) == ""
    assert (affected or "service") in message.body


async def test_a_title_on_the_page_is_kept() -> None:
    text = await written(
        Task.STATUS_MESSAGE, page_status="resolved", title_on_the_page="As before"
    )
    assert json.loads(text)["title"] == "As before"


async def test_an_update_says_where_it_stands_and_leaves_the_next_step_open() -> None:
    lines = "\n".join(f"12:{n:02} something" for n in range(LINES + 3))
    text = await written(
        Task.ROOM_UPDATE,
        ("what happened", lines),
        severity="P1 (High)",
        state="mitigated",
        minutes_so_far="12",
        impacts="customers",
        status_page="identified",
        since="12:00 UTC",
    )
    first, *told, last = text.splitlines()
    assert first == "P1, mitigated for 12 min, impact: customers, status page: identified."
    assert (len(told), told[0], last) == (LINES + 1, "Since 12:00 UTC:", "Next: ")
    assert "12:10" in told[-1]
    assert "nothing new was recorded" in await written(Task.ROOM_UPDATE)


async def test_a_postmortem_tells_what_is_known_and_names_what_is_not() -> None:
    found = await sections(
        severity="P1 (High)",
        began="2026-11-21 12:05 UTC",
        minutes_until_noticed="7",
        minutes_until_resolved="40",
        seconds_until_the_room_stood="9",
        updates_in_the_room="2",
        messages_to_customers="1",
        impacts="revenue",
    )
    assert "It was resolved 40 minutes after it was noticed." in found["summary"]
    assert found["impact"].startswith("Raised during the incident: revenue. To be filled in")
    assert found["went_well"] == [
        "The room stood 9 seconds after the alert.",
        "The room was told where things stood twice.",
        "Customers were told once.",
    ]
    assert [item["type"] for item in found["action_items"]] == [
        "prevention",
        "detection",
        "documentation",
    ]


async def test_what_was_not_measured_is_not_praised() -> None:
    found = await sections(updates_in_the_room="0", messages_to_customers="0")
    assert found["went_well"] == []
    assert [item["type"] for item in found["action_items"]] == ["prevention", "documentation"]


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        ("We rolled back at 12:20, error rate is recovering", "yes"),
        ("Identified: the pool is exhausted since the deploy", "yes"),
        ("Is the rollback deployed on all of the pods yet?", "no"),
        ("thanks, looks fixed", "no"),
        ("lunch is at noon today in the big room", "no"),
    ],
)
async def test_an_update_is_a_statement_about_how_it_stands(message: str, verdict: str) -> None:
    assert await written(Task.CLASSIFY, ("message", message)) == verdict


async def test_a_summary_for_who_comes_late_holds_the_alert_and_the_newest() -> None:
    text = await written(
        Task.CATCHUP, ("alert", "Payments fail"), ("chat", "one\ntwo"), state="open"
    )
    assert text.splitlines() == ["Payments fail", "open for 0 min.", "• one", "• two"]
