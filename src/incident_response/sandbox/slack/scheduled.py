"""Messages that wait for their time."""

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.messages import Messages
from incident_response.sandbox.slack.model import Message, ScheduledMessage
from incident_response.sandbox.slack.state import State

HORIZON_SECONDS = 120 * 24 * 3600
WINDOW_SECONDS = 300
WINDOW_LIMIT = 30  # messages to one channel within five minutes


class Scheduled:
    """What is to be posted later. `post_due` is called by the server's loop."""

    def __init__(self, state: State, messages: Messages) -> None:
        self._state = state
        self._messages = messages

    def add(self, draft: Message, post_at: int) -> ScheduledMessage:
        """Keep a draft until `post_at`, epoch seconds within 120 days from now."""
        if post_at <= self._state.now():
            raise SlackError("time_in_past")
        if post_at > self._state.now() + HORIZON_SECONDS:
            raise SlackError("time_too_far")
        if self._crowd(draft.channel, post_at) >= WINDOW_LIMIT:
            raise SlackError("restricted_too_many")
        item = ScheduledMessage(self._state.new_id("Q"), draft.channel, post_at, draft.user, draft)
        self._state.scheduled[item.id] = item
        self._state.store.put(item.id, item)
        return item

    def remove(self, channel: str, item_id: str) -> None:
        item = self._state.scheduled.get(item_id)
        if item is None or item.channel != channel:
            raise SlackError("invalid_scheduled_message_id")
        self._forget(item)

    def next_at(self) -> float | None:
        """When the next one is due, or None."""
        return min((item.post_at for item in self._state.scheduled.values()), default=None)

    def post_due(self) -> list[SlackError]:
        """Post what is due; return the refusals (a channel archived meanwhile, say)."""
        refusals = []
        for item in list(self._state.scheduled.values()):
            if item.post_at <= self._state.now():
                try:
                    self._post(item)
                except SlackError as error:
                    refusals.append(error)
        return refusals

    def _post(self, item: ScheduledMessage) -> None:
        self._forget(item)
        channel = self._state.channels[item.channel]
        if channel.is_archived:
            raise SlackError("is_archived", channel=channel.id)
        self._messages.post(item.draft)

    def _forget(self, item: ScheduledMessage) -> None:
        del self._state.scheduled[item.id]
        self._state.store.delete(ScheduledMessage, item.id)

    def _crowd(self, channel: str, post_at: int) -> int:
        waiting = (i for i in self._state.scheduled.values() if i.channel == channel)
        return sum(abs(item.post_at - post_at) < WINDOW_SECONDS for item in waiting)
