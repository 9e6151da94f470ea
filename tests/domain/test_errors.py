import pytest

from incident_response.domain import errors
from incident_response.domain.errors import (
    IncidentResponseError,
    InvalidAlertError,
    PermanentError,
    RefusedError,
    RetryableError,
)


def every_error(root: type[IncidentResponseError]) -> set[type[IncidentResponseError]]:
    return {root}.union(*(every_error(kind) for kind in root.__subclasses__()))


OURS = sorted(
    (e for e in every_error(IncidentResponseError) if e.__module__ == errors.__name__),
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", OURS)
def test_every_error_says_by_its_place_whether_another_try_can_help(
    kind: type[IncidentResponseError],
) -> None:
    if kind is not IncidentResponseError:
        assert issubclass(kind, RetryableError) != issubclass(kind, PermanentError)


def test_every_error_has_a_code_of_its_own() -> None:
    codes = {kind("x").code for kind in OURS if kind not in _WITH_MORE}
    assert len(codes) == len(OURS) - len(_WITH_MORE)
    assert {"rate_limited", "unknown_outcome", "name_taken", "lease_lost"} <= codes


_WITH_MORE = {InvalidAlertError, errors.LedgerBrokenError}


def test_an_error_without_words_says_what_its_kind_means() -> None:
    assert str(RefusedError()) == "The other side said no."
    assert str(RefusedError("no such user", reason="user_not_found")) == "no such user"


def test_an_invalid_alert_names_five_places_at_most() -> None:
    error = InvalidAlertError(
        "wrong", status=422, kind="shape", pointers=tuple(f"/{n}" for n in range(9))
    )
    assert error.pointers == ("/0", "/1", "/2", "/3", "/4")
    assert error.code == "invalid_alert"
