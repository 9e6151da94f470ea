"""The webhook on AWS against the plain handler: a short run of ``scripts/bench ingest-aws``."""

import pytest

from tests.bench.ingest_aws import GOAL, measure


@pytest.mark.timeout(300)
def test_alerts_are_taken_in_twice_as_fast_as_with_a_put_and_a_send_for_each() -> None:
    found = measure(rounds=3, count=400)
    assert found.speed >= GOAL, found
