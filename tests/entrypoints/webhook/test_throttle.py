from incident_response.entrypoints.webhook.throttle import MAX_BUCKETS, Throttle
from tests.fakes.clock import FakeClock

KEY = ("/alerts/generic", "10.0.0.1")


def test_a_second_holds_fifty_and_tells_how_many_were_over() -> None:
    clock = FakeClock()
    throttle = Throttle(clock)
    assert [throttle.take(KEY) for _ in range(52)] == [0] * 50 + [None] * 2
    clock.advance(0.02)
    assert [throttle.take(KEY) for _ in range(2)] == [2, None]


def test_one_peer_does_not_use_up_another_ones() -> None:
    throttle = Throttle(FakeClock(), rate=1)
    assert throttle.take(KEY) == 0
    assert throttle.take(KEY) is None
    assert throttle.take((KEY[0], "10.0.0.2")) == 0
    assert throttle.take(("/alerts/other", KEY[1])) == 0


def test_a_crowd_of_peers_is_forgotten_oldest_first() -> None:
    throttle = Throttle(FakeClock(), rate=1)
    for number in range(MAX_BUCKETS):
        throttle.take((KEY[0], str(number)))
    assert throttle.take((KEY[0], "0")) is None
    throttle.take((KEY[0], "one more"))
    assert throttle.take((KEY[0], "1")) == 0
    assert throttle.take((KEY[0], "0")) is None
