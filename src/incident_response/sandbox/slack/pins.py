"""What is kept at hand in a channel: pinned messages."""

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.messages import Messages
from incident_response.sandbox.slack.model import Message, Pin
from incident_response.sandbox.slack.state import State

PIN_LIMIT = 100


class Pins:
    """Pins by channel, newest first, as Slack lists them."""

    def __init__(self, state: State, messages: Messages) -> None:
        self._state = state
        self._messages = messages

    def of(self, channel: str) -> list[Pin]:
        """The channel's pins whose message still exists."""
        pins = self._state.pins.get(channel, [])
        kept = (pin for pin in pins if self._messages.find(channel, pin.ts))
        return sorted(kept, key=lambda pin: pin.created, reverse=True)

    def is_pinned(self, channel: str, ts: str) -> bool:
        return any(pin.ts == ts for pin in self._state.pins.get(channel, []))

    def add(self, message: Message, *, actor: str) -> None:
        """Pin it; `already_pinned`, `not_pinnable` (what Slack itself said), `too_many_pins`."""
        if message.subtype is not None:
            raise SlackError("not_pinnable")
        if self.is_pinned(message.channel, message.ts):
            raise SlackError("already_pinned")
        if len(self.of(message.channel)) >= PIN_LIMIT:
            raise SlackError("too_many_pins")
        pin = Pin(message.channel, message.ts, actor, self._state.seconds())
        self._state.pins.setdefault(message.channel, []).append(pin)
        with self._state.store.together():
            self._state.store.put(f"{pin.channel}/{pin.ts}", pin)
            self._messages.say_subtype(
                pin.channel, "pinned_item", user=actor, text="pinned a message to this channel."
            )
        self._changed(pin, "pinned", actor)

    def remove(self, message: Message, *, actor: str) -> None:
        """Unpin it, or `no_pin`."""
        for pin in self._state.pins.get(message.channel, []):
            if pin.ts == message.ts:
                self._state.pins[message.channel].remove(pin)
                self._state.store.delete(Pin, f"{pin.channel}/{pin.ts}")
                self._changed(pin, "unpinned", actor)
                return
        raise SlackError("no_pin")

    def _changed(self, pin: Pin, cause: str, actor: str) -> None:
        self._state.changed("pin_changed", pin.channel, pin.ts, user=actor, cause=cause)
