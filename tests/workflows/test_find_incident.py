import pytest

from incident_response.domain.errors import NotFoundError
from incident_response.domain.incident import Incident, Room
from incident_response.domain.model import ChannelId, IncidentId
from incident_response.ports.incident_store import Change, IncidentStore
from incident_response.workflows.find_incident import find_incident
from tests.workflows.house import World, house


async def test_an_incident_is_found_by_whatever_people_call_it() -> None:
    async with house(World()) as h:
        incident = await h.assembled()
        assert incident.room is not None
        room, code = incident.room, incident.code
        for named in (
            code,
            code.upper(),
            f" `{code}` ",
            incident.incident_id,
            incident.incident_id.upper(),
            room.name,
            f"#{room.name}",
            f"<#{room.channel_id}>",
            f"<#{room.channel_id}|{room.name}>",
        ):
            assert await find_incident(h.workflows.store, named) == incident, named


@pytest.mark.parametrize(
    "named",
    ["", "abcdef", "0a1b2", "payments", "inc-000000000000", "<#C0NONE|x>", "<@U0ADA>", "abcdefg"],
)
async def test_what_means_no_incident_says_what_to_type(named: str) -> None:
    async with house(World()) as h:
        await h.assembled()
        with pytest.raises(NotFoundError, match="six-digit code"):
            await find_incident(h.workflows.store, named)


async def test_the_name_of_a_room_that_was_taken_is_known_with_its_number() -> None:
    async with house(World()) as h:
        incident = await h.alert()
        assert incident is not None
        for attempt in (1, 2):
            name = incident.room_name(attempt)
            found = await find_incident(h.workflows.store, name)
            assert found.incident_id == incident.incident_id


async def store_twin(store: IncidentStore, incident: Incident) -> None:
    """Another incident whose code is the same."""
    twin = IncidentId(f"{incident.incident_id[:10]}000000")
    room = Room(channel_id=ChannelId("C0TWIN"), name="twin")
    update = {"incident_id": twin, "version": 1, "room": room}
    await store.commit(Change(incident_id=twin, incident=incident.model_copy(update=update)))


async def test_a_code_that_two_incidents_have_is_not_guessed() -> None:
    async with house(World()) as h:
        incident = await h.assembled()
        await store_twin(h.workflows.store, incident)
        with pytest.raises(NotFoundError, match=r"several .* name one of") as refusal:
            await find_incident(h.workflows.store, incident.code)
        assert incident.incident_id in str(refusal.value)
