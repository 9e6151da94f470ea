"""``policy check`` and ``policy explain`` as an operator runs them."""

import json
from pathlib import Path

import pytest

from incident_response.adapters.policy_yaml.reader import shipped_text
from tests.entrypoints.processes import run

ALERT = {
    "status": "firing",
    "labels": {"alertname": "DiskFull", "team": "payments", "tier": "critical"},
    "annotations": {"summary": "Disk is full"},
    "startsAt": "2026-03-02T08:59:30Z",
}
FIRING = {
    "alerts": [ALERT],
    "status": "firing",
    "version": "4",
    "groupKey": "{}:{alertname='DiskFull'}",
    "groupLabels": {"alertname": "DiskFull"},
    "commonLabels": {"alertname": "DiskFull", "team": "payments", "tier": "critical"},
    "commonAnnotations": {"summary": "Disk is full"},
    "externalURL": "http://am.x.test",
    "receiver": "r",
    "truncatedAlerts": 0,
}
RULES = "rules: [{severity: P0, team: payments, labels: {tier: crit*}}]"


@pytest.fixture
def alert(tmp_path: Path) -> str:
    path = tmp_path / "alert.json"
    path.write_text(json.dumps(FIRING))
    return str(path)


def written(folder: Path, text: str) -> str:
    path = folder / "my-policy.yaml"
    path.write_text(text)
    return str(path)


async def test_the_shipped_policy_is_sound_and_says_whom_it_cannot_call() -> None:
    code, said = await run("policy", "check")
    assert code == 0
    assert "The shipped policy is sound: 5 severities" in said
    assert "engineering_manager, cto, ceo" in said


async def test_the_policy_of_the_installation_is_checked_unless_another_is_named(
    tmp_path: Path,
) -> None:
    file = written(tmp_path, shipped_text().replace('cto: ""', "cto: cto@x.test"))
    code, said = await run("policy", "check", env={"POLICY_FILE": file})
    assert code == 0
    assert f"{file} is sound" in said
    assert "1 of 5 contacts" in said


async def test_a_policy_with_mistakes_is_refused_with_a_line_for_each(tmp_path: Path) -> None:
    text = shipped_text().replace("respond_within: 30m", "respond_within: soon")
    file = written(tmp_path, text.replace("nudge_every: 4h", "nudge_evry: 4h"))
    code, said = await run("policy", "check", file)
    assert code == 1
    told = [line for line in said.splitlines() if f"{file}:" in line]
    assert len(told) == 2
    assert "severities.P1.respond_within" in told[0]
    assert "did you mean nudge_every?" in told[1]
    assert "Traceback" not in said


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
async def test_a_file_that_cannot_be_read_is_said_to_be_so(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "p.yaml"
    if content is not None:
        path.write_bytes(content)
    code, said = await run("policy", "check", str(path))
    assert code == 1
    assert str(path) in said
    assert "Traceback" not in said


async def test_an_alert_is_explained_in_plain_words(tmp_path: Path, alert: str) -> None:
    text = shipped_text().replace("rules: []", RULES).replace('cto: ""', "cto: cto@x.test")
    file = written(tmp_path, text)
    code, said = await run("policy", "explain", alert, "--policy", file)
    assert code == 0
    for words in (
        "alertmanager: DiskFull: Disk is full (firing)",
        "P0  Critical: complete outage",
        "because rule 1 of the policy says so: team is payments, label tier is crit*.",
        "It opens a room.",
        "whoever is on call for team payments",
        "after 2 h",
        "the cto (cto@x.test)",
        "the ceo (nobody is named)",
        "respond within 15 min, resolve within 2 h",
        "updates every 30 min",
        "approved by the commander",
    ):
        assert words in said, (words, said)


async def test_an_explanation_for_a_machine_is_one_line_of_json(alert: str) -> None:
    code, said = await run("policy", "explain", alert, "--source", "alertmanager", "--json")
    assert code == 0
    (line,) = said.splitlines()
    found = json.loads(line)
    assert found["severity"] == "P1"
    assert found["opens_room"] is True
    assert found["ladder"][1] == {
        "level": "L2",
        "after_seconds": 1800.0,
        "who": ["tech", "ic", "technical_lead", "commander"],
    }


async def test_an_alert_that_only_resolves_or_is_recorded_opens_nothing(
    tmp_path: Path, alert: str
) -> None:
    ended = {"status": "resolved", "endsAt": "2026-03-02T09:59:30Z"}
    resolved = {**FIRING, "status": "resolved", "alerts": [{**ALERT, **ended}]}
    path = tmp_path / "resolved.json"
    path.write_text(json.dumps(resolved))
    code, said = await run("policy", "explain", str(path))
    assert code == 0
    assert "It opens no incident" in said
    rules = "rules: [{severity: P4, team: payments}]"
    file = written(tmp_path, shipped_text().replace("rules: []", rules))
    _, said = await run("policy", "explain", alert, "--policy", file)
    assert "It opens no room and calls nobody" in said


@pytest.mark.parametrize("content", ["[]", "{", '{"a": 1}', None])
async def test_an_alert_that_is_none_is_refused_with_the_reason(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "alert.json"
    if content is not None:
        path.write_text(content)
    code, said = await run("policy", "explain", str(path))
    assert code == 1
    assert "Traceback" not in said
    assert "not understood" in said if content is not None else str(path) in said
