"""A slash subcommand's spec, and the registry that finds one by what a tired person types.

Not here: what a command does (commands).
"""

import difflib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from incident_response.domain.errors import NotFoundError
from incident_response.ports.chat import Message
from incident_response.routing.requests import Request
from incident_response.routing.table import unique_table
from incident_response.routing.workflows import CommandRow, Workflows

Row = TypeVar("Row", bound=CommandRow)


class Scope(StrEnum):
    """Where a command works."""

    ANYWHERE = "anywhere"
    IN_ROOM = "in a war room"


class Topic(StrEnum):
    """What a command is about: the sections of ``help`` and of the tray, in this order."""

    BEGIN = "Begin"
    PICTURE = "Where it stands"
    PEOPLE = "Who does what"
    SEVERITY = "How bad it is"
    CUSTOMERS = "Customers"
    UPDATES = "Updates and reminders"
    END = "The end"
    MORE = "More"


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
    topic: Topic = Topic.MORE
    label: str = ""
    """What its button in the tray says; empty for a command that needs no button of its own."""
    needs_text: bool = False
    """Whether it makes no sense without something behind the verb: then a form asks for that."""
    bare: Scope | None = None
    """Where the slash command alone means this one."""

    def asks(self, text: str) -> bool:
        """Whether its form is to be opened when ``text`` follows the verb."""
        return self.needs_text and not text


def by_topic(rows: Iterable[Row]) -> list[Row]:
    """The rows of the table in the order of their topics."""
    order = {topic.value: place for place, topic in enumerate(Topic)}
    return sorted(rows, key=lambda row: order[row.topic])


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
        bare = ((c.bare, c) for c in commands if c.bare is not None)
        self._bare = unique_table("command for the slash command alone", bare)

    def find(self, text: str, *, here: Scope = Scope.ANYWHERE) -> tuple[Command, str]:
        """The command that ``text`` begins with, and what follows it; for no text, what the slash
        command alone means ``here``.

        Raises ``UnknownCommandError`` that names the nearest verb.
        """
        verb, _, rest = text.strip().partition(" ")
        verb = verb.lower()
        command = self._by_name.get(verb) if verb else self._bare.get(here)
        if command is None:
            raise UnknownCommandError(verb[:30], self._nearest(verb))
        return command, rest.strip()

    def _nearest(self, verb: str) -> str:
        near = difflib.get_close_matches(verb, self._by_name, n=1, cutoff=0.5)
        return self._by_name[near[0]].name if near else ""
