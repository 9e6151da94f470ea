import pytest
from structlog.testing import capture_logs

from incident_response.adapters.anthropic_drafter.prices import Tokens, cost

MILLION = 1_000_000
ONE_OF_EACH = Tokens(
    read=MILLION, written_to_cache=MILLION, read_from_cache=MILLION, written=MILLION
)


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        ("claude-sonnet-4-6", 3 + 3.75 + 0.30 + 15),
        ("claude-haiku-4-5", 1 + 1.25 + 0.10 + 5),
        ("us.anthropic.claude-sonnet-4-6", 3 + 3.75 + 0.30 + 15),
        ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", 1 + 1.25 + 0.10 + 5),
    ],
)
def test_every_kind_of_token_has_its_price_whatever_the_way_to_the_model(
    model: str, dollars: float
) -> None:
    assert cost(model, ONE_OF_EACH) == pytest.approx(dollars)


def test_a_model_without_a_known_price_costs_nothing_and_that_is_said_once() -> None:
    with capture_logs() as logs:
        assert cost("claude-from-the-future", ONE_OF_EACH) == 0
        assert cost("claude-from-the-future", ONE_OF_EACH) == 0
    assert [entry["model"] for entry in logs] == ["claude-from-the-future"]
