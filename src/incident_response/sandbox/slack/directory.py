"""Who is in the workspace: people, bots and user groups."""

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.model import User, UserGroup
from incident_response.sandbox.slack.state import State


class Directory:
    """Look-ups over users and groups."""

    def __init__(self, state: State) -> None:
        self._state = state

    def users(self) -> list[User]:
        """Everyone, deactivated people and bots too, by id."""
        return [self._state.users[key] for key in sorted(self._state.users)]

    def find(self, user: str) -> User | None:
        return self._state.users.get(user)

    def user(self, user: str) -> User:
        """The user with that id, or `user_not_found`."""
        found = self.find(user)
        if found is None:
            raise SlackError("user_not_found")
        return found

    def by_email(self, email: str) -> User | None:
        """The active person with that address; Slack does not mind its case."""
        wanted = email.strip().casefold()
        for user in self._state.users.values():
            if user.email and user.email.casefold() == wanted and not user.deleted:
                return user
        return None

    def by_bot(self, bot_id: str) -> User | None:
        """The bot user behind a `B...` id."""
        return next((u for u in self._state.users.values() if u.bot_id == bot_id), None)

    def usergroups(self) -> list[UserGroup]:
        return [self._state.usergroups[key] for key in sorted(self._state.usergroups)]

    def usergroup(self, group: str) -> UserGroup:
        """The group with that id, or `no_such_subteam`."""
        found = self._state.usergroups.get(group)
        if found is None:
            raise SlackError("no_such_subteam")
        return found
