"""What an interaction hands to the app: trigger ids and response addresses, and how long."""

import secrets
from collections.abc import Callable

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.model import ResponseUrl
from incident_response.sandbox.slack.state import State

TRIGGER_SECONDS = 3.0
TRIGGERS_KEPT = 4096
RESPONSE_URL_SECONDS = 30 * 60
RESPONSE_URL_USES = 5


class Triggers:
    """Trigger ids: worth one view within three seconds. They do not outlive the process."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._issued: dict[str, tuple[str, float]] = {}
        self._exchanged: set[str] = set()

    def issue(self, user: str) -> str:
        """A trigger id for something `user` just did."""
        trigger = (
            f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        )
        self._issued[trigger] = (user, self._now())
        while len(self._issued) > TRIGGERS_KEPT:
            oldest = next(iter(self._issued))
            del self._issued[oldest]
            self._exchanged.discard(oldest)
        return trigger

    def exchange(self, trigger: str) -> str:
        """The user it stands for; `invalid_`, `exchanged_` or `expired_trigger_id` otherwise."""
        if trigger not in self._issued:
            raise SlackError("invalid_trigger_id")
        if trigger in self._exchanged:
            raise SlackError("exchanged_trigger_id")
        user, at = self._issued[trigger]
        if self._now() - at > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        self._exchanged.add(trigger)
        return user


class ResponseUrls:
    """Addresses to answer at: five uses within thirty minutes; they survive a restart."""

    def __init__(self, state: State) -> None:
        self._state = state

    def issue(
        self,
        *,
        channel: str,
        user: str,
        message_ts: str | None = None,
        is_ephemeral: bool = False,
        thread_ts: str | None = None,
    ) -> ResponseUrl:
        self._sweep()
        issued = ResponseUrl(
            id=secrets.token_urlsafe(24),
            channel=channel,
            user=user,
            created=self._state.now(),
            message_ts=message_ts,
            is_ephemeral=is_ephemeral,
            thread_ts=thread_ts,
        )
        self._keep(issued)
        return issued

    def use(self, response_id: str) -> ResponseUrl:
        """Count one use; `used_url` past the fifth, `expired_url` when too old or unknown."""
        found = self._state.response_urls.get(response_id)
        if found is None or self._state.now() - found.created > RESPONSE_URL_SECONDS:
            raise SlackError("expired_url")
        if found.used >= RESPONSE_URL_USES:
            raise SlackError("used_url")
        found.used += 1
        self._keep(found)
        return found

    def _keep(self, issued: ResponseUrl) -> None:
        self._state.response_urls[issued.id] = issued
        self._state.store.put(issued.id, issued)

    def _sweep(self) -> None:
        horizon = self._state.now() - RESPONSE_URL_SECONDS
        for old in [u for u in self._state.response_urls.values() if u.created < horizon]:
            del self._state.response_urls[old.id]
            self._state.store.delete(ResponseUrl, old.id)
