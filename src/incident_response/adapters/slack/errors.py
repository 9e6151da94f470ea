"""From what Slack (or the network) answered to our tree of errors.

The question every rule here answers: may the call have been applied? A write of which that is not
known becomes ``UnknownOutcomeError``, so that the caller looks before it does it again.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from incident_response.domain.errors import (
    IncidentResponseError,
    NameTakenError,
    RateLimitedError,
    RefusedError,
    RetryableError,
    UnavailableError,
    UnknownOutcomeError,
)

DEFAULT_RETRY_AFTER = timedelta(seconds=30)
"""Waited after a 429 that does not say how long (Slack's limits are per minute)."""

NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""No connection was made, so nothing can have been applied."""
LOST = (aiohttp.ClientError, TimeoutError, ConnectionError)
"""Everything else that can happen to a request on its way."""

_RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
# "It's possible some aspect of the operation succeeded before the error was raised" (Slack, on
# both of the first two); the third says nothing, so it is taken the same way.
_UNKNOWN = frozenset({"fatal_error", "internal_error", "service_unavailable"})
# Refused before anything was done, for a reason that passes.
_PASSING = frozenset({"request_timeout", "team_added_to_org"})

_REINSTALL = "install the app again and set the new token"
_AUTH_ADVICE = {
    "not_authed": "no token was sent: set the bot token",
    "invalid_auth": f"the token is not valid: {_REINSTALL}",
    "account_inactive": f"the app was removed or its user deactivated: {_REINSTALL}",
    "token_revoked": f"the token was revoked: {_REINSTALL}",
    "token_expired": f"the token has expired: {_REINSTALL}",
    "not_allowed_token_type": "this is the wrong kind of token: the bot token begins with xoxb-, "
    "the app-level token with xapp-",
    "org_login_required": "the workspace is being moved to an organisation: try again later",
    "ekm_access_denied": "an administrator has suspended access to the workspace's data",
    "missing_scope": "a scope is missing",
}
AUTH_REASONS = frozenset(_AUTH_ADVICE)
"""Slack's errors that last until somebody mends the installation."""


def from_api_error(error: SlackApiError, *, method: str, is_write: bool) -> IncidentResponseError:
    """What an answer of Slack other than ``ok`` means."""
    status = getattr(error.response, "status_code", 0)
    answer = _data(error)
    reason = str(answer.get("error") or "")
    if status == 429 or reason in _RATE_LIMITED:
        return RateLimitedError(
            f"Slack limits {method} now",
            retry_after=retry_after(getattr(error.response, "headers", {})),
        )
    if reason in _PASSING:
        return UnavailableError(f"Slack could not take {method}: {reason}")
    if status >= 500 or not reason or reason in _UNKNOWN:
        return lost(f"Slack failed at {method}: {reason or f'HTTP {status}'}", is_write=is_write)
    return _refused(reason, answer, method)


def from_network(error: Exception, *, method: str, is_write: bool) -> RetryableError:
    """What a request that brought no answer means."""
    what = type(error).__name__
    if isinstance(error, NOT_SENT):
        return UnavailableError(f"Slack could not be reached for {method}: {what}")
    return lost(f"no answer from Slack to {method}: {what}", is_write=is_write)


def lost(message: str, *, is_write: bool) -> RetryableError:
    """A read can simply be done again; of a write we do not know whether it was applied."""
    return UnknownOutcomeError(message) if is_write else UnavailableError(message)


def retry_after(headers: Mapping[str, str]) -> timedelta:
    """``Retry-After`` in whole seconds; ``DEFAULT_RETRY_AFTER`` where it says nothing usable."""
    seconds = headers.get("Retry-After", "")
    return timedelta(seconds=int(seconds)) if seconds.isdigit() else DEFAULT_RETRY_AFTER


def answer_of(error: IncidentResponseError) -> dict[str, Any]:
    """The whole answer of Slack an error was made from; empty if it was made from none."""
    cause = error.__cause__
    return _data(cause) if isinstance(cause, SlackApiError) else {}


def _data(error: SlackApiError) -> dict[str, Any]:
    data = getattr(error.response, "data", None)  # an aiohttp response where it was no JSON
    return data if isinstance(data, dict) else {}


def _refused(reason: str, answer: Mapping[str, object], method: str) -> RefusedError:
    if reason == "name_taken":
        return NameTakenError("a channel of this name exists already", reason=reason)
    if reason in _AUTH_ADVICE:
        return RefusedError(f"Slack refused {method}: {_advice(reason, answer)}", reason=reason)
    return RefusedError(f"Slack refused {method}: {reason}", reason=reason)


def _advice(reason: str, answer: Mapping[str, object]) -> str:
    if reason == "missing_scope" and answer.get("needed"):
        return (
            f"the token lacks the scope {answer['needed']}: add it under "
            f"OAuth & Permissions, then {_REINSTALL}"
        )
    return _AUTH_ADVICE[reason]
