import pytest

from incident_response.actions import ACTIONS
from incident_response.commands import COMMANDS
from incident_response.domain.errors import InvalidConfigurationError, NotFoundError
from incident_response.events import EVENTS
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import ActionRegistry
from incident_response.routing.command import CommandRegistry, UnknownCommandError
from incident_response.routing.event import EventRegistry
from incident_response.routing.mentions import mentioned_users, without_mentions

COMMAND_REGISTRY = CommandRegistry(COMMANDS)


@pytest.mark.parametrize(
    ("typed", "name", "rest"),
    [
        ("status", "status", ""),
        ("  ROLE  ic <@U1>", "role", "ic <@U1>"),
        ("ls", "list", ""),
        ("new Everything is down", "declare", "Everything is down"),
        ("", "declare", ""),
    ],
)
def test_a_command_is_found_by_name_alias_and_in_any_case(
    typed: str, name: str, rest: str
) -> None:
    command, found = COMMAND_REGISTRY.find(typed)
    assert (command.name, found) == (name, rest)


@pytest.mark.parametrize(
    ("typed", "near"), [("statsu", "status"), ("invte", "invite"), ("qqq", "")]
)
def test_an_unknown_verb_gets_the_nearest_one(typed: str, near: str) -> None:
    with pytest.raises(UnknownCommandError) as refusal:
        COMMAND_REGISTRY.find(typed)
    assert refusal.value.nearest == near


def test_every_table_refuses_twins() -> None:
    with pytest.raises(InvalidConfigurationError):
        CommandRegistry((*COMMANDS, COMMANDS[0]))
    with pytest.raises(InvalidConfigurationError):
        ActionRegistry((*ACTIONS, ACTIONS[0]))
    with pytest.raises(InvalidConfigurationError):
        EventRegistry((*EVENTS, EVENTS[0]))


def test_an_action_of_another_kind_is_another_action() -> None:
    registry = ActionRegistry(ACTIONS)
    assert registry.knows(EnvelopeKind.ACTION, "take_command")
    assert not registry.knows(EnvelopeKind.VIEW, "take_command")
    with pytest.raises(NotFoundError):
        registry.find(EnvelopeKind.ACTION, "drop_tables")


def test_people_are_read_as_slack_writes_them() -> None:
    typed = "ic <@U0A|ada> and <@W1B> and <@U0A> not @ben"
    assert mentioned_users(typed) == ("U0A", "W1B")
    assert without_mentions(typed) == "ic and and not @ben"
