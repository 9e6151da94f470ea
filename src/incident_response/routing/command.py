"""A slash subcommand's spec, and the registry that finds one by what a tired person types.

Not here: what a command does (commands).
"""

import difflib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from incident_response.domain.errors import NotFoundError
from incident_response.ports.chat import Message
from incident_response.routing.requests import Request
from incident_response.routing.table import unique_table
from incident_response.routing.workflows import Workflows


class Scope(StrEnum):
    """Where a command works."""

    ANYWHERE = "anywhere"
    IN_ROOM = "in a war room"


Handle = Callable[[Request, Workflows], Awaitable[Message | None]]
"""Does it, and returns what the person alone is told; ``request.text`` is what follows the verb.

"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One subcommand."""

    name: str
    summary: str
    """What it does, in one line, for ``help``."""
    handle: Handle
    usage: str = ""
    """Its arguments, such as ``<role> @user``."""
    aliases: tuple[str, ...] = ()
    scope: Scope = Scope.ANYWHERE
    opens_modal: Callable[[str], bool] = lambda _text: False
    """Whether ``handle`` opens a modal when this is typed after the verb, and so must run at once,
    while the trigger lives: within a second, without asking a vendor.
    """
    label: str = ""
    """What its button in the tray says; empty for a command that needs no button of its own."""
    needs_text: bool = False
    """Whether it makes no sense without something behind the verb: then the tray has no button."""


class UnknownCommandError(NotFoundError):
    """There is no such command."""

    def __init__(self, word: str, nearest: str) -> None:
        super().__init__(f"there is no command {word}")
        self.word = word
        self.nearest = nearest
        """The command it is closest to, empty if to none."""


class CommandRegistry:
    """Finds commands by name, alias or near miss."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self.commands = tuple(commands)
        self._by_name = unique_table(
            "command", ((name, c) for c in commands for name in (c.name, *c.aliases))
        )

    def find(self, text: str) -> tuple[Command, str]:
        """The command that ``text`` begins with, and what follows it; no text is ``help``.

        Raises ``UnknownCommandError`` that names the nearest verb.
        """
        verb, _, rest = text.strip().partition(" ")
        verb = verb.lower() or "help"
        command = self._by_name.get(verb)
        if command is None:
            raise UnknownCommandError(verb[:30], self._nearest(verb))
        return command, rest.strip()

    def _nearest(self, verb: str) -> str:
        near = difflib.get_close_matches(verb, self._by_name, n=1, cutoff=0.5)
        return self._by_name[near[0]].name if near else ""
