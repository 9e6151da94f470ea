import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from incident_response.blocks import action_ids
from incident_response.blocks.checklist import GROUPS, Ticks, checklist, ticked_keys
from incident_response.domain.checklist import STANDARD_CHECKLIST, ChecklistItem
from incident_response.domain.errors import RefusedError
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json
from tests.blocks import slack_limits
from tests.blocks.reading import options
from tests.blocks.samples import ADA, ASSEMBLED, INCIDENT

DRAWN = Path(__file__).parents[1] / "data" / "blocks" / "checklist.json"


def with_ticks(*keys: str) -> Incident:
    at = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
    items = tuple(
        item.model_copy(update={"checked_by": ADA, "checked_at": at}) if item.key in keys else item
        for item in STANDARD_CHECKLIST
    )
    return ASSEMBLED.model_copy(update={"checklist": items})


def click(incident: Incident, group: str, *selected: str) -> Json:
    """The action Slack sends when the boxes of ``group`` end up as ``selected``."""
    blocks = [b for b in checklist(incident).blocks if f":{group}:" in str(b["block_id"])]
    return {
        "block_id": blocks[0]["block_id"],
        "action_id": action_ids.TICK_CHECKLIST,
        "selected_options": [{"value": key} for key in selected],
    }


def test_the_checklist_as_it_is_drawn() -> None:
    message = checklist(with_ticks("room_assembled"))
    assert message.blocks == json.loads(DRAWN.read_text())
    assert message.text == "Checklist: 1 of 11 done"
    assert slack_limits.violations(message) == []


def test_every_standard_item_has_its_group() -> None:
    keys = [item.key for item in STANDARD_CHECKLIST]
    assert sorted(key for _, _, group in GROUPS for key in group) == sorted(keys)


def test_a_click_tells_what_that_person_ticked() -> None:
    before = with_ticks("room_assembled")
    clicked = ticked_keys(click(before, "respond", "room_assembled", "severity_assessed"))
    assert clicked == Ticks(
        incident_id=INCIDENT.incident_id,
        before=frozenset({"room_assembled"}),
        selected=frozenset({"room_assembled", "severity_assessed"}),
    )
    assert clicked.ticked == frozenset({"severity_assessed"})
    assert clicked.unticked == frozenset()


def test_a_click_that_leaves_nothing_ticked_still_names_the_incident_and_the_item() -> None:
    clicked = ticked_keys(click(with_ticks("mitigated"), "close"))
    assert clicked.incident_id == INCIDENT.incident_id
    assert clicked.ticked == frozenset()
    assert clicked.unticked == frozenset({"mitigated"})


def test_a_click_on_a_card_that_others_have_overtaken_changes_only_its_own_item() -> None:
    seen = with_ticks()
    clicked = ticked_keys(click(seen, "respond", "responders_joined"))
    assert clicked.ticked == frozenset({"responders_joined"})
    assert clicked.unticked == frozenset()


def test_a_tick_gives_the_group_a_new_id_and_the_others_keep_theirs() -> None:
    ids = [
        {str(block["block_id"]) for block in checklist(with_ticks(*keys)).blocks}
        for keys in ((), ("mitigated",))
    ]
    assert len(ids[0] - ids[1]) == 1


def test_items_of_no_known_group_are_shown_ten_at_a_time() -> None:
    items = tuple(ChecklistItem(key=f"k{n}", text=f"Item {n}") for n in range(23))
    message = checklist(INCIDENT.model_copy(update={"checklist": items}))
    assert slack_limits.violations(message) == []
    assert options(message) == 23


@pytest.mark.parametrize(
    ("block_id", "reason"),
    [
        ("checklist:2:inc-1:respond:", action_ids.SUPERSEDED),
        ("checklist:x:inc-1:respond:", action_ids.UNREADABLE),
        ("checklist:²:inc-1:respond:", action_ids.UNREADABLE),
        (f"checklist:{'9' * 5000}:inc-1:respond:", action_ids.UNREADABLE),
        ("checklist:1:inc-1", action_ids.UNREADABLE),
        ("other", action_ids.UNREADABLE),
        (None, action_ids.UNREADABLE),
    ],
)
def test_a_card_that_is_not_of_this_version_is_refused_clearly(
    block_id: str | None, reason: str
) -> None:
    with pytest.raises(RefusedError) as raised:
        ticked_keys({"block_id": block_id, "selected_options": []})
    assert raised.value.reason == reason


def test_selected_options_of_another_shape_count_for_nothing() -> None:
    action: Json = {
        "block_id": "checklist:1:inc-1:close:",
        "selected_options": [7, {}, {"value": 1}],
    }
    assert ticked_keys(action).selected == frozenset()
    assert ticked_keys({**action, "selected_options": None}).selected == frozenset()
