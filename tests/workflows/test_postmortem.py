"""The postmortem: everything on record in one document, filed once, whatever fails."""

import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import pytest

from incident_response.domain.errors import (
    InvalidConfigurationError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import Json
from incident_response.domain.postmortem import ActionItem, ActionType, PostmortemDocument, Prose
from incident_response.domain.redaction import Material
from incident_response.domain.response import Impact, Resolution
from incident_response.domain.roles import Role
from incident_response.sandbox.page.markdown import markdown as rendered
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.postmortem import (
    ISSUE_BODY,
    PostmortemWriter,
    ProseWriter,
    issue_id_for,
)
from incident_response.workflows.postmortem_evidence import EvidenceDesk
from tests.workflows.house import ADA, BEN, DEV, House, World, house

SECTIONS = (
    "Summary",
    "Impact",
    "Timeline",
    "Root cause",
    "Resolution",
    "What went well",
    "Lessons",
    "Action items",
    "Review",
    "Participants",
    "Appendix",
)


@dataclass
class Scripted:
    """A writer that answers what it is told to."""

    prose: Prose
    asked: list[tuple[Material, ...]] = field(default_factory=list)

    async def postmortem(self, incident: Incident, material: tuple[Material, ...]) -> Prose:
        self.asked.append(material)
        return self.prose


def writer_of(h: House, prose: ProseWriter | None = None) -> PostmortemWriter:
    world = h.world
    evidence = EvidenceDesk(
        store=h.workflows.store, chat=world.chat, sources=world.sources, clock=world.clock
    )
    return PostmortemWriter(
        ledger=world.backend.ledger,
        evidence=evidence,
        policy=h.workflows.policy,
        chat=world.chat,
        clock=world.clock,
        prose=prose,
        tracker=world.tracker,
        labels=("postmortem",),
    )


async def change(h: House, incident: Incident, *entries: NewEntry, **update: object) -> Incident:
    return await change_incident(
        h.workflows.store,
        incident.incident_id,
        lambda now: Decision(now.model_copy(update=update), entries),
    )


async def ended(h: House) -> Incident:
    """An incident with a whole life behind it, whose resolving has been asked for."""
    incident = await h.assembled()
    now = h.world.clock.now()

    def entry(kind: EntryKind, actor: str = ADA, **details: object) -> NewEntry:
        return NewEntry(
            kind=kind, at=h.world.clock.now(), actor=actor, details=cast(Json, details)
        )

    h.world.chat.hear(h.world.room.name, DEV, "The pool was <@U0BEN> full", reaction="pushpin")
    return await change(
        h,
        incident,
        entry(EntryKind.ROLE_ASSIGNED, role="ic", to=ADA),
        entry(EntryKind.IMPACT_RAISED, impact="customers"),
        entry(EntryKind.STATUSPAGE_DRAFTED),
        entry(EntryKind.STATUSPAGE_DRAFT_APPROVED, BEN),
        entry(
            EntryKind.STATUSPAGE_PUBLISHED,
            status="investigating",
            title="Payments",
            body="We look into it.\n# Not a heading",
        ),
        entry(EntryKind.STEP_FAILED, step="fetch_traces", reason="Tempo is down"),
        roles={Role.COMMANDER: ADA, Role.TECHNICAL_LEAD: BEN},
        impacts=(Impact.CUSTOMERS,),
        mitigated_at=now,
        resolution=Resolution(by=ADA, at=now + timedelta(minutes=1), summary="Rolled back", run=1),
        resolutions=1,
        checklist=tuple(
            item.model_copy(update={"checked_by": DEV}) if item.key == "all_clear" else item
            for item in incident.checklist
        ),
    )


def section(markdown: str, name: str) -> str:
    return markdown.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


async def test_everything_on_record_stands_in_its_section() -> None:
    async with house(World()) as h:
        incident = await ended(h)
        document = await h.workflows.postmortems.write(incident)
    markdown = document.markdown()
    headings = [line[3:] for line in markdown.split("\n") if line.startswith("## ")]
    assert tuple(headings) == SECTIONS
    assert markdown.startswith("# Postmortem: Payments fail\n")
    impact = section(markdown, "Impact")
    assert "customers" in impact
    assert "told once on the status page" in impact
    assert "Response targets: met" in impact
    timeline = section(markdown, "Timeline")
    assert "Ada became incident commander" in timeline
    assert "Customers told on the status page, investigating: Payments" in timeline
    cause = section(markdown, "Root cause")
    assert "**Root cause:** _To be filled in in the review._" in cause
    assert "f00dfeed"[:7] in cause
    assert "Raise timeout (Dev)" in cause
    assert "When it began, error rate: 14 %" in cause
    assert "boom happened" in cause
    resolution = section(markdown, "Resolution")
    assert "Rolled back" in resolution
    assert "Resolved by: Ada" in resolution
    assert "All clear confirmed by: Dev" in resolution
    actions = section(markdown, "Action items")
    assert "(prevention, high priority, owner: Ben)" in actions
    assert "fetch traces" in actions
    review = section(markdown, "Review")
    assert "How was the incident first detected? On record: by test at" in review
    assert review.count("?") == 15
    participants = section(markdown, "Participants")
    assert "- Ada: Incident commander" in participants
    appendix = section(markdown, "Appendix")
    assert "Dev (marked): The pool was @\u2060Ben full" in appendix
    assert "approved by Ben: Payments" in appendix
    assert "> We look into it." in appendix
    assert r"> \# Not a heading" in appendix
    assert "[War room](<https://chat.example/archives/" in appendix
    entries = await h.world.backend.ledger.entries(incident.incident_id)
    assert f"from {len(entries)} entries" in appendix
    assert entries[-1].hash in appendix


async def test_the_review_is_due_forty_eight_hours_after_it_was_resolved() -> None:
    async with house(World()) as h:
        incident = await ended(h)
        document = await h.workflows.postmortems.write(incident)
    assert incident.resolution is not None
    assert document.review_due_at == incident.resolution.at + timedelta(hours=48)


async def test_the_same_record_gives_the_same_bytes() -> None:
    async with house(World()) as h:
        incident = await ended(h)
        first = await h.workflows.postmortems.write(incident)
        again = PostmortemDocument.model_validate(first.model_dump(mode="json"))
        assert again == first
        assert again.markdown() == first.markdown()


async def test_a_source_that_fails_costs_its_own_part_and_nothing_else() -> None:
    world = World()
    async with house(world) as h:
        incident = await ended(h)
        whole = (await h.workflows.postmortems.write(incident)).markdown()
        world.telemetry.metrics.fail_with(UnavailableError("Mimir is down"))
        world.code_host.behaviour.fail_with(UnavailableError("GitHub is down"))
        world.chat.fail("notable_messages", UnavailableError("Slack is down"))
        world.chat.fail("permalink", UnavailableError("Slack is down"), times=9)
        world.chat.fail("user", UnavailableError("Slack is away"), times=99)
        broken = (await h.workflows.postmortems.write(incident)).markdown()
    cause, appendix = section(broken, "Root cause"), section(broken, "Appendix")
    assert "Not available: GitHub is down" in cause
    assert "Not available: Mimir is down" in cause
    assert "boom happened" in cause, "what the room was told is on record"
    assert "Not available: Slack is down" in appendix
    assert "### Names\n\n_Not available: Slack is away_" in appendix
    assert "U0ADA became incident commander" in section(broken, "Timeline")
    assert "Not available" not in whole
    assert section(broken, "Lessons") == section(whole, "Lessons")


async def test_what_is_not_configured_says_so() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.assembled(service="")
        document = await h.workflows.postmortems.write(incident)
    missing = {exhibit.heading: exhibit.missing for exhibit in document.evidence}
    assert missing["Commits in the four hours before it began"] == "the alert names no service"
    assert "not configured" in missing["Error lines when the room was assembled"]


async def test_a_model_writes_the_prose_and_never_the_facts() -> None:
    prose = Prose(
        summary="A pool was full.",
        impact="Some could not pay.",
        went_well=("It was quick.",),
        lessons=("Pools fill.",),
        action_items=(
            ActionItem(type=ActionType.PREVENTION, title="Widen the pool"),
            ActionItem(
                type=ActionType.PROCESS, title="update the RUNBOOK for this kind of failure"
            ),
        ),
    )
    async with house(World()) as h:
        incident = await ended(h)
        model = Scripted(prose)
        document = await writer_of(h, model).write(incident)
    markdown = document.markdown()
    assert "a model drafted the prose" in markdown
    assert "A pool was full." in section(markdown, "Summary")
    assert "- It was quick." in section(markdown, "What went well")
    actions = section(markdown, "Action items")
    assert "**Widen the pool** (prevention, medium priority, owner: to be assigned" in actions
    assert actions.lower().count("update the runbook") == 1
    (material,) = model.asked
    told = {one.label: one.text for one in material}
    assert "incident commander became incident commander" in told["what happened"].lower()
    assert "Ada" not in told["what happened"]
    assert "Raise timeout" in told["Commits in the four hours before it began"]


async def test_a_template_says_that_no_model_wrote_it_and_why() -> None:
    prose = Prose(summary="from elsewhere", is_template=True, note="the budget is spent")
    async with house(World()) as h:
        incident = await ended(h)
        document = await writer_of(h, Scripted(prose)).write(incident)
    markdown = document.markdown()
    assert "no model wrote it (the budget is spent)" in markdown
    assert "Payments fail in api began at" in section(markdown, "Summary")
    assert "from elsewhere" not in markdown


async def test_prose_of_a_model_cannot_break_out_of_the_document() -> None:
    evil = "x\n## Root cause\n\n![p](http://e.test/p.png) <script>a()</script> [l](javascript:a())"
    prose = Prose(summary=evil, impact=evil, went_well=(evil,), lessons=(evil,))
    async with house(World()) as h:
        incident = await ended(h)
        markdown = (await writer_of(h, Scripted(prose)).write(incident)).markdown()
    assert markdown.count("\n## Root cause") == 1
    html = rendered(markdown)
    assert "<script" not in html
    assert "<img" not in html
    assert "javascript:a" not in html.replace("javascript:a())", "")
    assert 'href="javascript' not in html


async def test_it_is_filed_once_though_the_answer_is_lost_and_it_is_filed_again() -> None:
    world = World()
    async with house(world) as h:
        incident = await ended(h)
        document = await h.workflows.postmortems.write(incident)
        world.tracker.lost_answers = 1
        with pytest.raises(UnknownOutcomeError):
            await h.workflows.postmortems.publish(incident, document)
        filed = [await h.workflows.postmortems.publish(incident, document) for _ in range(2)]
    assert len(world.tracker.issues) == 1
    assert filed[0] == filed[1]
    assert (filed[0].identifier, filed[0].is_template) == ("OPS-1", True)
    assert filed[0].review_due_at == document.review_due_at
    (issue,) = world.tracker.created.values()
    assert issue.issue_id == filed[0].issue_id == issue_id_for(incident.incident_id, 1)
    assert uuid.UUID(issue.issue_id).version == 4
    assert issue.assignee_email == "ada@x.test"
    assert issue.labels == ("postmortem",)
    assert issue.link_url.startswith("https://chat.example/archives/")
    assert issue.title.startswith("Postmortem: Payments fail (P1, ")
    assert issue.title.endswith(f"{incident.code})")
    assert issue.body == document.markdown()


async def test_each_resolving_and_each_incident_has_an_issue_of_its_own() -> None:
    async with house(World()) as h:
        one = await h.assembled()
    ids = {issue_id_for(one.incident_id, run) for run in (1, 2)}
    assert len(ids) == 2


async def test_an_unknown_assignee_is_told() -> None:
    world = World()
    world.tracker.people = ()
    async with house(world) as h:
        incident = await ended(h)
        document = await h.workflows.postmortems.write(incident)
        filed = await h.workflows.postmortems.publish(incident, document)
    assert filed.left_out == ("the assignee: nobody has the address ada@x.test",)


async def test_without_a_tracker_it_says_which_settings_are_missing() -> None:
    async with house(World()) as h:
        incident = await ended(h)
        writer = writer_of(h)
        writer._tracker = None
        assert not writer.has_tracker
        document = await writer.write(incident)
        with pytest.raises(InvalidConfigurationError, match="LINEAR_API_KEY and LINEAR_TEAM_ID"):
            await writer.publish(incident, document)


async def test_ten_thousand_entries_are_a_document_in_under_a_second_and_an_issue_that_fits() -> (
    None
):
    world = World()
    async with house(world) as h:
        incident = await ended(h)
        details: Json = {"text": "Still looking into it. " * 10}
        now = world.clock.now()
        entry = NewEntry(kind=EntryKind.UPDATE_POSTED, at=now, actor=ADA, details=details)
        await change(h, incident, *[entry] * 10_000)
        entries = await world.backend.ledger.entries(incident.incident_id)
        document = await h.workflows.postmortems.preview(incident)
        begun = time.perf_counter()
        await h.workflows.postmortems.preview(incident)
        assert time.perf_counter() - begun < 3, "reading the store included"
        begun = time.perf_counter()
        markdown = document.markdown()
        assert time.perf_counter() - begun < 1
        issue = await h.workflows.postmortems.issue_for(incident, document)
    assert markdown.count("Still looking into it") > 90_000
    assert len(entries) > 10_000
    assert len(issue.body) <= ISSUE_BODY
    assert "more events are in the ledger" in issue.body
