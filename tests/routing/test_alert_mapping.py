import pytest

from incident_response.domain.alert import AlertState
from incident_response.domain.errors import InvalidConfigurationError
from incident_response.routing.alert_mapping import read_mapping

LEAST = """
group_key: a.b
state: /c~1d/0
title: [e, "f"]
states: {firing: [Open], resolved: [closed, off]}
"""


def test_paths_pointers_and_alternatives_are_read() -> None:
    mapping = read_mapping(LEAST)
    assert mapping.group_key == (("a", "b"),)
    assert mapping.state == (("c/d", "0"),)
    assert mapping.title == (("e",), ("f",))
    assert mapping.summary == ()


def test_words_are_found_whatever_their_case() -> None:
    mapping = read_mapping(LEAST)
    assert mapping.state_of(" OPEN ") is AlertState.FIRING
    assert mapping.state_of("Off") is AlertState.RESOLVED
    assert mapping.state_of("elsewhere") is AlertState.UNKNOWN


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("group_key: [", "no YAML"),
        ("just a text", "valid dictionary"),
        ("", "valid dictionary"),
        (LEAST.replace("title", "titel"), "titel"),
        (LEAST.replace("title", "titel"), "title"),
        (LEAST.replace("a.b", "a..b"), "no empty parts"),
        (LEAST.replace("a.b", "{}"), "group_key"),
        (LEAST.replace("/c~1d/0", "/c~2"), "~0"),
        (LEAST.replace("closed", "open"), "open stands for two states"),
        (LEAST.replace("firing", "burning"), "states"),
        (LEAST.replace("firing: [Open]", "unknown: [Open]"), "unknown"),
        (LEAST.replace("firing: [Open], ", ""), "firing needs"),
        ("!!python/object/apply:os.getcwd []", "valid dictionary"),
    ],
)
def test_what_makes_no_sense_is_named(text: str, told: str) -> None:
    with pytest.raises(InvalidConfigurationError, match=told):
        read_mapping(text)
