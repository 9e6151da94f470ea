"""``incident-response doctor`` as an operator runs it."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from incident_response.bootstrap.doctor import CHECKS
from incident_response.settings import Settings
from tests.entrypoints.processes import run, running
from tests.entrypoints.test_processes import exports

CANARY = "c4n4ry-never-to-be-seen"


@asynccontextmanager
async def settings(folder: Path) -> AsyncIterator[dict[str, str]]:
    """The environment of a whole installation over a sandbox of its own."""
    async with running("sandbox", "--state-dir", str(folder / "s"), "--port", "0") as sandbox:
        await sandbox.says("Ctrl-C stops it")
        yield {
            **exports(sandbox.said),
            "STATE_DIR": str(folder / "state"),
            "GENERIC_WEBHOOK_KEY": CANARY,
        }


async def test_it_tells_each_check_in_a_line_and_ends_with_0_only_if_all_is_well(
    tmp_path: Path,
) -> None:
    async with settings(tmp_path) as env:
        code, said = await run("doctor", env=env)
        assert code == 0, said
        assert said.endswith("\n\nAll is well.\n")
        lines = said.splitlines()[:-2]
        embedded = Settings.isolated()
        names = ["Settings", *(check.name for check in CHECKS if check.applies(embedded))]
        assert len(lines) == len(names)
        for line, name in zip(lines, names, strict=True):
            assert re.match(rf"(ok|off) +{re.escape(name)}  ", line), line

        code, said = await run("doctor", env={**env, "LINEAR_TEAM_ID": "OPS"})
        assert code == 1
        (bad,) = [line for line in said.splitlines() if line.startswith("WRONG")]
        assert re.match(r"WRONG  Linear +LINEAR_TEAM_ID must be the team's UUID, not its key", bad)
        assert said.endswith("\n1 wrong.\n")
        assert CANARY not in said


async def test_a_program_reads_one_line_of_json(tmp_path: Path) -> None:
    async with settings(tmp_path) as env:
        code, said = await run("doctor", "--json", "--only", "webhook", env=env)
        told = json.loads(said)
        assert (code, said.count("\n"), told["ok"]) == (0, 1, True)
        assert [check["check"] for check in told["checks"]] == [
            "Settings",
            "Alert sources",
            "Store",
            "Telemetry",
        ]
        code, said = await run("doctor", "--json", env={**env, "SLACK_BOT_TOKEN": ""})
        told = json.loads(said)
        assert (code, told["ok"]) == (1, False)
        assert [c for c in told["checks"] if c["health"] == "wrong"] == [
            {
                "check": "Slack token",
                "health": "wrong",
                "found": "SLACK_BOT_TOKEN is not set",
                "remedy": "docs/slack-app.md says where it comes from",
            },
            {
                "check": "Slack socket",
                "health": "wrong",
                "found": "SLACK_APP_TOKEN is not set",
                "remedy": "docs/slack-app.md says where it comes from",
            },
        ]


async def test_an_aws_that_cannot_be_reached_is_one_line_each(tmp_path: Path) -> None:
    env = {"BACKEND": "aws", "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    queue = {"INCIDENT_QUEUE_URL": "http://127.0.0.1:9/000000000000/incident-events.fifo"}
    code, said = await run("doctor", "--only", "webhook", env=env | queue)
    assert code == 1
    lines = said.splitlines()
    wrong = ("WRONG +Alert keys", "WRONG +Intake")
    begins = ("ok +Settings", "ok +AWS", *wrong, "off +Telemetry")
    for line, begin in zip(lines[:-2], begins, strict=True):
        assert re.match(rf"{begin}  ", line), line
    assert all("AWS has to be reachable" in line for line in lines[2:4])
    assert lines[-2:] == ["", "2 wrong."]


async def test_settings_that_make_no_sense_are_named_all_at_once_without_their_value() -> None:
    env = {"WEBHOOK_PORT": CANARY, "LOG_LEVEL": CANARY, "SLACK_SOCKETS": "11"}
    code, said = await run("doctor", env=env)
    assert code == 1
    for name in env:
        assert re.search(rf"^WRONG  Settings  {name}: ", said, re.MULTILINE), said
    assert CANARY not in said
    assert said.endswith("\n3 wrong.\n")


async def test_it_says_who_needs_what_when_asked_for_an_unknown_process() -> None:
    code, said = await run("doctor", "--only", "sandbox")
    assert (code, "invalid choice: 'sandbox'" in said) == (2, True)
