"""Every verb has a button, and every button a verb: a click can be lost by Slack, and nobody
remembers thirty verbs at 3 a.m.
"""

from incident_response.actions import ACTIONS
from incident_response.blocks.action_ids import RUN_COMMAND
from incident_response.commands import COMMANDS
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.command import Command, CommandRegistry
from tests.blocks.reading import buttons
from tests.routing.front import open_front
from tests.workflows.house import World, house

REGISTRY = CommandRegistry(COMMANDS)
BUTTONS = [action for action in ACTIONS if action.kind is EnvelopeKind.ACTION]
WITHOUT_BUTTON = {"tray"}
"""What shows the buttons needs none itself."""


def typed_instead(action: Action) -> set[str]:
    """Names of the commands that do what the button does."""
    return {REGISTRY.find(verb)[0].name for verb in action.verbs}


def clicked_instead(command: Command) -> bool:
    return bool(command.label) or any(command.name in typed_instead(a) for a in BUTTONS)


def test_every_button_has_a_verb_that_is_understood() -> None:
    assert [action.name for action in BUTTONS if not typed_instead(action)] == []


def test_every_verb_has_a_button() -> None:
    missing = {command.name for command in COMMANDS if not clicked_instead(command)}
    assert missing == WITHOUT_BUTTON


def test_what_is_behind_a_verb_is_in_the_usage_of_its_command() -> None:
    """``role ic`` is no way out of a lost click if ``role`` knows no ``ic``."""
    for action in BUTTONS:
        for verb in action.verbs:
            command, rest = REGISTRY.find(verb)
            for word in rest.split():
                known = word[:1] in "<[@" or word in command.usage
                assert known, f"{action.name}: {verb}"


async def test_the_tray_has_a_button_for_each_command_with_a_label_and_no_other() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        await front.type("")
        drawn = [value for _, _, value in buttons(h.world.chat.responses[-1][1])]
    assert sorted(drawn) == sorted(f"/inc {c.name}" for c in COMMANDS if c.label)


def test_no_action_has_the_name_by_which_the_tray_types_its_commands() -> None:
    """Requests of that name count as commands and would never come to it."""
    assert RUN_COMMAND not in {action.name for action in ACTIONS}


def test_labels_tell_the_buttons_apart() -> None:
    labels = [command.label for command in COMMANDS if command.label]
    assert len(labels) == len(set(labels))


def test_no_name_of_an_action_holds_the_colon_behind_which_buttons_differ() -> None:
    assert [action.name for action in ACTIONS if ":" in action.name] == []
