"""What the program understands: the answers to ``help`` and to a word it does not know.

Not here: the commands themselves, whose specs give the rows.
"""

from collections.abc import Sequence
from typing import NamedTuple

from incident_response.blocks import kit
from incident_response.blocks.text import Safe, bold, code, escape, excerpt, join, say
from incident_response.ports.chat import Message

VERB = 40


class HelpRow(NamedTuple):
    """One command: how it is typed (without the slash command), what it does."""

    usage: str
    summary: str
    topic: str
    """What it is about; rows of one topic stand together."""
    is_anywhere: bool
    """Whether it works outside of a war room too."""


def help_text(rows: Sequence[HelpRow], command: str) -> Message:
    """All commands by topic, topics in the order in which they come; ``command`` is the slash
    command, such as ``/inc``.
    """
    topics = list(dict.fromkeys(row.topic for row in rows))
    blocks = [
        kit.section(_topic(rows, topic, command), block_id=f"help.{place}")
        for place, topic in enumerate(topics)
    ]
    blocks.append(kit.context(_anywhere(rows), block_id="help.anywhere"))
    usages = join((escape(row.usage) for row in rows), ", ")
    return kit.message(say("Commands of {name}: {all}", name=command, all=usages), blocks)


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


def _topic(rows: Sequence[HelpRow], topic: str, command: str) -> Safe:
    lines = [
        say("{usage}  {summary}", usage=code(f"{command} {row.usage}"), summary=row.summary)
        for row in rows
        if row.topic == topic
    ]
    return join([bold(topic), *lines], "\n")


def _anywhere(rows: Sequence[HelpRow]) -> Safe:
    verbs = (excerpt(row.usage.partition(" ")[0], VERB) for row in rows if row.is_anywhere)
    return say("Anywhere: {verbs}. The others in a war room.", verbs=join(verbs, ", "))
