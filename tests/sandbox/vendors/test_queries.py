"""The small readers of query languages: whatever is asked, they read it or refuse it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_response.sandbox.vendors.grafana_cloud import (
    seconds_of_duration,
    seconds_of_time,
)
from incident_response.sandbox.vendors.logql import read_log_query
from incident_response.sandbox.vendors.matchers import (
    Matcher,
    SyntaxRefusedError,
    read_matchers,
)
from incident_response.sandbox.vendors.promql import read_query

FRAGMENTS = st.lists(
    st.sampled_from(
        [
            *'{}()[]"`\\|=!~<>,. /',
            "service",
            "up",
            "offset",
            "0.5",
            "by",
            "sum",
            "histogram_quantile",
            "5m",
            "json",
            "or",
            "error",
            "ä",
        ]
    ),
    max_size=30,
).map("".join)
QUERIES = st.one_of(st.text(max_size=60), FRAGMENTS, FRAGMENTS.map('{{service="a"}}{}'.format))


@given(QUERIES)
def test_any_text_is_read_as_promql_or_refused(query: str) -> None:
    with suppress(SyntaxRefusedError):
        assert read_query(query).offset >= 0


@given(QUERIES)
def test_any_text_is_read_as_logql_or_refused(query: str) -> None:
    with suppress(SyntaxRefusedError):
        kept = read_log_query(query).keeps({"service": "a"}, '{"msg": "error"}')
        assert kept in {True, False}


@given(st.text(max_size=30))
def test_any_text_can_be_matched_when_it_is_quoted(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    (matcher,) = read_matchers(f'service="{quoted}"')
    assert matcher == Matcher("service", "=", value)
    assert matcher.accepts({"service": value})


@pytest.mark.parametrize(
    ("op", "value", "accepted"),
    [
        ("=", "a", {"a"}),
        ("!=", "a", {"ab", ""}),
        ("=~", "a.*", {"a", "ab"}),
        ("!~", "a.*", {""}),
        ("=~", "b", set()),
    ],
)
def test_matchers_are_exact_or_anchored(op: str, value: str, accepted: set[str]) -> None:
    matcher = Matcher("service", op, value)
    assert {name for name in ("a", "ab", "") if matcher.accepts({"service": name})} == accepted
    assert matcher.accepts({}) == ("" in accepted)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("15", 15), ("15s", 15), ("1h30m", 5400), ("250ms", 0.25), ("1.5", 1.5), ("1d", 86400)],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert seconds_of_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5 minutes", "5m!", "inf", "nan"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        seconds_of_duration(text)


def test_times_are_numbers_or_rfc_3339() -> None:
    assert seconds_of_time("1.5") == 1.5
    assert seconds_of_time("1970-01-01T00:01:00Z") == 60
    assert seconds_of_time("1970-01-01T02:01:00+02:00") == 60
    for text in ("inf", "nan", "", "noon"):
        with pytest.raises(ValueError, match=r".+"):
            seconds_of_time(text)
