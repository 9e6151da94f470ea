"""A vendor that is dead for the whole incident: the room stands all the same, says what is missing
and why, and *Retry* mends it once the vendor is back.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from incident_response.domain.incident import Incident
from incident_response.entrypoints.local_stack import CONTACTS, LocalStack, Ports, local_stack
from incident_response.sandbox.slack.model import Message
from incident_response.sandbox.tidewater import TIDEWATER
from tests.scenarios.hands import HANA, JONAS, MAYA, PAYMENTS, Hands, elements
from tests.scenarios.rooms import (
    channel_named,
    channel_of,
    eventually,
    fault,
    open_room,
    said,
    said_as,
    some_at_once,
    text_of,
    until_said,
)


@dataclass(frozen=True, slots=True)
class Vendor:
    name: str
    step: str
    label: str
    brings: str
    """What its part of the facts says when it answers."""


VENDORS = (
    Vendor("oncall", "resolve_on_call", "On-call people", "Derek Vaughn"),
    Vendor("workos", "resolve_directory", "Team directory", "Viktor Petrov"),
    Vendor("mimir", "fetch_metrics", "Metrics", "Error rate"),
    Vendor("loki", "fetch_logs", "Error logs", "Newest error lines"),
    Vendor("tempo", "fetch_traces", "Traces", "slow traces"),
    Vendor("github", "fetch_changes", "Recent commits", "Newest commits"),
)
KINDS = ("server_error", "reset", "hang", "rate_limited", "drop_reply")


def missing_steps(message: Message) -> set[str]:
    """The parts the message offers to ask again for."""
    retries = [e for e in elements(message) if e["action_id"] == "retry_step"]
    return {e["block_id"].removeprefix("missing.") for e in retries}


async def retry_until_mended(stack: LocalStack, facts: Message, vendor: Vendor) -> None:
    """Click *Retry*, as somebody would, as long as it is offered for this vendor."""
    maya = Hands(stack, MAYA)

    async def is_mended() -> bool:
        if vendor.step in missing_steps(facts):
            assert (await maya.clicks(facts, "retry_step", block=vendor.step)).ok
            await asyncio.sleep(0.3)  # nobody clicks faster than that
        return vendor.step not in missing_steps(facts) and vendor.brings in text_of(facts)

    await eventually(is_mended, within=45)


async def outlive(folder: Path, vendor: Vendor, kind: str) -> None:
    async with local_stack(folder, Ports()) as stack:
        details: dict[str, object] = {"seconds": 600} if kind == "hang" else {}
        fault(stack, f"{vendor.name}.*", kind, **details)
        incident = await open_room(stack)
        facts = said_as(stack, incident, "facts")
        assert missing_steps(facts) == {vendor.step}, text_of(facts)
        assert f"*{vendor.label}*: " in text_of(facts)
        assert "no reason" not in text_of(facts)
        others = [v for v in VENDORS[2:] if v is not vendor]
        for other in others:
            assert other.brings in text_of(facts), f"{other.name}: {text_of(facts)}"
        check_people(stack, incident, vendor)
        stack.sandbox.board.clear()
        await retry_until_mended(stack, facts, vendor)
        await everybody_is_there(stack, incident)


def check_people(stack: LocalStack, incident: Incident, vendor: Vendor) -> None:
    members = set(channel_of(stack, incident).members)
    proposal = text_of(said_as(stack, incident, "proposal"))
    if vendor.name == "oncall":
        assert "Nobody on call could be found" in proposal
    else:
        assert f"<@{MAYA}>, you are first on call" in proposal
    assert {MAYA, JONAS} <= members, "one source of people is enough for those it names"


async def everybody_is_there(stack: LocalStack, incident: Incident) -> None:
    room, proposal = channel_of(stack, incident), said_as(stack, incident, "proposal")

    async def complete() -> bool:
        return set(room.members) >= PAYMENTS and "you are first on call" in text_of(proposal)

    await eventually(complete)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_dead_vendor_costs_its_own_part_and_retry_brings_it_back(
    tmp_path: Path, kind: str
) -> None:
    """Each vendor has a stack of its own; some run side by side, because some faults take long."""
    lives = [outlive(tmp_path / vendor.name, vendor, kind) for vendor in VENDORS]
    ends = await some_at_once(lives)
    failures = {v.name: repr(e) for v, e in zip(VENDORS, ends, strict=True) if e is not None}
    assert not failures, failures


async def test_with_everything_but_slack_dead_there_is_a_room_that_anyone_can_join(
    stack: LocalStack,
) -> None:
    for vendor in VENDORS:
        fault(stack, f"{vendor.name}.*", "reset")
    incident = await open_room(stack)
    facts = said_as(stack, incident, "facts")
    assert missing_steps(facts) == {vendor.step for vendor in VENDORS}
    assert "Error rate" not in text_of(facts), "no data is never shown as zero"
    assert "Nobody on call could be found" in text_of(said_as(stack, incident, "proposal"))
    announcement = said_as(stack, incident, "announcement")
    hana, room = Hands(stack, HANA), channel_of(stack, incident)
    await until_said(stack, room.id, "L2 is called", "Nobody could be called into the room.")
    contacts = {
        TIDEWATER.person(CONTACTS[key]).slack_id for key in ("technical_lead", "commander")
    }

    async def is_helped() -> bool:
        return set(room.members) == {stack.sandbox.workspace.app.bot_user_id, *contacts}

    await eventually(is_helped)
    assert (await hana.clicks(announcement, "join_room")).ok
    await hana.told(announcement.channel, besides=set())
    assert HANA in room.members
    assert (await hana.clicks(said_as(stack, incident, "proposal"), "take_command")).ok

    async def is_in_command() -> bool:
        return f"<@{HANA}> is in command" in text_of(said_as(stack, incident, "proposal"))

    await eventually(is_in_command)


async def test_a_service_that_nobody_measures_shows_no_zero(stack: LocalStack) -> None:
    incident = await open_room(stack, service="billing-worker")
    facts = said_as(stack, incident, "facts")
    assert missing_steps(facts) == set()
    assert "Nothing found: " in text_of(facts)
    for part in ("Metrics", "Error logs", "Traces"):
        assert part in text_of(facts)
    assert "0 %" not in text_of(facts)


async def test_a_vendor_that_answers_late_fills_its_part_in_later(stack: LocalStack) -> None:
    # One try is cut off after two seconds, the next one takes its time: past the invitation's
    # patience, within the directory's deadline.
    fault(stack, "workos.*", "hang", seconds=600, times=1)
    fault(stack, "workos.*", "latency", seconds=1.3, times=1)
    incident = await open_room(stack)
    await everybody_is_there(stack, incident)
    facts = said_as(stack, incident, "facts")
    assert missing_steps(facts) == set()
    joins = stack.sandbox.board.received.matching("slack.conversations.invite")
    assert len(joins) == 2, "those who were known at once, and those who came late"


async def test_the_channel_that_is_to_tell_of_incidents_is_gone_and_the_room_says_so(
    stack: LocalStack,
) -> None:
    incidents = channel_named(stack, "incidents")
    stack.sandbox.workspace.channels.archive(incidents, actor=MAYA)
    incident = await open_room(stack)
    facts = said_as(stack, incident, "facts")
    assert missing_steps(facts) == {"announce"}
    stack.sandbox.workspace.channels.unarchive(incidents, actor=MAYA)
    assert (await Hands(stack, MAYA).clicks(facts, "retry_step", block="announce")).ok

    async def announced() -> bool:
        texts = [text_of(m) for m in said(stack, incidents.id)]
        return len(texts) == 1 and channel_of(stack, incident).name in texts[0]

    await eventually(announced)
