"""The workspace: one object that holds everything and through which everything is done."""

from collections.abc import Callable

from incident_response.sandbox.slack.bookmarks import Bookmarks
from incident_response.sandbox.slack.changes import Subscription
from incident_response.sandbox.slack.channels import Channels
from incident_response.sandbox.slack.directory import Directory
from incident_response.sandbox.slack.files import Files
from incident_response.sandbox.slack.messages import Messages
from incident_response.sandbox.slack.model import Seed, SlackApp
from incident_response.sandbox.slack.pins import Pins
from incident_response.sandbox.slack.scheduled import Scheduled
from incident_response.sandbox.slack.state import load_state
from incident_response.sandbox.slack.views import Views
from incident_response.sandbox.store import Store


class Workspace:
    """State and operations, by what they are about. Single-threaded: call it on one event loop.

    Every operation is finished, and written to the store, when it returns. `seed` fills what the
    store has never seen; `now` is epoch seconds.
    """

    def __init__(
        self, *, seed: Seed, app: SlackApp, now: Callable[[], float], store: Store | None = None
    ) -> None:
        self._store = store or Store()
        self.state = load_state(seed=seed, app=app, store=self._store, now=now)
        self.team = seed.team
        self.app = app
        self.feed = self.state.feed
        self.directory = Directory(self.state)
        self.messages = Messages(self.state)
        self.channels = Channels(self.state, self.directory, self.messages)
        self.scheduled = Scheduled(self.state, self.messages)
        self.pins = Pins(self.state, self.messages)
        self.bookmarks = Bookmarks(self.state)
        self.views = Views(self.state)
        self.files = Files(self.state)

    def changes(self) -> Subscription:
        """Everything that happens from now on; close it, or use it in a `with`."""
        return self.feed.subscribe()

    def close(self) -> None:
        """Close the store; nothing may be called afterwards."""
        self._store.close()
