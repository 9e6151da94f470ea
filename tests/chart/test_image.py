"""The image: what goes into it, as whom it runs, and what hadolint says of it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

from incident_response.entrypoints.main import PROCESSES as COMMANDS
from incident_response.settings import Settings
from tests.chart.inventory import ROOT
from tests.chart.rendering import CHART, PROCESSES, environment_of, pod, render

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LINES = DOCKERFILE.replace("\\\n", " ").splitlines()
TOOLS = Path(sys.executable).parent


def instructions(name: str) -> list[str]:
    """What stands behind an instruction, each time."""
    return [line.removeprefix(name).strip() for line in LINES if line.startswith(f"{name} ")]


def test_hadolint_finds_nothing() -> None:
    done = subprocess.run(
        [TOOLS / "hadolint", "--failure-threshold", "style", ROOT / "Dockerfile"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_what_it_is_built_on_is_pinned_by_digest_and_the_same_twice() -> None:
    bases = {line.split()[0] for line in instructions("FROM")}
    (base,) = bases
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base)


def test_its_python_is_one_that_ci_tests_with() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    tested = workflow["jobs"]["check-and-test"]["strategy"]["matrix"]["python"]
    found = re.search(r"python:(3\.\d+)", DOCKERFILE)
    assert found is not None
    assert found[1] in tested
    required = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert required["requires-python"] == f">={min(tested, key=_version)}"


def test_every_package_is_held_to_its_hash() -> None:
    installs = [line for line in instructions("RUN") if " install " in line and "pip" in line]
    from_index = [line for line in installs if "--no-index" not in line]
    assert len(installs) == 2
    assert all("--require-hashes" in line and "--only-binary=:all:" in line for line in from_index)
    lock = (ROOT / "requirements" / "run.txt").read_text("utf-8")
    pinned = re.findall(r"^[a-z0-9][^ ;]*==[^ ;]+", lock, re.MULTILINE)
    assert len(pinned) > 30
    assert lock.count("--hash=sha256:") >= len(pinned)


def test_it_is_not_root_and_the_same_user_as_in_the_chart() -> None:
    (user,) = instructions("USER")
    for process in PROCESSES:
        security = pod(render(), process)["securityContext"]
        assert user == f"{security['runAsUser']}:{security['runAsGroup']}"


def test_its_folder_and_ports_are_the_charts() -> None:
    (told,) = instructions("ENV")
    (ports,) = instructions("EXPOSE")
    for process in PROCESSES:
        variables = environment_of(render(), process)
        assert f"STATE_DIR={variables['STATE_DIR']}" in told.split()
        named = {value for name, value in variables.items() if name.endswith("_PORT")}
        assert named <= set(ports.split())
    own = {each.partition("=")[0] for each in told.split()} & {
        n.upper() for n in Settings.model_fields
    }
    assert own == {"STATE_DIR"}


def test_the_chart_starts_it_with_a_process_of_the_program() -> None:
    assert instructions("ENTRYPOINT") == ['["incident-response"]']
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert "incident-response" in scripts
    assert set(PROCESSES) <= set(COMMANDS)


def test_the_builder_gets_what_is_copied_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {
        source
        for line in instructions("COPY")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    }
    assert "*" in lines
    assert copied == let_in
    assert all((ROOT / source).exists() for source in copied)


def test_the_program_the_chart_and_the_image_have_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    assert project["version"] == chart["version"] == chart["appVersion"]


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
