from datetime import timedelta

import pytest

from incident_response.domain.draft import Draft, DraftState, PageImpact, PageMessage, PageStatus
from incident_response.domain.errors import WrongStateError
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ledger import SYSTEM
from incident_response.domain.lifecycle import ALLOWED_FROM, Move, in_order, require
from incident_response.domain.model import IncidentId
from incident_response.domain.response import Resolution
from tests.blocks.samples import ADA, BEGAN, COMMANDED

MOMENT = BEGAN + timedelta(hours=1)


def an_incident(status: IncidentStatus, **changes: object) -> Incident:
    return COMMANDED.model_copy(update={"status": status, **changes})


def allowed(move: Move, incident: Incident) -> bool:
    try:
        require(move, incident)
    except WrongStateError:
        return False
    return True


def test_each_step_may_be_taken_from_these_states_and_no_others() -> None:
    table = {
        move: "".join("x" if allowed(move, an_incident(s)) else "-" for s in IncidentStatus)
        for move in Move
    }
    #                open assembled mitigated resolved cancelled
    assert table == {
        Move.MITIGATE: "xx---",
        Move.RESOLVE: "xxx--",
        Move.REOPEN: "---xx",
        Move.CANCEL: "xxx--",
        Move.MERGE: "xxx--",
    }
    assert set(ALLOWED_FROM) == set(Move)


@pytest.mark.parametrize("move", [move for move in Move if move is not Move.REOPEN])
def test_while_it_is_being_resolved_only_reopening_is_allowed(move: Move) -> None:
    ending = an_incident(
        IncidentStatus.ASSEMBLED, resolution=Resolution(by=ADA, at=MOMENT, summary="")
    )
    assert allowed(Move.REOPEN, ending)
    with pytest.raises(WrongStateError) as refusal:
        require(move, ending)
    assert refusal.value.by == ADA


def test_the_refusal_names_who_resolved_it_and_where_a_merged_one_went_on() -> None:
    resolution = Resolution(by=ADA, at=MOMENT)
    resolved = an_incident(IncidentStatus.RESOLVED, resolution=resolution)
    with pytest.raises(WrongStateError, match="reopen it") as refusal:
        require(Move.RESOLVE, resolved)
    assert refusal.value.by == ADA
    merged = an_incident(IncidentStatus.CANCELLED, merged_into=IncidentId("inc-0"))
    with pytest.raises(WrongStateError, match="work goes on there"):
        require(Move.RESOLVE, merged)


@pytest.mark.parametrize("move", [Move.CANCEL, Move.MERGE])
@pytest.mark.parametrize(
    ("shown", "is_allowed"),
    [(None, True), (PageStatus.RESOLVED, True), (PageStatus.MONITORING, False)],
)
def test_what_customers_still_read_of_was_not_nothing(
    move: Move, shown: PageStatus | None, is_allowed: bool
) -> None:
    page = COMMANDED.page.model_copy(update={"status": shown})
    assert allowed(move, an_incident(IncidentStatus.ASSEMBLED, page=page)) is is_allowed


@pytest.mark.parametrize("state", DraftState)
def test_nothing_is_cancelled_under_a_message_that_is_on_its_way(state: DraftState) -> None:
    message = PageMessage(
        page_id="p",
        title="t",
        body="b",
        status=PageStatus.INVESTIGATING,
        impact=PageImpact.MINOR,
    )
    draft = Draft(number=1, message=message, state=state, drafted_at=MOMENT)
    page = COMMANDED.page.model_copy(update={"draft": draft})
    incident = an_incident(IncidentStatus.ASSEMBLED, page=page)
    assert allowed(Move.CANCEL, incident) is not state.is_under_way
    assert allowed(Move.RESOLVE, incident)


def test_what_comes_later_is_never_dated_before_what_came_earlier() -> None:
    early = BEGAN - timedelta(hours=1)
    assert in_order(COMMANDED, early) == COMMANDED.created_at
    mitigated = an_incident(IncidentStatus.MITIGATED, mitigated_at=MOMENT)
    assert in_order(mitigated, early) == MOMENT
    later = MOMENT + timedelta(minutes=1)
    assert in_order(mitigated, later) == later


def test_who_resolves_by_themselves_is_the_program() -> None:
    ending = an_incident(
        IncidentStatus.ASSEMBLED, resolution=Resolution(by=SYSTEM, at=MOMENT, summary="")
    )
    assert ending.is_ending
    assert not ending.is_closed
