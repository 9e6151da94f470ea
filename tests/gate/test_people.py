"""A short run of the people's campaign; ``scripts/prove gate`` makes the long one."""

from tests.gate.people import campaign

RUNS = 60


def test_whatever_people_and_vendors_do_nothing_goes_out_unapproved_or_twice() -> None:
    tally = campaign(runs=RUNS, steps=30)
    assert tally.sendings > RUNS / 4
    assert tally.faults > RUNS
