"""Timeline, catch-up and postmortem as people use them: typed, clicked, filled in."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ledger import EntryKind, LedgerEntry, NewEntry
from incident_response.domain.model import Json, UserId
from incident_response.domain.people import ChatUser
from incident_response.domain.redaction import Material
from incident_response.domain.response import Postmortem
from incident_response.ports.inbox import EnvelopeKind, Prepared
from incident_response.routing.reception import Reception
from incident_response.workflows.catch_up import CatchUpDesk
from incident_response.workflows.change_incident import Decision, change_incident
from tests.routing.front import Front, open_front
from tests.workflows.house import ADA, BEN, CLEO, DEV, House, World, house


async def entries_of(front: Front, kind: EntryKind) -> list[LedgerEntry]:
    ledger = front.house.world.backend.ledger
    return [e for e in await ledger.entries(front.incident.incident_id) if e.kind is kind]


async def submit(front: Front, view: Json, *, by: UserId = ADA) -> Prepared:
    """Send a form; what its check says, and what became of it if that is nothing."""
    payload: Json = {"user": {"id": by}, "view": view, "type": "view_submission"}
    envelope = front.envelope(EnvelopeKind.VIEW, payload)
    prepared = await front.reception.prepare(envelope)
    if prepared.keep:
        await front.reception.handle(envelope)
    return prepared


def filled(view: Json, **values: Json) -> Json:
    state: Json = {name: {name: value} for name, value in values.items()}
    return {**view, "state": {"values": state}}


def newest_view(front: Front) -> Json:
    return list(front.house.world.chat.views.values())[-1]


def last_answer(front: Front) -> str:
    return json.dumps(front.house.world.chat.responses[-1][1].blocks)


def button(blocks: str, label: str) -> Json:
    found: list[Json] = []

    def walk(node: object) -> None:
        if isinstance(node, dict):
            text = node.get("text")
            is_it = node.get("type") == "button" and isinstance(text, dict)
            if is_it and text is not None and text.get("text") == label:
                found.append(node)
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(json.loads(blocks))
    assert found, label
    return found[0]


async def test_the_timeline_is_told_to_the_asker_alone_and_names_events_by_number() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        told = await front.type("timeline")
        shown = last_answer(front)
    assert "Timeline of Payments fail" in told
    assert '"#1"' in shown
    assert "War room assembled" in shown
    assert '"user_id": "U0ADA"' in shown


@pytest.mark.parametrize(
    ("typed", "text", "minutes"),
    [
        ("timeline add 10m ago we <@U0BEN|ben> failed over", "we @ben failed over", 10),
        ("events add -1h the disk was full", "the disk was full", 60),
        ("timeline ADD it came back", "it came back", 0),
    ],
)
async def test_an_event_is_added_where_it_happened(typed: str, text: str, minutes: int) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        told = await front.type(typed, by=BEN)
        (entry,) = await entries_of(front, EntryKind.TIMELINE_ADDED)
        rows = await h.workflows.timeline.rows(front.incident.incident_id)
        now = h.world.clock.now()
    assert "In the timeline at" in told
    assert "(UTC)" in told
    assert entry.details["text"] == text
    assert entry.actor == BEN
    (row,) = [row for row in rows if row.seq == entry.seq]
    assert abs(now - timedelta(minutes=minutes) - row.at) < timedelta(seconds=30)


async def test_a_typed_time_counts_in_the_persons_own_zone_and_the_answer_says_so() -> None:
    world = World()
    world.chat.add_user(ChatUser(user_id=ADA, name="Ada", email="ada@x.test", tz="Asia/Tokyo"))
    async with house(world) as h:
        front = await open_front(h)
        told = await front.type("timeline add yesterday 12:00 lunch")
        (entry,) = await entries_of(front, EntryKind.TIMELINE_ADDED)
    assert "12:00 (Asia/Tokyo)" in told
    assert str(entry.details["at"]).endswith("T03:00:00+00:00")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("timeline add 25:99 boom", "no time of day"),
        ("timeline add 10m ago", "it says when, and not what"),
        ("timeline add 2199-01-01 10:00 boom", "has not come yet"),
        ("timeline move boom", "number of an event and a time"),
        ("timeline move 1 soon", "no time I understand"),
        ("timeline move 999 10m ago", "no event 999"),
        ("timeline erase", "neither add, move nor a page"),
    ],
)
async def test_what_cannot_be_read_says_what_to_type_and_writes_nothing(
    typed: str, why: str
) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        told = await front.type(typed)
        written = await entries_of(front, EntryKind.TIMELINE_ADDED)
        written += await entries_of(front, EntryKind.TIMELINE_MOVED)
    assert why in told
    assert written == []


@pytest.mark.parametrize("typed", ["timeline move 1 30m ago", "timeline move #1 -30m"])
async def test_a_time_is_corrected_by_the_events_number(typed: str) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        told = await front.type(typed)
        rows = await h.workflows.timeline.rows(front.incident.incident_id)
    assert "#1" in told
    assert (rows[0].seq, rows[0].is_moved) == (1, True)


async def test_a_long_timeline_is_turned_page_by_page_in_the_same_place() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        now = h.world.clock.now()
        notes = [
            NewEntry(
                kind=EntryKind.UPDATE_POSTED, at=now, actor=ADA, details={"text": f"note {n}."}
            )
            for n in range(30)
        ]
        await change_incident(
            h.workflows.store, front.incident.incident_id, lambda i: Decision(i, tuple(notes))
        )
        told = await front.type("timeline")
        newest = last_answer(front)
        assert "note 29." in newest
        assert "note 2." not in newest
        earlier = button(newest, "Earlier")
        await front.click({"action_id": earlier["action_id"], "value": earlier["value"]})
        older = last_answer(front)
        assert "note 29." not in older
        later = button(older, "Later")
        await front.click({"action_id": later["action_id"], "value": later["value"]})
        assert last_answer(front) == newest
        first = await front.type("timeline 1")
        assert "Incident opened" in last_answer(front)
    assert "page 3 of 3" in told
    assert "page 1 of 3" in first


async def test_add_event_opens_a_form_that_adds_it() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("timeline")
        add = button(last_answer(front), "Add event")
        for way in ("clicked", "typed"):
            if way == "clicked":
                await front.click({"action_id": add["action_id"], "value": add["value"]})
            else:
                await front.type("timeline add")
            view = newest_view(front)
            wrong = filled(view, text={"value": " "}, time={"value": "25:99"})
            refused = await submit(front, wrong)
            assert refused.answer is not None
            assert set(refused.answer["errors"]) == {"text", "time"}  # type: ignore[arg-type]
            assert (
                await submit(
                    front, filled(view, text={"value": way}, time={"value": "5m ago"}), by=DEV
                )
                == Prepared()
            )
        added = await entries_of(front, EntryKind.TIMELINE_ADDED)
        private = [p for p in h.world.room.posted if p.private_to == DEV]
    assert [(e.details["text"], e.actor) for e in added] == [("clicked", DEV), ("typed", DEV)]
    assert private == [], "who is not in the room is told directly"
    direct = h.world.chat.channels[next(c for c in h.world.chat.channels if c == f"D{DEV}")]
    assert "In the timeline at" in direct.posted[-1].message.text


async def test_correct_a_time_opens_a_form_that_corrects_it() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("timeline")
        move = button(last_answer(front), "Correct a time")
        await front.click({"action_id": move["action_id"], "value": move["value"]})
        view = newest_view(front)
        assert "#1 " in json.dumps(view)
        refused = await submit(front, filled(view, time={"value": "5m ago"}))
        assert refused.answer is not None
        chosen: Json = {"selected_option": {"value": "1"}}
        await submit(front, filled(view, event=chosen, time={"value": "20m ago"}))
        rows = await h.workflows.timeline.rows(front.incident.incident_id)
        private = [p.message.text for p in h.world.room.posted if p.private_to == ADA]
        await front.type("timeline move")
        assert newest_view(front)["callback_id"] == view["callback_id"]
    assert (rows[0].seq, rows[0].is_moved) == (1, True)
    assert "stands at" in private[-1]


class Summing:
    """A writer of summaries."""

    def __init__(self, *, is_template: bool) -> None:
        self.text, self.is_template = "It is all about the <pool>.", is_template
        self.read = ""

    async def catchup(self, incident: Incident, material: tuple[Material, ...]) -> "Summing":
        self.read = "\n".join(one.text for one in material)
        return self


@pytest.mark.parametrize("typed", ["catchup", "summary", "catch-up"])
async def test_who_comes_late_is_told_where_it_stands(typed: str) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        told = await front.type(typed, by=CLEO)
        shown = last_answer(front)
        posted = [p for p in h.world.room.posted if "caught" in p.message.text]
    assert "Payments fail" in told
    assert "nothing on the status page" in shown
    assert "What happened last" in shown
    assert "War room assembled" in shown
    assert "A model wrote" not in shown
    assert posted == []


@pytest.mark.parametrize("is_template", [True, False])
async def test_a_models_summary_is_shown_as_one_and_a_templates_not_at_all(
    is_template: bool,
) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        writer = Summing(is_template=is_template)
        desk = CatchUpDesk(timeline=h.workflows.timeline, writer=writer)
        front = replaced(front, replace(h, workflows=replace(h.workflows, catch_up=desk)))
        await front.type("catchup")
        shown = last_answer(front)
    assert "War room assembled" in writer.read
    assert ("all about the <pool>" in shown) is not is_template
    assert ("A model wrote this paragraph" in shown) is not is_template


def replaced(front: Front, h: House) -> Front:
    """The same desk over other workflows."""
    other = Front(h, front.incident)
    assert isinstance(other.reception, Reception)
    return other


async def test_before_the_end_the_postmortem_is_a_preview_for_the_asker() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        told = await front.type("postmortem")
        shown = last_answer(front)
    assert "Postmortem: Payments fail" in told
    assert "filed when the incident is resolved" in told
    assert "Update the runbook" in shown
    assert front.incident.code in shown
    assert h.world.tracker.issues == {}


async def test_a_filed_postmortem_is_linked_with_its_deadline() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        filed = Postmortem(
            issue_id="1",
            identifier="OPS-12",
            url="https://tracker.x.test/OPS-12",
            review_due_at=h.world.clock.now() - timedelta(minutes=1),
            left_out=("the assignee: nobody",),
        )
        update = {"postmortem": filed, "status": IncidentStatus.RESOLVED}
        await change_incident(
            h.workflows.store,
            front.incident.incident_id,
            lambda now: Decision(now.model_copy(update=update), ()),
        )
        told = await front.type("postmortem")
    assert "<https://tracker.x.test/OPS-12|OPS-12>" in told
    assert "review overdue since" in told
    assert "without the assignee" in told


async def test_elsewhere_it_is_named_by_its_code_and_shown_to_people_of_its_room_only() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        elsewhere = h.world.chat.channel("incidents").channel_id
        code = front.incident.code
        inside = await front.type(f"postmortem {code}", channel=elsewhere)
        outside = await front.type(f"postmortem {code}", channel=elsewhere, by=DEV)
        unnamed = await front.type("postmortem", channel=elsewhere)
        unknown = await front.type("postmortem 000000", channel=elsewhere)
    assert "Payments fail" in inside
    assert "Payments fail" not in outside
    assert "Only the people in its room" in outside
    assert "/inc postmortem <code>" in unnamed.replace("&lt;", "<").replace("&gt;", ">")
    assert "I know no incident" in unknown
