"""The workflows: valid, pinned, allowed no more than they need, and calling what there is."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.inventory import ROOT, settings

FOLDER = ROOT / ".github" / "workflows"
NAMES = ("ci", "drill", "release")
TOOLS = Path(sys.executable).parent

each_workflow = pytest.mark.parametrize("name", NAMES)


def workflow(name: str) -> dict[str, Any]:
    text = (FOLDER / f"{name}.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, yaml.BaseLoader)  # `on` is a word here, not a truth
    return found


def steps(name: str) -> list[dict[str, Any]]:
    """Of every job."""
    return [step for job in workflow(name)["jobs"].values() for step in job.get("steps", [])]


def scripts_of(name: str) -> str:
    return "\n".join(step.get("run", "") for step in steps(name))


def test_these_are_all() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(NAMES)


def test_actionlint_finds_nothing_and_looks_into_the_scripts_too() -> None:
    done = subprocess.run(
        [TOOLS / "actionlint", "-shellcheck", TOOLS / "shellcheck", *FOLDER.iterdir()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.defpath},
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@each_workflow
def test_every_action_is_pinned_to_a_commit_and_says_which_version_that_is(name: str) -> None:
    text = (FOLDER / f"{name}.yml").read_text(encoding="utf-8")
    used = re.findall(r"uses: (.*)", text)
    assert used
    for each in used:
        assert each.startswith("./") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[0-9.]+", each), (
            each
        )


@each_workflow
def test_a_token_may_read_and_what_more_it_may_is_said_at_the_job(name: str) -> None:
    found = workflow(name)
    assert found["permissions"] == {"contents": "read"}
    for job in found["jobs"].values():
        assert "write-all" not in str(job.get("permissions", ""))


@each_workflow
def test_no_job_runs_for_hours_and_no_checkout_leaves_its_token(name: str) -> None:
    for title, job in workflow(name)["jobs"].items():
        if "uses" not in job:
            assert 0 < int(job["timeout-minutes"]) <= 30, title
    for step in steps(name):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] == "false"


@each_workflow
def test_nothing_that_others_write_is_put_into_a_script(name: str) -> None:
    assert "${{" not in scripts_of(name)


@each_workflow
def test_scripts_that_are_called_are_there(name: str) -> None:
    called = re.findall(r"(?:scripts|\.ci)/[a-z-]+", scripts_of(name))
    assert called or name == "ci"
    assert all((ROOT / script).is_file() for script in called)


def test_ci_checks_and_tests_as_people_do() -> None:
    found = workflow("ci")
    assert {"push", "pull_request"} <= set(found["on"])
    commands = [step.get("run") for step in found["jobs"]["check-and-test"]["steps"]]
    assert {"scripts/check", "scripts/test"} <= set(commands)
    assert ".ci/promtool" in scripts_of("ci"), "without it the alerts are not tested"
    assert set(found["jobs"]["all"]["needs"]) == set(found["jobs"]) - {"all"}


def test_the_drill_runs_each_night_where_somebody_switched_it_on_and_only_there() -> None:
    found = workflow("drill")
    assert found["on"]["schedule"]
    assert {"schedule", "workflow_dispatch"} == set(found["on"])
    for job in found["jobs"].values():
        assert job["if"] == "vars.INCIDENT_RESPONSE_DRILL_ENABLED == 'true'"


def test_the_drill_aims_at_staging_with_settings_that_there_are() -> None:
    (step,) = (s for s in steps("drill") if "scripts/ci-drill" in s.get("run", ""))
    assert "--environment staging" in step["run"]
    assert "production" not in step["run"]
    told = set(step["env"]) - {"URL"}
    assert told <= settings()
    assert step["env"]["ENVIRONMENT"] == "staging"


def test_the_drills_variables_are_documented() -> None:
    text = (FOLDER / "drill.yml").read_text(encoding="utf-8")
    used = set(re.findall(r"vars\.([A-Z_]+)", text))
    document = (ROOT / "docs" / "drills.md").read_text(encoding="utf-8")
    assert used == set(re.findall(r"^\| `(INCIDENT_RESPONSE_DRILL_[A-Z_]+)` \|", document, re.M))


def test_a_release_waits_for_ci_and_proves_what_it_made() -> None:
    found = workflow("release")
    assert found["on"] == {"push": {"tags": ["v*.*.*"]}}
    assert found["jobs"]["ci"]["uses"] == "./.github/workflows/ci.yml"
    assert found["jobs"]["release"]["needs"] == "ci"
    used = {
        step["uses"].partition("@")[0]: step["with"] for step in steps("release") if "with" in step
    }
    built = used["docker/build-push-action"]
    assert built["sbom"] == "true"
    assert built["provenance"] == "mode=max"
    digest = "${{ steps.build.outputs.digest }}"
    assert used["actions/attest-build-provenance"]["subject-digest"] == digest


def test_dependabot_looks_after_what_is_pinned() -> None:
    found = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    assert {each["package-ecosystem"] for each in found["updates"]} == {"github-actions", "docker"}
