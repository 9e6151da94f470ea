from datetime import UTC, datetime, timedelta

import pytest
from multidict import CIMultiDict

from incident_response.adapters.http.retry_after import retry_after

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "12"}, 12),
        ({"retry-after": " 0 "}, 0),
        ({"Retry-After": "9" * 30}, 3_600),
        ({"Retry-After": "Mon, 02 Mar 2026 09:00:30 GMT"}, 30),
        ({"Retry-After": "Mon, 02 Mar 2026 08:00:30 GMT"}, 0),
        ({"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}, 3_600),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1772442090"}, 90),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}, 0),
    ],
)
def test_a_wish_is_understood_and_bounded(headers: dict[str, str], seconds: int) -> None:
    assert retry_after(CIMultiDict(headers), now=NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Retry-After": ""},
        {"Retry-After": "-5"},
        {"Retry-After": "soon"},
        {"Retry-After": "1.5.2"},
        {"X-RateLimit-Remaining": "4", "X-RateLimit-Reset": "1772442090"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "tomorrow"},
    ],
)
def test_no_wish_or_nonsense_is_no_wish(headers: dict[str, str]) -> None:
    assert retry_after(CIMultiDict(headers), now=NOW) is None
