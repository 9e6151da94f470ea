"""The command line: what it offers, and what it refuses in one clear line."""

import re
import subprocess
import sys

import pytest

from incident_response.entrypoints.main import PROCESSES
from tests.entrypoints.processes import run


async def test_the_help_names_every_process() -> None:
    code, said = await run("--help")
    assert code == 0
    for name in PROCESSES:
        assert re.search(rf"^ +{name}\b", said, re.MULTILINE), name


@pytest.mark.parametrize("name", PROCESSES)
async def test_every_process_has_help_that_writes_slack_as_slack_does(name: str) -> None:
    code, said = await run(name, "--help")
    assert code == 0
    assert said.startswith(f"usage: incident-response {name} ")
    assert "slack" not in said


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "required: process"),
        (("serve",), "invalid choice: 'serve'"),
        (("local", "--port", "99999"), "a port is a number from 0 to 65535"),
        (("local", "--port", "-1"), "a port is a number from 0 to 65535"),
        (("local", "--health-port", "http"), "a port is a number from 0 to 65535"),
        (("drill",), "required: --local"),
        (("drill", "--local", "--deadline", "soon"), "a number of seconds above 0"),
        (("drill", "--local", "--deadline", "nan"), "a number of seconds above 0"),
        (("drill", "--local", "--deadline", "0"), "a number of seconds above 0"),
    ],
)
async def test_a_wrong_command_line_is_refused_with_the_reason(
    arguments: tuple[str, ...], reason: str
) -> None:
    code, said = await run(*arguments)
    assert code == 2
    assert reason in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        # Help must be quick, and what faces the internet must not carry Slack's SDK.
        ("main", ("aiohttp", "pydantic", "slack_sdk", "slack_bolt")),
        ("webhook.main", ("slack_sdk", "slack_bolt")),
    ],
)
def test_a_process_imports_nothing_it_does_not_need(
    module: str, unwanted: tuple[str, ...]
) -> None:
    code = (
        f"import sys, incident_response.entrypoints.{module}; "
        f"print([name for name in {unwanted!r} if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout == "[]\n"
