from pathlib import Path

from incident_response.sandbox.alert_groups import AlertGroups
from tests.sandbox.vendors.serving import NOON, group_of


def test_groups_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    first = AlertGroups(path)
    first.put(group_of("checkout-api", group_id="I1"))
    first.put(group_of("search-api", group_id="I2").moved("resolved", NOON + 5))
    # No close: a killed process closes nothing.
    second = AlertGroups(path)
    assert second.newest_first() == first.newest_first()
    found = second.get("I2")
    assert found is not None
    assert (found.state, found.resolved_at) == ("resolved", NOON + 5)
    first.close()
    second.close()


def test_firing_again_reopens_and_counts() -> None:
    group = group_of("checkout-api").moved("resolved", NOON + 1).moved("firing", NOON + 2)
    assert (group.state, group.resolved_at, group.alerts_count) == ("firing", None, 2)
    assert (group.started_at, group.changed_at) == (NOON, NOON + 2)


def test_the_latest_group_of_a_service_is_the_one_that_started_last() -> None:
    groups = AlertGroups()
    groups.put(group_of("checkout-api", started_at=NOON, group_id="INEW"))
    groups.put(group_of("checkout-api", started_at=NOON - 60, group_id="IOLD"))
    latest = groups.latest_of("checkout-api")
    assert latest is not None
    assert latest.id == "INEW"
    groups.put(latest.moved("resolved", NOON + 9))
    resolved = groups.latest_of("checkout-api")
    assert resolved is not None
    assert resolved.state == "resolved"
    assert groups.latest_of("search-api") is None
