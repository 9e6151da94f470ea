"""What the program understands: the answers to ``help`` and to a word it does not know.

Not here: the commands themselves, whose specs give the rows.
"""

from collections.abc import Sequence
from typing import NamedTuple

from incident_response.blocks import kit
from incident_response.blocks.text import Safe, code, escape, join, say
from incident_response.ports.chat import Message


class HelpRow(NamedTuple):
    """One command: how it is typed (without the slash command), what it does, where it works."""

    usage: str
    summary: str
    scope: str
    """``anywhere``, ``in a room`` ...; rows of one scope stand together."""


def help_text(rows: Sequence[HelpRow], command: str) -> Message:
    """All commands, by where they work; ``command`` is the slash command, such as ``/inc``."""
    scopes = list(dict.fromkeys(row.scope for row in rows))
    blocks = [
        kit.section(_scope(rows, scope, command), block_id=f"help.{place}")
        for place, scope in enumerate(scopes)
    ]
    usages = join((escape(row.usage) for row in rows), ", ")
    return kit.message(say("{cmd} understands: {all}", cmd=command, all=usages), blocks)


def unknown_command(word: str, nearest: str, command: str) -> Message:
    """The word is not understood; ``nearest`` is the command it is closest to, or empty."""
    guess = (
        say("Did you mean {usage}? ", usage=code(f"{command} {nearest}")) if nearest else Safe()
    )
    text = say(
        "I do not know “{word}”. {guess}{help} shows all commands.",
        word=word[:80],
        guess=guess,
        help=code(f"{command} help"),
    )
    return kit.paragraph(text, block_id="unknown")


def _scope(rows: Sequence[HelpRow], scope: str, command: str) -> Safe:
    lines = [
        say("{usage}  {summary}", usage=code(f"{command} {row.usage}"), summary=row.summary)
        for row in rows
        if row.scope == scope
    ]
    return join([say("*{scope}*", scope=scope[:1].upper() + scope[1:]), *lines], "\n")
