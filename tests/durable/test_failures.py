import itertools

from incident_response.domain.errors import LeaseLostError, UnavailableError
from incident_response.durable.failures import innermost

DEFECT, PERMANENT, PASSING = ZeroDivisionError(), LeaseLostError(), UnavailableError()


def test_a_single_failure_is_itself() -> None:
    assert innermost(PASSING) is PASSING


def test_a_group_comes_down_to_its_gravest_failure_in_any_order_and_depth() -> None:
    for order in itertools.permutations((PASSING, PERMANENT, DEFECT)):
        nested = ExceptionGroup("outer", [order[0], ExceptionGroup("inner", order[1:])])
        assert innermost(nested) is DEFECT
    assert innermost(ExceptionGroup("two", [PASSING, PERMANENT])) is PERMANENT


def test_of_equally_grave_ones_the_first_counts() -> None:
    later = UnavailableError("later")
    assert innermost(ExceptionGroup("two", [PASSING, later])) is PASSING
