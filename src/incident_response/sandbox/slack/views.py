"""Modals and App Homes: which are open in front of whom, and what was last typed into them."""

import secrets

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.model import Json, View
from incident_response.sandbox.slack.state import State

STACK_LIMIT = 3  # modals on top of each other, views.push


class Views:
    """Open views. A modal stack belongs to one person; each person has at most one Home."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, view_id: str) -> View:
        """The view, or `not_found`."""
        found = self._state.views.get(view_id)
        if found is None:
            raise SlackError("not_found")
        return found

    def is_open(self, view: View) -> bool:
        """Whether it is still in front of its person."""
        return self._state.views.get(view.id) is view

    def by_external_id(self, external_id: str) -> View | None:
        views = self._state.views.values()
        return next((view for view in views if view.external_id == external_id), None)

    def stack(self, user: str) -> list[View]:
        """The person's open modals, bottom first; the last is the one in front."""
        views = [v for v in self._state.views.values() if v.user == user and v.type == "modal"]
        below = {view.id: view.previous_view_id for view in views}
        return sorted(views, key=lambda view: _depth(view.id, below))

    def home(self, user: str) -> View | None:
        views = self._state.views.values()
        return next((view for view in views if view.user == user and view.type == "home"), None)

    def open(self, body: Json, *, user: str) -> View:
        """Show a modal; whatever modals the person had open are gone."""
        self._require_fresh_external_id(body)
        for view in self.stack(user):
            self._forget(view)
        return self._keep(self._new(body, user=user), "opened")

    def push(self, body: Json, *, user: str) -> View:
        """Lay a modal on the stack; `not_found` without one, `push_limit_reached` past 3."""
        self._require_fresh_external_id(body)
        stack = self.stack(user)
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= STACK_LIMIT:
            raise SlackError("push_limit_reached")
        view = self._new(body, user=user)
        view.root_view_id = stack[0].id
        view.previous_view_id = stack[-1].id
        return self._keep(view, "pushed")

    def update(self, view: View, body: Json, *, expected_hash: str | None = None) -> View:
        """Replace a view's body; `hash_conflict` when it has changed since the caller looked."""
        if expected_hash and expected_hash != view.hash:
            raise SlackError("hash_conflict")
        if body.get("external_id") != view.external_id:
            self._require_fresh_external_id(body)
        view.body = body
        view.external_id = str(body.get("external_id") or "")
        view.hash = self._new_hash()
        view.state = _kept_state(view)
        return self._keep(view, "updated")

    def publish(self, body: Json, *, user: str, expected_hash: str | None = None) -> View:
        """Set the person's App Home."""
        home = self.home(user)
        if home is not None:
            return self.update(home, body, expected_hash=expected_hash)
        self._require_fresh_external_id(body)
        return self._keep(self._new(body, user=user), "opened")

    def remember(self, view: View, values: Json) -> None:
        """Keep what was typed; the person knows it already, so nobody is told."""
        view.state = values
        self._state.store.put(view.id, view)

    def close(self, view: View, *, cleared: bool = False) -> list[View]:
        """Take a modal away (all of the stack when `cleared`); return those gone, front first."""
        stack = self.stack(view.user)
        gone = stack if cleared else stack[stack.index(view) :]
        for each in gone:
            self._forget(each)
        self._told(view, "closed")
        return list(reversed(gone))

    def _new(self, body: Json, *, user: str) -> View:
        view_id = self._state.new_id("V")
        return View(
            id=view_id,
            user=user,
            type=str(body["type"]),
            body=body,
            hash=self._new_hash(),
            app_id=self._state.app.app_id,
            bot_id=self._state.app.bot_id,
            root_view_id=view_id,
            external_id=str(body.get("external_id") or ""),
        )

    def _new_hash(self) -> str:
        return f"{self._state.seconds()}.{secrets.token_hex(4)}"

    def _keep(self, view: View, cause: str) -> View:
        self._state.views[view.id] = view
        self._state.store.put(view.id, view)
        self._told(view, cause)
        return view

    def _forget(self, view: View) -> None:
        del self._state.views[view.id]
        self._state.store.delete(View, view.id)

    def _told(self, view: View, cause: str) -> None:
        self._state.changed("view_changed", user=view.user, view_id=view.id, cause=cause)

    def _require_fresh_external_id(self, body: Json) -> None:
        external_id = body.get("external_id")
        if external_id and self.by_external_id(str(external_id)) is not None:
            raise SlackError("duplicate_external_id")


def _depth(view_id: str | None, below: dict[str, str | None]) -> int:
    depth = 0
    while view_id is not None and view_id in below:
        view_id = below[view_id]
        depth += 1
    return depth


def _kept_state(view: View) -> Json:
    """What was typed stays where a block keeps its `block_id`, as Slack's client does it."""
    present = {block.get("block_id") for block in view.blocks}
    return {block: values for block, values in view.state.items() if block in present}
