"""The app's manifest against manifests that Slack's own validator takes.

Slack's published schema only points at parts that lie elsewhere, so what is compared is every
field's name, place and type. Reads `../shared/contracts` beside the checkout; where that is
absent, nothing here can run.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT.parent / "shared" / "contracts" / "slack" / "manifest-fixtures" / "manifests"
MANIFEST = ROOT / "artifacts" / "slack-manifest.yaml"
OPTIONAL = {
    ".display_information.background_color",
    ".display_information.description",
    ".features.slash_commands[].usage_hint",
}
"""Fields that Slack documents and its own examples do not happen to use."""


def fields(value: Any, place: str = "") -> dict[str, type]:
    """Every field by its path, items of a list as ``[]``, with its type."""
    if isinstance(value, dict):
        found = [fields(inner, f"{place}.{name}") for name, inner in value.items()]
    elif isinstance(value, list):
        found = [fields(inner, f"{place}[]") for inner in value]
    else:
        return {place: type(value)}
    return {path: kind for each in found for path, kind in each.items()}


@pytest.fixture(scope="module")
def known() -> dict[str, type]:
    """Every field of the manifests that Slack takes."""
    if not FIXTURES.is_dir():
        pytest.skip("the manifest was not checked: there is no ../shared/contracts")
    valid = sorted(FIXTURES.glob("*/manifest.valid.json"))
    assert valid
    merged: dict[str, type] = {}
    for path in valid:
        merged |= fields(json.loads(path.read_text(encoding="utf-8")))
    return merged


def test_every_field_of_the_manifest_is_one_that_slack_knows(known: dict[str, type]) -> None:
    ours = fields(yaml.safe_load(MANIFEST.read_text(encoding="utf-8")))
    assert len(ours) > 15
    unknown = {path: kind for path, kind in ours.items() if known.get(path) is not kind}
    assert unknown == dict.fromkeys(OPTIONAL, str)


def test_a_field_in_the_wrong_place_would_be_seen(known: dict[str, type]) -> None:
    wrong = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    wrong["settings"]["bot_events"] = wrong["settings"].pop("event_subscriptions")["bot_events"]
    assert not fields(wrong).keys() <= known.keys()
