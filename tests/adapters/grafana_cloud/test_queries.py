import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_response.adapters.grafana_cloud.queries import filled, quoted
from incident_response.domain.errors import RefusedError


@pytest.mark.parametrize("name", ["checkout-api", "a", "ns/app:8080", "A_b.c", "x" * 128])
def test_an_ordinary_name_is_quoted(name: str) -> None:
    assert quoted(name) == f'"{name}"'


@pytest.mark.parametrize(
    "name",
    ['a"} or vector(1) #', "a\\", "a\n", "a b", "a{}", "ä", "a|b", "$service", "x" * 129, ".*"],
)
def test_a_name_that_could_change_a_query_is_refused(name: str) -> None:
    with pytest.raises(RefusedError, match="cannot go into a query") as raised:
        quoted(name)
    assert raised.value.reason == "unsafe_label"
    assert name not in str(raised.value)


def test_no_name_is_refused_in_other_words() -> None:
    with pytest.raises(RefusedError, match="names no service"):
        quoted("")


def test_every_place_of_a_template_is_filled() -> None:
    template = "rate(a{service=$service}[5m]) / rate(b{service=$service}[5m])"
    assert filled(template, "x") == 'rate(a{service="x"}[5m]) / rate(b{service="x"}[5m])'


@given(st.text(max_size=200))
def test_whatever_passes_stays_within_its_quotes(name: str) -> None:
    try:
        literal = quoted(name)
    except RefusedError:
        return
    assert literal == f'"{name}"'
    assert not set(name) & set("\"\\\n\r\0{}()|`$' ")
