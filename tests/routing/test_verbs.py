"""The verbs that do what a button does: join, retry, tick and untick, by their effect."""

import pytest

from incident_response.domain.errors import UnavailableError
from incident_response.domain.ledger import EntryKind
from incident_response.domain.severity import Severity
from incident_response.ports.incident_store import StepState
from incident_response.workflows.fold_alerts import ASSEMBLE
from tests.routing.front import Front, open_front
from tests.workflows.house import ADA, BEN, DEV, House, World, house


def incidents_channel(h: House) -> str:
    return h.world.chat.channel("incidents").channel_id


async def retried(front: Front) -> list[str]:
    """The steps that were asked for again, as the ledger tells it."""
    entries = await front.house.world.backend.ledger.entries(front.incident.incident_id)
    return [str(e.details["step"]) for e in entries if e.kind is EntryKind.STEP_RETRIED]


async def ticked(front: Front) -> dict[str, object]:
    return {i.key: i.checked_by for i in (await front.now()).checklist if i.is_checked}


# --- join ----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["{code}", "{id}", "#{room}", "<#{channel}|{room}>"])
async def test_join_brings_one_into_the_room_that_was_named(how: str) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        room = h.world.room
        named = how.format(
            code=front.incident.code,
            id=front.incident.incident_id,
            room=room.name,
            channel=room.channel_id,
        )
        told = await front.type(f"join {named}", by=DEV, channel=incidents_channel(h))
        assert DEV in room.members
        assert DEV in (await front.now()).responders
    assert room.channel_id in told


async def test_the_code_in_the_list_is_one_that_join_understands() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("list", by=DEV, channel=incidents_channel(h))
        assert f"`{front.incident.code}`" in str(h.world.chat.responses[-1][1].blocks)


async def test_join_says_what_to_name_when_it_knows_no_such_incident() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        told = await front.type("join ffffff", by=DEV)
    assert "I know no incident “ffffff”" in told
    assert DEV not in h.world.room.members


async def test_there_is_no_room_to_join_for_an_incident_that_opened_none() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        minor = await h.alert(group_key="g2", severity=Severity.P4)
        assert minor is not None
        assert "Could not" in await front.type(f"join {minor.code}")


# --- retry ---------------------------------------------------------------------------------


async def broken_front(h: House) -> Front:
    """A room without metrics, logs, traces and on-call people."""
    telemetry = h.world.telemetry
    sources = (telemetry.metrics, telemetry.logs, telemetry.traces, h.world.on_call.behaviour)
    for source in sources:
        source.fail_with(UnavailableError("asleep"))
    front = await open_front(h)
    for source in sources:
        source.recover()
    return front


async def test_retry_alone_asks_again_for_all_that_is_missing_and_it_comes() -> None:
    async with house(World()) as h:
        front = await broken_front(h)
        told = await front.type("retry")
        for part in ("Metrics", "Error logs", "Traces", "On-call people"):
            assert part in told
        await h.settled(front.incident)
        journal = await h.workflows.store.journal(front.incident.incident_id, ASSEMBLE)
        assert {record.state for record in journal.values()} == {StepState.DONE}
        assert BEN in h.world.room.members
        assert set(await retried(front)) >= {"fetch_metrics", "fetch_logs", "resolve_on_call"}


@pytest.mark.parametrize("named", ["error logs", "fetch_logs", "Error Logs"])
async def test_retry_asks_again_for_the_one_part_that_was_named(named: str) -> None:
    async with house(World()) as h:
        front = await broken_front(h)
        assert "Asking again: Error logs" in await front.type(f"retry {named}")
        assert await retried(front) == ["fetch_logs"]


async def test_retry_works_with_the_code_where_there_is_no_room() -> None:
    async with house(World()) as h:
        front = await broken_front(h)
        code, elsewhere = front.incident.code, incidents_channel(h)
        await front.type(f"retry {code} metrics", channel=elsewhere)
        assert await retried(front) == ["fetch_metrics"]
        assert "no war room" in await front.type("retry", channel=elsewhere)


async def test_retry_of_what_is_not_missing_says_what_is() -> None:
    async with house(World()) as h:
        front = await broken_front(h)
        told = await front.type("retry coffee")
        assert "“coffee” is not missing" in told
        assert "Metrics" in told
        assert await retried(front) == []


async def test_retry_in_a_whole_room_changes_nothing_and_says_so() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        assert await front.type("retry") == "Nothing is missing."
        assert await retried(front) == []


# --- tick and untick -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("4", {"severity_assessed"}),
        ("4, 8", {"severity_assessed", "mitigated"}),
        ("4 4 8", {"severity_assessed", "mitigated"}),
        ("all clear", {"all_clear"}),
    ],
)
async def test_items_are_ticked_by_number_or_words_and_the_room_sees_it(
    typed: str, keys: set[str]
) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        told = await front.type(f"tick {typed}", by=BEN)
        assert await ticked(front) == dict.fromkeys(keys, BEN)
        pinned = h.world.chat.message(front.incident.messages["checklist"])
    assert told == f"Checklist: {len(keys)} of 11 done"
    assert f"{len(keys)} of 11 done" in str(pinned.blocks)


async def test_untick_takes_the_tick_off_and_leaves_the_others() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("tick 3 4")
        await front.type("untick severity", by=BEN)
        assert await ticked(front) == {"responders_joined": ADA}
        entries = await h.world.backend.ledger.entries(front.incident.incident_id)
        last = [e for e in entries if e.kind is EntryKind.CHECKLIST_UNCHECKED][-1]
        assert (last.actor, last.details["item"]) == (BEN, "severity_assessed")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("0", "items 1 to 11"),
        ("12", "items 1 to 11"),
        ("4 99999999999999999999", "items 1 to 11"),
        ("²", "no item “²”"),
        ("tea", "no item “tea”"),
        ("postmortem", "may be several items: Postmortem draft created; Postmortem reviewed"),
    ],
)
async def test_what_names_no_one_item_ticks_none_and_says_what_there_is(
    typed: str, told: str
) -> None:
    async with house(World()) as h:
        front = await open_front(h)
        assert told in await front.type(f"tick {typed}")
        assert await ticked(front) == {}


async def test_the_numbers_are_those_on_the_pinned_checklist() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        pinned = str(h.world.chat.message(front.incident.messages["checklist"]).blocks)
        for number, item in enumerate((await front.now()).checklist, start=1):
            assert f"'{number}. {item.text}'" in pinned
