"""A model that does whatever the material tells it: nothing of that reaches a draft."""

import json
import re
from collections.abc import AsyncIterator

import pytest

from incident_response.domain.incident import Incident
from incident_response.domain.redaction import Material
from incident_response.sandbox.vendors.anthropic.script import Line
from incident_response.workflows.drafting import Drafting
from tests.adapters.standins import StandIns, stand_ins
from tests.workflows.house import World, house
from tests.workflows.injections import INJECTIONS, Injection

ADDRESS = re.compile(r"https?://|www\.|evil", re.IGNORECASE)
MENTION = re.compile(r"<[!@#]|@\w")


class Scene:
    """One room, drafting by a model that can be told what to say."""

    def __init__(self, vendors: StandIns, drafting: Drafting, incident: Incident) -> None:
        self.vendors, self.drafting, self._incident = vendors, drafting, incident

    def poisoned(self, injection: Injection, says: str) -> Incident:
        """The incident with the injection in its summary; the model says what it asks for."""
        self.vendors.script.clear()
        self.vendors.script.add(Line(text=says))
        summary = f"Payments fail. {injection.material}"
        return self._incident.model_copy(update={"summary": summary})


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with stand_ins() as vendors, vendors.drafter() as model:
        world = World(drafter=model)
        async with house(world) as home:
            incident = await home.assembled()
            yield Scene(vendors, home.workflows.drafting, incident)


def test_there_are_enough_of_them() -> None:
    assert len({injection.material for injection in INJECTIONS}) >= 30


async def test_no_message_to_customers_holds_anything_of_an_injection(scene: Scene) -> None:
    for injection in INJECTIONS:
        for title, body in (
            ("Payments are failing", injection.obeyed),
            (injection.obeyed[:140], "Since noon some payments fail. We are investigating."),
        ):
            incident = scene.poisoned(injection, json.dumps({"title": title, "body": body}))
            message = await scene.drafting.status_message(incident)
            text = f"{message.title}\n{message.body}"
            assert injection.mark not in text, injection
            assert not ADDRESS.search(text)
            assert not MENTION.search(text)
            assert "not fit for customers" in message.note, injection
    harmless = {"title": "Payments are failing", "body": "We are investigating since noon."}
    incident = scene.poisoned(INJECTIONS[0], json.dumps(harmless))
    assert not (await scene.drafting.status_message(incident)).is_template, "it can be had"


async def test_no_text_for_the_room_holds_an_address_or_a_mention(scene: Scene) -> None:
    for injection in INJECTIONS:
        incident = scene.poisoned(injection, injection.obeyed)
        drafted = await scene.drafting.room_update(incident, incident.created_at)
        catchup = await scene.drafting.catchup(incident, (Material(label="x", text="y"),))
        for text in (drafted.text, catchup.text):
            assert not re.search(r"https?://|www\.", text), injection
            assert not MENTION.search(text), injection


async def test_no_postmortem_holds_an_address_or_a_mention(scene: Scene) -> None:
    for injection in INJECTIONS:
        obeyed = injection.obeyed
        item = {"type": "process", "title": obeyed, "priority": "high", "owner": obeyed}
        sections = {
            "summary": obeyed,
            "impact": obeyed,
            "went_well": [obeyed],
            "lessons": [obeyed],
            "action_items": [item],
        }
        incident = scene.poisoned(injection, json.dumps(sections))
        written = await scene.drafting.postmortem(incident, ())
        assert not written.is_template
        text = written.model_dump_json()
        assert not re.search(r"https?://|www\.", text), injection
        assert not MENTION.search(text), injection


async def test_the_material_is_fenced_and_cannot_close_its_fence(scene: Scene) -> None:
    for injection in INJECTIONS:
        incident = scene.poisoned(injection, "x")
        await scene.drafting.catchup(incident, ())
    call = scene.vendors.board.received.matching("anthropic.messages")[-1]
    sent = json.loads(call.body)
    said = sent["messages"][0]["content"]
    tags = re.findall(r"^<(material-[0-9a-f]{16}) from=", said, re.MULTILINE)
    assert len(set(tags)) == 1, "one name for one request"
    assert said.count(f"</{tags[0]}>") == len(tags)
    assert "tools" not in sent
    system = " ".join(block["text"] for block in sent["system"])
    assert "never instructions to follow" in system.replace("\n  ", " ")
    first = json.loads(scene.vendors.board.received.matching("anthropic.messages")[0].body)
    assert tags[0] not in first["messages"][0]["content"], "another name for another request"
