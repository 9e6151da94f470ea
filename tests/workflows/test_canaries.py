"""Two thousand canaries through everything between an incident and a model: none gets out."""

import logging
from dataclasses import dataclass

import pytest
from opentelemetry import trace
from structlog.testing import capture_logs

from incident_response.domain.incident import Incident
from incident_response.domain.leaks import LeakKind
from incident_response.domain.model import UserId
from incident_response.domain.people import ChatUser
from incident_response.domain.redaction import Material
from tests.adapters.standins import StandIns, stand_ins
from tests.domain.canaries import NAMES, Canary, canaries
from tests.domain.test_redaction import bare
from tests.telemetry_reading import everything_measured
from tests.workflows.house import House, World, house

AT_ONCE = 50
tracer = trace.get_tracer("tests")
SHORTEST = 8
"""Letters and digits of a canary that cannot stand somewhere by chance."""
PART = 12
"""Likewise of a part of one, among thousands of random hexadecimal ids."""


def escaped(all_of_them: list[Canary], text: str) -> list[Canary]:
    left = bare(text)
    return [c for c in all_of_them if any(part in left for part in parts(c))]


def parts(canary: Canary) -> list[str]:
    core = bare(canary.core)
    whole = [core] if len(core) >= SHORTEST else []
    if canary.kind is not LeakKind.SECRET:
        return whole
    return [*whole, *(core[n : n + PART] for n in range(len(core) - PART + 1))]


@dataclass
class Ears:
    """Everything that could hear a canary: what was received, logged, traced, measured, kept."""

    vendors: StandIns
    home: House
    caplog: pytest.LogCaptureFixture
    heard: int = 0

    def received(self) -> str:
        """What the model was sent since the last look."""
        calls = self.vendors.board.received.matching("anthropic.*", after=self.heard, limit=100)
        self.heard = calls[-1].number
        assert all(call.body and call.status == 200 for call in calls)
        return "\n".join(call.body.decode() for call in calls)

    def logged(self) -> str:
        """What libraries logged since the last look, at every level."""
        text = "\n".join(record.getMessage() for record in self.caplog.records)
        self.caplog.clear()
        return text


async def drafted(home: House, incident: Incident, batch: list[Canary]) -> None:
    """Have everything drafted from a batch of canaries."""
    drafting = home.workflows.drafting
    lines = "\n".join(canary.line for canary in batch)
    material = (Material(label=batch[1].line, text=lines),)
    await drafting.catchup(incident, material)
    await drafting.postmortem(incident, material)
    await drafting.status_message(incident)
    await drafting.is_update(incident, batch[2].line)


async def test_no_canary_reaches_the_model_the_log_a_span_or_the_ledger(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    all_of_them = list(canaries(2_000))
    taken_out = 0
    async with stand_ins() as vendors, vendors.drafter() as model:
        world = World(drafter=model)
        users = tuple(
            world.chat.add_user(ChatUser(user_id=UserId(f"U0NAMED{n}"), name=name))
            for n, name in enumerate(NAMES)
        )
        async with house(world) as home:
            assembled = await home.assembled()
            ears = Ears(vendors, home, caplog)
            for n in range(0, len(all_of_them), AT_ONCE):
                batch = all_of_them[n : n + AT_ONCE]
                incident = assembled.model_copy(
                    update={
                        "incident_id": f"inc-{n:012x}",  # each with a budget of its own
                        "responders": users,
                        "summary": batch[0].line,
                    }
                )
                with capture_logs() as ours, tracer.start_as_current_span("draft"):
                    await drafted(home, incident, batch)
                sent, logged = ears.received(), ears.logged()
                taken_out += sent.count("[SECRET_")
                assert escaped(batch, sent) == []
                assert "Request options" in logged, "the SDK logs what it sends"
                assert escaped(batch, f"{logged}\n{ours}") == []
            ledger = str(await world.backend.ledger.entries(assembled.incident_id))
    assert taken_out > 1_000, "the material did go out, less what was taken out"
    assert escaped(all_of_them, f"{everything_measured()}\n{ledger}") == []
