import random
from statistics import median, quantiles

import pytest

from incident_response.sandbox.latency import TABLE, LatencyTable, latency
from tests.sandbox.vendors.serving import StillClock

TARGETS = ["slack.conversations.create", "slack.chat.postMessage", "oncall.users", "mimir.query"]


def test_a_draw_depends_on_seed_target_and_number_alone() -> None:
    ordered, shuffled = LatencyTable(StillClock(), seed=5), LatencyTable(StillClock(), seed=5)
    calls = TARGETS * 25
    for target in calls:
        ordered.draw(target)
    random.Random(1).shuffle(calls)
    for target in calls:
        shuffled.draw(target)

    def by_call(table: LatencyTable) -> dict[tuple[object, object], object]:
        return {(d["target"], d["n"]): d["seconds"] for d in table.draws()}

    assert by_call(ordered) == by_call(shuffled)
    assert len(by_call(ordered)) == 100


def test_another_seed_draws_otherwise() -> None:
    assert latency(1, "mimir.query", 0) != latency(2, "mimir.query", 0)


@pytest.mark.parametrize(("pattern", "p50", "p99"), TABLE)
def test_many_draws_have_the_tables_median_and_tail(pattern: str, p50: float, p99: float) -> None:
    target = pattern.replace("*", "anything")
    row = next(r for r in TABLE if r[0] == pattern)
    assert row[1:] == (p50, p99)
    drawn = [latency(11, target, n) for n in range(4000)]
    assert median(drawn) == pytest.approx(p50, rel=0.1)
    assert quantiles(drawn, n=100)[98] == pytest.approx(p99, rel=0.25)


def test_off_draws_nothing_and_zero_records_nothing_but_zeros() -> None:
    table = LatencyTable(StillClock())
    assert (table.draw("mimir.query"), table.draws()) == (0.0, [])
    table.switch("zero")
    assert table.draw("mimir.query") == 0.0
    assert [draw["seconds"] for draw in table.draws()] == [0.0]


def test_switching_begins_anew() -> None:
    table = LatencyTable(StillClock(), seed=5)
    first = table.draw("loki.query_range")
    table.switch("seeded", seed=5)
    assert table.draw("loki.query_range") == first
    assert len(table.draws()) == 1


def test_a_target_the_table_does_not_name_takes_no_time() -> None:
    assert latency(1, "control.faults", 0) == 0.0
