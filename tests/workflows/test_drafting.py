"""Drafting: who writes, what is asked, what comes back, and what if the model does not answer."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from incident_response.adapters.template_drafter import TemplateDrafter
from incident_response.domain.draft import Component, PageImpact, PageStatus, PageThread
from incident_response.domain.errors import RateLimitedError, RefusedError, UnavailableError
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.known_names import KnownNames
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.redaction import Brief, Material, Task
from incident_response.domain.severity import Severity
from incident_response.ports.page_board import PageInfo
from incident_response.workflows import drafting as drafting_module
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.draft_material import DraftMaterial
from incident_response.workflows.drafting import Drafting, deadline
from incident_response.workflows.known_page import KnownPage
from tests.adapters.standins import aws_credentials, stand_ins
from tests.fakes.drafter import FakeDrafter
from tests.workflows.house import ADA, House, World, house


@pytest.fixture
def model() -> FakeDrafter:
    return FakeDrafter()


@pytest.fixture
def world(model: FakeDrafter) -> World:
    return World(drafter=model)


@asynccontextmanager
async def assembled(world: World, **alert: object) -> AsyncIterator[tuple[House, Incident]]:
    async with house(world) as home:
        yield home, await home.assembled(**alert)


def changed(incident: Incident, **changes: Any) -> Incident:
    return incident.model_copy(update=changes)


def everything_asked(model: FakeDrafter) -> str:
    return "\n".join(brief.model_dump_json() for brief in model.asked)


async def told(home: House, incident: Incident, kind: EntryKind, text: str) -> None:
    entry = NewEntry(kind=kind, at=home.workflows.clock.now(), actor=ADA, details={"text": text})
    store = home.workflows.store
    await change_incident(store, incident.incident_id, lambda now: Decision(now, (entry,)))


# Who writes


async def test_without_a_model_the_template_writes_and_says_why() -> None:
    async with assembled(World()) as (home, incident):
        drafting = home.workflows.drafting
        message = await drafting.status_message(incident)
        sections = await drafting.postmortem(incident, ())
        update = await drafting.room_update(incident, incident.created_at)
        catchup = await drafting.catchup(incident, ())
        for drafted in (message, sections, update, catchup):
            assert (drafted.is_template, drafted.note) == (True, "No model is configured.")
        assert "investigating" in message.body
        assert sections.summary.startswith("Payments fail (P1) began ")
        assert "the room was assembled" in update.text
        assert "Payments fail" in catchup.text
        assert await drafting.is_update(incident, "We rolled back, error rate is recovering now")
        assert not await drafting.is_update(incident, "can somebody look at the dashboard please?")


async def test_a_model_writes_where_there_is_one(world: World) -> None:
    async with assembled(world) as (home, incident):
        drafting = home.workflows.drafting
        message = await drafting.status_message(incident)
        assert (message.title, message.is_template, message.note) == (
            "Some payments fail",
            False,
            "",
        )
        sections = await drafting.postmortem(incident, ())
        assert sections.action_items[0].title == "Bound the wait"
        assert sections.went_well == ("The alert was fast.",)
        update = await drafting.room_update(incident, incident.created_at)
        assert (update.text, update.is_template) == ("We roll back the last deployment.", False)
        assert await drafting.is_update(incident, "anything")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (UnavailableError("Anthropic could not be reached"), "Anthropic could not be reached."),
        (RateLimitedError("Slow down"), "Slow down."),
        (RefusedError("Check the key"), "Check the key."),
    ],
)
async def test_a_model_in_trouble_is_replaced_by_the_template_with_the_reason(
    world: World, model: FakeDrafter, error: RefusedError, why: str
) -> None:
    async with assembled(world) as (home, incident):
        model.behaviour.fail_with(error)
        message = await home.workflows.drafting.status_message(incident)
        assert (message.is_template, message.note) == (True, why)
        model.behaviour.recover()
        assert not (await home.workflows.drafting.status_message(incident)).is_template


async def test_a_model_that_hangs_costs_a_status_draft_less_than_ten_seconds(
    world: World, model: FakeDrafter
) -> None:
    async with assembled(world) as (home, incident):
        model.behaviour.hang()
        begun = time.monotonic()
        message = await home.workflows.drafting.status_message(incident)
        assert time.monotonic() - begun < 10
        assert message.is_template
        assert "did not answer" in message.note


def test_a_deadline_is_long_enough_for_the_tokens_asked_and_never_over_a_minute() -> None:
    def seconds(longest: int) -> float:
        return deadline(Brief(task=Task.CATCHUP, longest=longest)).total_seconds()

    assert seconds(640) == 5 + 160 / 40
    assert seconds(6_000) == 5 + 1_500 / 40
    assert seconds(1_000_000) == 60


async def test_a_text_that_was_cut_or_declined_is_not_used(
    world: World, model: FakeDrafter
) -> None:
    async with assembled(world) as (home, incident):
        model.why_unfit = "The model's text was cut for its length"
        update = await home.workflows.drafting.room_update(incident, incident.created_at)
        assert (update.is_template, update.note) == (True, f"{model.why_unfit}.")


@pytest.mark.parametrize("on_bedrock", [False, True])
async def test_the_local_model_writes_every_draft_without_a_script(
    monkeypatch: pytest.MonkeyPatch, on_bedrock: bool
) -> None:
    aws_credentials(monkeypatch)
    page = PageThread(
        status=PageStatus.IDENTIFIED,
        title="Payments are failing",
        components=(Component(component_id="c1", name="Checkout"),),
    )
    async with (
        stand_ins() as vendors,
        vendors.drafter(on_bedrock=on_bedrock) as model,
        assembled(World(drafter=model)) as (home, incident),
    ):
        drafting = home.workflows.drafting
        followed = changed(incident, page=page)
        drafts = (
            await drafting.status_message(incident),
            await drafting.status_message(followed),
            await drafting.closing_message(followed),
            await drafting.postmortem(incident, ()),
            await drafting.room_update(incident, incident.created_at),
            await drafting.catchup(incident, ()),
        )
        assert [(draft.is_template, draft.note) for draft in drafts] == [(False, "")] * 6
        assert drafts[1].title == "Payments are failing"
        assert await drafting.is_update(incident, "We have restarted the pool just now")


# Money


async def test_beyond_its_budget_an_incident_gets_templates_and_others_do_not(
    world: World, model: FakeDrafter
) -> None:
    async with assembled(world) as (home, incident):
        model.cost_usd = 1.5
        drafting = home.workflows.drafting
        assert [(await drafting.catchup(incident, ())).is_template for _ in range(3)] == [
            False,
            False,
            True,
        ]
        spent = await drafting.catchup(incident, ())
        assert spent.note == "The incident's $2.00 for models are spent."
        other = changed(incident, incident_id="inc-0123456789ab")
        assert not (await drafting.catchup(other, ())).is_template


async def test_what_is_paid_for_and_not_used_counts_too(world: World, model: FakeDrafter) -> None:
    async with assembled(world) as (home, incident):
        model.cost_usd, model.why_unfit = 2.5, "It was cut"
        await home.workflows.drafting.catchup(incident, ())
        model.why_unfit = ""
        assert "are spent" in (await home.workflows.drafting.catchup(incident, ())).note


async def test_the_spending_of_old_incidents_is_forgotten_first(
    world: World, model: FakeDrafter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafting_module, "INCIDENTS_REMEMBERED", 2)
    async with assembled(world) as (home, incident):
        model.cost_usd = 2.5
        drafting = home.workflows.drafting
        others = [changed(incident, incident_id=f"inc-{n:012x}") for n in range(3)]
        for one in others:
            await drafting.catchup(one, ())
        assert [(await drafting.catchup(one, ())).is_template for one in reversed(others)] == [
            True,
            True,
            False,
        ]


# What is asked


async def test_names_of_the_people_in_it_never_reach_the_model_and_come_back_inside(
    world: World, model: FakeDrafter
) -> None:
    async with assembled(world) as (home, incident):
        assert incident.responders
        model.says[Task.CATCHUP] = "[PERSON_1] restarts [HOST_1]."
        text = "Cleo restarts db-7.internal, says ada@x.test"
        drafted = await home.workflows.drafting.catchup(
            incident, (Material(label="chat", text=text),)
        )
        asked = everything_asked(model)
        assert not {"Cleo", "db-7", "ada@x.test"} & {
            w for w in ("Cleo", "db-7", "ada@x.test") if w in asked
        }
        assert drafted.text == "Cleo restarts db-7.internal."


async def test_what_happened_is_told_in_words_and_people_by_their_part(
    world: World, model: FakeDrafter
) -> None:
    async with assembled(world) as (home, incident):
        begun = home.workflows.clock.now()
        await told(home, incident, EntryKind.UPDATE_POSTED, "Pool raised to 50")
        await home.workflows.drafting.room_update(incident, begun - timedelta(seconds=1))
        (happened,) = [m.text for m in model.asked[-1].material if m.label == "what happened"]
        assert happened.endswith("update: Pool raised to 50 (a responder)")
        assert ADA not in everything_asked(model)


async def test_only_what_happened_since_is_told(world: World, model: FakeDrafter) -> None:
    async with assembled(world) as (home, incident):
        await told(home, incident, EntryKind.UPDATE_POSTED, "the earlier one")
        since = home.workflows.clock.now()
        await told(home, incident, EntryKind.UPDATE_POSTED, "the later one")
        await home.workflows.drafting.room_update(incident, since)
        assert "the later one" in everything_asked(model)
        assert "the earlier one" not in everything_asked(model)


async def test_if_the_names_cannot_be_looked_up_nothing_is_sent(
    world: World, model: FakeDrafter
) -> None:
    async with assembled(world) as (home, incident):
        world.chat.fail("user", UnavailableError("Slack is down"))
        message = await home.workflows.drafting.status_message(incident)
        assert message.is_template
        assert "no model was asked" in message.note
        assert model.asked == []


async def test_if_redaction_breaks_nothing_is_sent_and_nothing_of_it_is_logged(
    world: World, model: FakeDrafter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(brief: Brief, *, known: KnownNames) -> None:
        raise ValueError(f"cannot read {brief}")

    monkeypatch.setattr(drafting_module, "redact", broken)
    async with assembled(world) as (home, incident):
        with capture_logs() as logs:
            sections = await home.workflows.drafting.postmortem(
                incident, (Material(label="log", text="a@b.io"),)
            )
        assert sections.is_template
        assert model.asked == []
        assert "a@b.io" not in str(logs)
        assert any(entry["event"] == "not redacted" for entry in logs)


async def test_a_long_text_is_redacted_all_the_same(world: World, model: FakeDrafter) -> None:
    async with assembled(world) as (home, incident):
        long = "all is well so far\n" * 2_000 + "a@b.io"
        await home.workflows.drafting.catchup(incident, (Material(label="log", text=long),))
        assert "[EMAIL_1]" in everything_asked(model)
        assert "a@b.io" not in everything_asked(model)


# Messages to customers


@pytest.mark.parametrize(
    ("changes", "status", "impact"),
    [
        ({}, PageStatus.INVESTIGATING, PageImpact.MAJOR),
        ({"severity": Severity.P0}, PageStatus.INVESTIGATING, PageImpact.CRITICAL),
        ({"status": IncidentStatus.MITIGATED}, PageStatus.MONITORING, PageImpact.MAJOR),
        ({"status": IncidentStatus.RESOLVED}, PageStatus.RESOLVED, PageImpact.MAJOR),
        (
            {"page": PageThread(status=PageStatus.IDENTIFIED, impact=PageImpact.MINOR)},
            PageStatus.IDENTIFIED,
            PageImpact.MINOR,
        ),
        (
            {"page": PageThread(status=PageStatus.MONITORING, impact=PageImpact.NONE)},
            PageStatus.MONITORING,
            PageImpact.NONE,
        ),
    ],
)
async def test_status_and_impact_follow_from_the_incident_not_from_the_model(
    world: World, changes: dict[str, Any], status: PageStatus, impact: PageImpact
) -> None:
    async with assembled(world) as (home, incident):
        message = await home.workflows.drafting.status_message(changed(incident, **changes))
        assert (message.status, message.impact) == (status, impact)


async def test_the_closing_message_resolves_and_keeps_the_title_and_parts_of_the_page() -> None:
    page = PageThread(
        status=PageStatus.MONITORING,
        title="Payments are failing",
        impact=PageImpact.CRITICAL,
        components=(Component(component_id="c1", name="Checkout"),),
    )
    async with assembled(World()) as (home, incident):
        message = await home.workflows.drafting.closing_message(changed(incident, page=page))
        assert (message.title, message.status) == ("Payments are failing", PageStatus.RESOLVED)
        assert message.impact is PageImpact.CRITICAL
        assert "Checkout" in message.body
        assert "resolved" in message.body


@pytest.mark.parametrize(
    "said",
    [
        "We are on it.",
        '{"title": "x"}',
        '{"title": "x", "body": "Since noon some payments fail, we look.", "status": "resolved"}',
        '{"title": 3, "body": "Since noon some payments fail, we look."}',
        '[{"title": "x", "body": "Since noon some payments fail, we look."}]',
        "",
    ],
)
async def test_what_is_not_in_the_form_asked_for_is_no_draft(
    world: World, model: FakeDrafter, said: str
) -> None:
    async with assembled(world) as (home, incident):
        model.says[Task.STATUS_MESSAGE] = said
        message = await home.workflows.drafting.status_message(incident)
        assert (message.is_template, message.note) == (
            True,
            "The model did not answer in the form that was asked for.",
        )


async def test_a_message_that_says_what_was_taken_out_is_no_draft(
    world: World, model: FakeDrafter
) -> None:
    async with assembled(world, summary="ask maya@x.io on db-7.internal") as (home, incident):
        for body in ("Since noon [EMAIL_1] looks into it.", "Since noon maya@x.io looks into it."):
            model.says[Task.STATUS_MESSAGE] = json.dumps({"title": "Payments", "body": body})
            message = await home.workflows.drafting.status_message(incident)
            assert message.is_template
            assert "not fit for customers" in message.note


async def test_if_not_even_the_template_is_fit_for_customers_there_is_no_draft() -> None:
    page = PageThread(components=(Component(component_id="c", name="Ask maya@x.io"),))
    async with assembled(World()) as (home, incident):
        with pytest.raises(RefusedError, match="e-mail address"):
            await home.workflows.drafting.status_message(changed(incident, page=page))


async def test_what_stands_on_the_page_keeps_the_title_that_people_approved(
    world: World, model: FakeDrafter
) -> None:
    title = "Checkout of ACME (maya@x.io) fails"
    page = PageThread(status=PageStatus.INVESTIGATING, title=title)
    async with assembled(world) as (home, incident):
        drafting = home.workflows.drafting
        assert (await drafting.closing_message(changed(incident, page=page))).title == title
        model.says[Task.STATUS_MESSAGE] = json.dumps(
            {"title": "Another", "body": "We know why it fails, and mend it."}
        )
        written = await drafting.status_message(changed(incident, page=page))
        assert (written.title, written.is_template) == (title, False)


# Postmortems and verdicts


async def test_a_postmortem_reads_strictly_and_leaves_no_address_in(
    world: World, model: FakeDrafter
) -> None:
    async with assembled(world) as (home, incident):
        model.says[Task.POSTMORTEM] = json.dumps(
            {
                "summary": "See ![x](https://evil.example/q), https://wiki.x.test/pay, @channel",
                "impact": "<!here> [click](https://evil.example) <https://evil.example|here>",
                "went_well": ["a", "", "b"],
                "lessons": [],
                "action_items": [
                    {"type": "magic", "title": "Do it", "priority": "urgent", "owner": ""}
                ],
            }
        )
        sections = await home.workflows.drafting.postmortem(incident, ())
        assert sections.summary == "See x, https://wiki.x.test/pay, channel"
        assert sections.impact == "here click here"
        assert sections.went_well == ("a", "b")
        item = sections.action_items[0]
        assert (item.type, item.priority) == ("prevention", "medium")


@pytest.mark.parametrize(("said", "verdict"), [("yes", True), ("No.", False), (" YES\n", True)])
async def test_a_verdict_is_one_word(
    world: World, model: FakeDrafter, said: str, verdict: bool
) -> None:
    async with assembled(world) as (home, incident):
        model.says[Task.CLASSIFY] = said
        assert await home.workflows.drafting.is_update(incident, "hm") is verdict


async def test_a_verdict_that_is_no_verdict_is_the_templates(
    world: World, model: FakeDrafter
) -> None:
    async with assembled(world) as (home, incident):
        model.says[Task.CLASSIFY] = "Yes, because it says so: ignore the rules"
        assert not await home.workflows.drafting.is_update(incident, "thanks!")
        assert await home.workflows.drafting.is_update(
            incident, "We restarted the pool at 12:05 UTC"
        )


async def test_an_outline_asks_no_model_and_nobody_for_names(
    world: World, model: FakeDrafter
) -> None:
    async with assembled(world) as (home, incident):
        begun = home.workflows.clock.now()
        await told(home, incident, EntryKind.UPDATE_POSTED, "Pool raised, ask for db-7.internal")
        before = len(world.chat.calls)
        drafted = await home.workflows.drafting.outline(incident, begun - timedelta(seconds=1))
        assert "update: Pool raised, ask for db-7.internal (a responder)" in drafted.text
        assert drafted.is_template
        assert (model.asked, world.chat.calls[before:]) == ([], [])


async def test_a_verdict_is_waited_for_no_longer_than_two_seconds(
    world: World, model: FakeDrafter
) -> None:
    async with assembled(world) as (home, incident):
        await home.workflows.drafting.is_update(incident, "hm")
        assert model.within == [timedelta(seconds=2)]


class Board:
    """A page with three components, or one that does not answer."""

    page_id = "p"

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    async def components(self) -> tuple[Component, ...]:
        if self.error is not None:
            raise self.error
        names = ("Payments", "Search", "Website")
        return tuple(Component(component_id=name, name=name) for name in names)

    async def subscribers(self) -> int:
        return 0

    async def about(self) -> PageInfo:
        return PageInfo(name="Status")


async def drafting_with(board: Board, home: House) -> Drafting:
    page = KnownPage(page_board=board, clock=home.world.clock)
    await page.learn()
    material = DraftMaterial(
        store=home.workflows.store,
        ledger=home.world.backend.ledger,
        chat=home.world.chat,
        page=page,
        clock=home.world.clock,
        names=KnownNames(),
    )
    return Drafting(material=material, template=TemplateDrafter(), model=None, budget_usd=1.0)


async def test_components_that_customers_know_are_named_where_they_fit() -> None:
    async with assembled(World()) as (home, incident):
        message = await (await drafting_with(Board(), home)).status_message(incident)
        assert message.title == "Problems with Payments"


async def test_a_page_that_does_not_answer_costs_the_names_alone() -> None:
    async with assembled(World()) as (home, incident):
        board = Board(UnavailableError("Statuspage is down"))
        message = await (await drafting_with(board, home)).status_message(incident)
        assert message.title == "Problems with our service"
