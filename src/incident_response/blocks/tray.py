"""The tray: what can be done in this room, as buttons that type their commands.

A button's value is the line it types, which stays readable however old the tray is. Not here:
which commands there are, or what a click does (routing).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from incident_response.blocks import action_ids, kit, limits
from incident_response.blocks.text import ELLIPSIS, Safe, bold, code, say
from incident_response.domain.model import Json
from incident_response.ports.chat import Message


class TrayButton(NamedTuple):
    """One command in the tray."""

    verb: str
    label: str
    topic: str
    """Buttons of one topic stand together."""
    asks: bool
    """Whether a form asks for more first."""


def tray(buttons: Sequence[TrayButton], command: str) -> Message:
    """The buttons by topic, topics in the order in which they come; ``command`` is the slash
    command, such as ``/inc``.
    """
    topics = list(dict.fromkeys(button.topic for button in buttons))
    heading = say("What do you want to do?")
    blocks: list[Json] = [kit.section(bold(heading), block_id="tray")]
    for number, topic in enumerate(topics):
        group = [_drawn(button, command) for button in buttons if button.topic == topic]
        blocks.append(kit.context(bold(topic), block_id=f"tray.{number}"))
        blocks += _rows(group, f"tray.{number}.buttons")
    blocks.append(kit.context(_others(command), block_id="tray.help"))
    return kit.message(heading, blocks)


def _rows(group: Sequence[Json], block_id: str) -> Iterable[Json]:
    for start in range(0, len(group), limits.ACTIONS_ELEMENTS):
        yield kit.actions(*group[start : start + limits.ACTIONS_ELEMENTS], block_id=block_id)


def _drawn(button: TrayButton, command: str) -> Json:
    label = f"{button.label} {ELLIPSIS}" if button.asks else button.label
    action_id = kit.identifier(f"{action_ids.RUN_COMMAND}:{button.verb}")
    return kit.button(label, action_id=action_id, value=f"{command} {button.verb}")


def _others(command: str) -> Safe:
    return say("Each is also a command: {help} shows all.", help=code(f"{command} help"))
