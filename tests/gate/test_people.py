"""A short run of the people's campaign, the same each time; ``scripts/prove gate`` makes the long
one, another each time."""

from tests.gate.people import campaign

RUNS = 60
SEED = 20261121
"""Fixed: how many messages are sent differs by a factor of five between seeds, and a run that
sends few proves little."""


def test_whatever_people_and_vendors_do_nothing_goes_out_unapproved_or_twice() -> None:
    tally = campaign(runs=RUNS, steps=30, seed=SEED)
    assert tally.sendings > RUNS / 4
    assert tally.faults > RUNS
