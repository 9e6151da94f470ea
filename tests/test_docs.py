"""What the documents say, held against what there is."""

import argparse
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from incident_response.bootstrap.slack_app import (
    BOT_EVENTS,
    BOT_SCOPES,
    COMMAND_DESCRIPTION,
    COMMAND_HINT,
    SHORTCUTS,
)
from incident_response.commands import COMMANDS
from incident_response.entrypoints.main import PROCESSES, _parser
from incident_response.settings import Settings
from tests.configuration_reference import rendered

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "incident_response"
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "artifacts").glob("*.md")]
)
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_documented_once_and_nothing_else_is() -> None:
    names = re.findall(r"^\| `([A-Z_]+)` \|", CONFIGURATION, re.MULTILINE)
    assert len(names) == len(set(names))
    assert set(names) == {name.upper() for name in Settings.model_fields}


def test_the_reference_of_the_settings_is_the_one_that_is_made_from_them() -> None:
    assert rendered(CONFIGURATION) == CONFIGURATION, "scripts/fix makes it anew"


def test_a_setting_that_is_gone_new_or_changed_is_brought_up_to_date() -> None:
    row = "| `WEBHOOK_PORT` | `8080` | Port for alerts; 0 takes a free one |\n"
    assert row in CONFIGURATION
    gone = row.replace("WEBHOOK_PORT", "OLD_PORT")
    assert rendered(CONFIGURATION.replace(row, row + gone)) == CONFIGURATION
    assert rendered(CONFIGURATION.replace(row, row.replace("8080", "1"))) == CONFIGURATION
    anew = rendered(CONFIGURATION.replace(row, ""))
    assert re.search(r"^\| `LISTEN_HOST`.*\n\| `WEBHOOK_PORT` \| `8080` \|", anew, re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not target.startswith(("http://", "https://")):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_scripts_and_processes_that_are_named_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for script in re.findall(r"\bscripts/([a-z-]+)\b", text):
        assert (ROOT / "scripts" / script).is_file(), script
    for named in re.findall(r"`((?:tests|docs|artifacts)/[\w./-]+)`", text):
        assert (ROOT / named).exists(), named
    for named in re.findall(r"`([a-z_]+/[\w/]+\.py)(?::\w+)?`", text):
        if not named.startswith("tests/"):
            assert (SOURCE / named).is_file(), named
    for process in re.findall(r"`incident-response ([a-z]+)", text):
        assert process in PROCESSES, process


def test_the_readmes_recipes_name_rooms_and_tables_that_exist() -> None:
    recipes = README.partition("## To add a")[2].partition("## Read on")[0]
    tables = {
        name: path
        for path in SOURCE.rglob("*.py")
        for name in re.findall(
            r"^([A-Z_]+)(?::[^=]+)? = \(", path.read_text("utf-8"), re.MULTILINE
        )
    }
    assert len(re.findall(r"^\* \*\*", recipes, re.MULTILINE)) == 5
    for table in re.findall(r"line in `([A-Z_]+)`", recipes):
        assert table in tables, table
    for room in re.findall(r"`(\w+)/<\w+>\.py`", recipes):
        assert (SOURCE / room).is_dir(), room


def test_the_readmes_rooms_are_the_rooms() -> None:
    table = README.partition("## Rooms of the code")[2].partition("## To add a")[0]
    named = set(re.findall(r"`(\w+(?:\.py|/))`", table))
    there = {f"{p.name}/" for p in SOURCE.iterdir() if (p / "__init__.py").is_file()}
    there |= {p.name for p in SOURCE.glob("*.py") if p.name != "__init__.py"}
    assert named == there


def test_the_hint_of_the_slash_command_offers_a_few_verbs_that_exist() -> None:
    offered = set(COMMAND_HINT.strip("[]").replace(" ", "").split("|"))
    assert offered <= {command.name for command in COMMANDS}
    assert "help" in offered
    assert len(COMMAND_HINT) <= 60, "it stands in one line under what is being typed"


def test_the_manifest_asks_for_what_the_code_asks_for() -> None:
    path = ROOT / "artifacts" / "slack-manifest.yaml"
    manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
    features, settings = manifest["features"], Settings.isolated()
    commands = {command["command"]: command for command in features["slash_commands"]}
    assert set(commands) == {settings.slack_command, settings.slack_command_alias}
    for command in commands.values():
        assert command["description"] == COMMAND_DESCRIPTION
        assert command["usage_hint"] == COMMAND_HINT
        assert command["should_escape"] is True
    shortcuts = [(s["callback_id"], s["name"]) for s in features["shortcuts"]]
    assert shortcuts == list(SHORTCUTS)
    assert manifest["oauth_config"]["scopes"]["bot"] == list(BOT_SCOPES)
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == list(BOT_EVENTS)
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"]["is_enabled"] is True


def test_the_one_click_link_carries_the_manifest_as_it_is() -> None:
    text = (ROOT / "docs" / "slack-app.md").read_text(encoding="utf-8")
    (link,) = re.findall(r"\]\((https://api\.slack\.com/apps\?[^)]*)\)", text)
    carried = parse_qs(urlsplit(link).query)["manifest_yaml"]
    assert carried == [(ROOT / "artifacts" / "slack-manifest.yaml").read_text(encoding="utf-8")]


def test_every_scope_of_the_app_is_explained_once() -> None:
    text = (ROOT / "docs" / "slack-app.md").read_text(encoding="utf-8")
    table = text.partition("| Scope | For |")[2].partition("Events:")[0]
    explained = [
        s
        for row in table.splitlines()
        for s in re.findall(r"`(\S+)`", row.split("|")[1:2][0] if "|" in row else "")
    ]
    assert sorted(explained) == sorted(BOT_SCOPES)


def test_every_option_that_a_document_shows_is_one_of_the_program() -> None:
    """In the lines that people copy: the word after the name, and each option behind it."""
    for document in DOCUMENTS:
        for line in re.findall(r"incident-response ([a-z]+[^`\n]*)", document.read_text("utf-8")):
            process = line.split()[0]
            if process not in PROCESSES:
                continue
            for option in re.findall(r"(?<!\S)--[a-z-]+", line.split("#")[0]):
                assert option in _options(process), f"{document.name}: {process} {option}"


def _options(process: str) -> set[str]:
    """Every option of a process, of its parts too."""
    found: set[str] = set()
    waiting = [_parser()]
    while waiting:
        for action in waiting.pop()._actions:
            found.update(action.option_strings)
            if isinstance(action, argparse._SubParsersAction):
                chosen = action.choices
                waiting += [chosen[process]] if process in chosen else list(chosen.values())
    return found


def test_every_script_says_what_it_is_for_and_can_be_run() -> None:
    scripts = [*(ROOT / "scripts").iterdir(), *(ROOT / ".ci").iterdir()]
    for script in scripts:
        lines = script.read_text(encoding="utf-8").splitlines()
        assert lines[0] == "#!/usr/bin/env bash", script.name
        assert lines[1].startswith("# "), script.name
        assert "set -euo pipefail" in lines, script.name
        assert script.stat().st_mode & 0o111, script.name
