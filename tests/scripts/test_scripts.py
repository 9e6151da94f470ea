"""What operators run: free of shellcheck's findings, and doing what they say."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from incident_response.bootstrap.secret_inventory import inventory, secret_variables
from incident_response.entrypoints.local_stack import KEY_FILE
from incident_response.settings import Settings
from tests.entrypoints.processes import run, running, webhook_settings
from tests.scenarios.local_process import BOT_TOKEN, LocalProcess, eventually, local_process

ROOT = Path(__file__).parents[2]
PATH = "/usr/local/bin:/usr/bin:/bin"
CANARY = "c4n4ry-never-to-be-seen"


def test_shellcheck_finds_nothing_in_any_script() -> None:
    scripts = [*(ROOT / "scripts").iterdir(), *(ROOT / ".ci").iterdir()]
    shellcheck = Path(sys.executable).parent / "shellcheck"
    found = subprocess.run(
        [shellcheck, *scripts], capture_output=True, text=True, check=False, timeout=60
    )
    assert found.stdout == ""
    assert found.returncode == 0


async def script(
    name: str, *arguments: str, env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Exit code and everything said."""
    spawned = await asyncio.create_subprocess_exec(
        str(ROOT / "scripts" / name),
        *arguments,
        env={"PATH": PATH, **(env or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(60):
            said, _ = await spawned.communicate()
    finally:
        if spawned.returncode is None:
            spawned.kill()
            await spawned.wait()
    assert spawned.returncode is not None
    return spawned.returncode, said.decode()


# --- seed-secrets ------------------------------------------------------------------------------

AWS = """#!/usr/bin/env bash
# Stands in for the AWS command line: names of secrets in a list, each value in a file. Of one that
# has no value it says the same as of one that is not there, as AWS does.
set -euo pipefail
printf '%s\\n' "$*" >>"$STORE/arguments"
[[ "$1" == secretsmanager && "$3" == --secret-id || "$3" == --name ]]
file="$STORE/${4//\\//_}"
fail() { echo "An error occurred ($1)" >&2; exit 254; }
is_there() { grep -qxF "$4" "$STORE/names"; }
case "$2" in
  get-secret-value)
    [[ -z "${BROKEN:-}" ]] || fail AccessDeniedException
    [[ -f "$file" ]] || fail ResourceNotFoundException
    cat "$file"
    ;;
  describe-secret)
    [[ -z "${UNDESCRIBED:-}" ]] || fail AccessDeniedException
    is_there "$@" || fail ResourceNotFoundException
    ;;
  create-secret)
    [[ "$5 $6" == "--secret-string file:///dev/stdin" ]]
    ! is_there "$@" || fail ResourceExistsException
    echo "$4" >>"$STORE/names"
    cat >"$file"
    ;;
  put-secret-value)
    [[ "$5 $6" == "--secret-string file:///dev/stdin" ]]
    is_there "$@" || fail ResourceNotFoundException
    cat >"$file"
    ;;
  *)
    fail InvalidAction
    ;;
esac
"""


@pytest.fixture
def aws(tmp_path: Path) -> dict[str, str]:
    """An environment with an AWS command line that keeps secrets in a folder."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "store").mkdir()
    command = tmp_path / "bin" / "aws"
    command.write_text(AWS, encoding="utf-8")
    command.chmod(0o755)
    (tmp_path / "store" / "names").touch()
    return {
        "PATH": f"{tmp_path / 'bin'}:{PATH}",
        "STORE": str(tmp_path / "store"),
    }


def form(folder: Path, **given: str) -> str:
    path = folder / "form.json"
    path.write_text(json.dumps(dict.fromkeys(secret_variables(), "") | given), encoding="utf-8")
    return str(path)


def stored(folder: Path) -> dict[str, str]:
    return {
        path.name: path.read_text(encoding="utf-8")
        for path in (folder / "store").iterdir()
        if path.name not in ("arguments", "names")
    }


BEGIN = "incident-response_staging"
GIVEN = {"SLACK_BOT_TOKEN": f"xoxb-{CANARY}", "GENERIC_WEBHOOK_KEY": f"key-{CANARY}"}


async def test_secrets_are_created_then_left_alone_then_rotated(
    aws: dict[str, str], tmp_path: Path
) -> None:
    file = form(tmp_path, **GIVEN)
    code, said = await script("seed-secrets", "staging", file, env=aws)
    assert code == 0, said
    assert said.count("created") == 2
    assert said.count("left alone: the form says nothing") == 2
    assert stored(tmp_path) == {
        f"{BEGIN}_webhook_generic-webhook-key": f"key-{CANARY}",
        f"{BEGIN}_processor": json.dumps({"SLACK_BOT_TOKEN": f"xoxb-{CANARY}"}, indent=2),
    }

    code, said = await script("seed-secrets", "staging", file, env=aws)
    assert (code, said.count("left alone: it is the same")) == (0, 2)

    file = form(tmp_path, **GIVEN | {"GENERIC_WEBHOOK_KEY": "another"})
    code, said = await script("seed-secrets", "staging", file, env=aws)
    assert (code, said.count("new version"), said.count("the same")) == (0, 1, 1)
    assert stored(tmp_path)[f"{BEGIN}_webhook_generic-webhook-key"] == "another"

    arguments = (tmp_path / "store" / "arguments").read_text(encoding="utf-8")
    assert CANARY not in said + arguments, "a value is shown to whoever lists processes"


async def test_a_secret_that_was_made_without_a_value_gets_its_first(
    aws: dict[str, str], tmp_path: Path
) -> None:
    """As the template and ``infra apply`` make the keys of alert sources."""
    made = "incident-response/staging/webhook/generic-webhook-key"
    (tmp_path / "store" / "names").write_text(f"{made}\n", encoding="utf-8")
    file = form(tmp_path, **GIVEN)
    code, said = await script("seed-secrets", "staging", file, "--dry-run", env=aws)
    assert (code, stored(tmp_path)) == (0, {})
    assert f"{made}  first value (dry run)\n" in said
    code, said = await script("seed-secrets", "staging", file, env=aws)
    assert code == 0, said
    assert f"{made}  first value\n" in said
    assert said.count("created") == 1, "the processor's is not there yet"
    assert stored(tmp_path)[f"{BEGIN}_webhook_generic-webhook-key"] == f"key-{CANARY}"
    code, said = await script("seed-secrets", "staging", file, env=aws)
    assert (code, said.count("left alone: it is the same")) == (0, 2)
    arguments = (tmp_path / "store" / "arguments").read_text(encoding="utf-8")
    assert CANARY not in said + arguments


async def test_a_dry_run_stores_nothing(aws: dict[str, str], tmp_path: Path) -> None:
    file = form(tmp_path, **GIVEN)
    code, said = await script("seed-secrets", "staging", file, "--dry-run", env=aws)
    assert (code, said.count("created (dry run)"), stored(tmp_path)) == (0, 2, {})


async def test_a_form_with_a_name_that_is_no_secret_stores_nothing(
    aws: dict[str, str], tmp_path: Path
) -> None:
    file = form(tmp_path, **GIVEN, SLACK_BOT_TOKN=CANARY)
    code, said = await script("seed-secrets", "staging", file, env=aws)
    assert code == 1
    assert "these are no secrets of ours: SLACK_BOT_TOKN" in said
    assert CANARY not in said
    assert stored(tmp_path) == {}


async def test_an_aws_that_refuses_stops_it_with_the_reason(
    aws: dict[str, str], tmp_path: Path
) -> None:
    file = form(tmp_path, **GIVEN)
    for refused in ("BROKEN", "UNDESCRIBED"):
        code, said = await script("seed-secrets", "staging", file, env={**aws, refused: "1"})
        assert (code, "AccessDeniedException" in said, stored(tmp_path)) == (1, True, {})
        assert CANARY not in said


@pytest.mark.parametrize("arguments", [(), ("development", "x"), ("staging", "x", "--force")])
async def test_a_wrong_call_of_it_is_answered_with_the_usage(arguments: tuple[str, ...]) -> None:
    code, said = await script("seed-secrets", *arguments)
    assert (code, "Usage: scripts/seed-secrets" in said) == (2, True)


def test_every_secret_of_the_settings_lies_in_exactly_one_place() -> None:
    fields = Settings.model_fields.items()
    secret = {name.upper() for name, field in fields if "SecretStr" in str(field.annotation)}
    held = [variable for each in inventory("staging") for variable in each.variables]
    assert sorted(held) == sorted(secret)
    production = {each.secret_id for each in inventory("production")}
    assert not production & {each.secret_id for each in inventory("staging")}


# --- drills ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drills")


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[LocalProcess]:
    async with local_process(tmp_path, "--no-alert") as running:
        yield running


def settings(stack: LocalProcess, folder: Path) -> dict[str, str]:
    return {
        "STATE_DIR": str(folder),
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_API_URL": f"{stack.url}/api/",
    }


async def test_a_drill_is_fired_observed_joined_and_ended(
    stack: LocalProcess, tmp_path: Path
) -> None:
    """Through all of its scripts, against a stack that says that it is development."""
    env, key = settings(stack, tmp_path), str(tmp_path / KEY_FILE)
    aim = ("--url", stack.webhook_url, "--environment", "development", "--key-file", key)
    code, said = await script("fire-drill", *aim)
    assert code == 0, said
    fired = json.loads(said)
    assert fired["answer"] == "accepted"

    async def room() -> dict[str, object] | None:
        code, said = await run("observe", fired["incident_id"], "--json", env=env)
        told: dict[str, object] = json.loads(said) if code == 0 else {}
        return told if told.get("assembled_seconds") is not None else None

    told = await eventually(room)
    assert str(told["title"]).startswith("DRILL: ")
    assert (told["status"], told["failed"]) == ("assembled", {})

    code, said = await script("observe-incident", fired["incident_id"], env=env)
    assert (code, f"#{told['room']}, stood after" in said) == (0, True)

    email = "aisha.rahman@tidewater.example"
    code, said = await script(
        "join-drill-channel", fired["incident_id"], "--email", email, env=env
    )
    assert code == 1
    assert f"nobody in Slack has the address {email}" in said

    found = await stack.slack("users.list")
    rooms = await stack.rooms()
    members = await stack.slack("conversations.members", channel=rooms[0]["id"])
    outside = next(
        u
        for u in found["members"]
        if not u.get("is_bot")
        and not u.get("deleted")
        and u["id"] not in members["members"]
        and not u.get("is_restricted")
        and u["profile"].get("email")
    )
    email = outside["profile"]["email"]
    code, said = await script(
        "join-drill-channel", fired["incident_id"], "--email", email, env=env
    )
    assert (code, said) == (0, f"{email} is in #{told['room']}\n")
    members = await stack.slack("conversations.members", channel=rooms[0]["id"])
    assert outside["id"] in members["members"]

    code, said = await script("fire-drill", *aim, "--group", fired["group"], "--resolve")
    assert (code, json.loads(said)["incident_id"]) == (0, fired["incident_id"])


async def test_nobody_is_let_into_a_room_that_is_no_drill(
    stack: LocalProcess, tmp_path: Path
) -> None:
    await stack.fire()
    rooms = await eventually(stack.rooms)
    code, said = await script(
        "join-drill-channel",
        rooms[0]["name"],
        *("--email", "maya.okafor@tidewater.example"),
        env=settings(stack, tmp_path),
    )
    assert (code, "is no drill: ask in its room" in said) == (1, True)


async def test_a_drill_in_ci_is_green_only_if_the_room_stands_whole(
    stack: LocalProcess, tmp_path: Path
) -> None:
    env, key = settings(stack, tmp_path), str(tmp_path / KEY_FILE)
    aim = ("--url", stack.webhook_url, "--environment", "development", "--key-file", key)
    code, said = await script("ci-drill", *aim, "--deadline", "30", env=env)
    assert code == 0, said
    assert "The room stood after " in said
    assert said.endswith("Told that it is over.\n")

    fault = {"target": "slack.conversations.create", "kind": "error", "code": "restricted_action"}
    await stack.control("POST", "faults", fault)
    code, said = await script("ci-drill", *aim, "--deadline", "3", env=env)
    assert code == 1
    assert "no room within 3 s" in said
    assert said.endswith("Told that it is over.\n")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ("--environment", "staging"),
            "says that it is development, and --environment is staging",
        ),
        (("--environment", "production"), "invalid choice: 'production'"),
    ],
)
async def test_nothing_is_fired_at_a_target_that_is_not_proved_to_be_the_right_one(
    stack: LocalProcess, tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    key = ("--key-file", str(tmp_path / KEY_FILE))
    code, said = await script("fire-drill", "--url", stack.webhook_url, *key, *arguments)
    assert code in (1, 2)
    assert reason in said
    assert await stack.rooms() == []


@pytest.mark.parametrize(
    ("url", "environment", "reason"),
    [
        ("https://incidents.example.com", "development", "is for this machine"),
        ("http://incidents.example.com", "staging", "must be an https address"),
        ("https://me@incidents.example.com", "staging", "must be an https address"),
        ("http://127.0.0.1:9", "staging", "the webhook did not answer"),
    ],
)
async def test_an_address_that_cannot_be_trusted_is_not_asked(
    tmp_path: Path, url: str, environment: str, reason: str
) -> None:
    key = tmp_path / "key"
    key.write_text(CANARY, encoding="ascii")
    aim = ("--url", url, "--environment", environment, "--key-file", str(key))
    code, said = await run("fire", *aim)
    assert code == 1
    assert reason in said
    assert CANARY not in said


async def test_a_vendors_page_that_says_nothing_of_an_environment_is_no_proof(
    stack: LocalProcess, tmp_path: Path
) -> None:
    aim = ("--url", stack.url, "--environment", "development")
    code, said = await run("fire", *aim, "--key-file", str(tmp_path / KEY_FILE))
    assert (code, "does not say what it is" in said) == (1, True)


async def test_a_webhook_that_says_staging_is_fired_at_and_one_that_says_production_is_not(
    tmp_path: Path,
) -> None:
    key = tmp_path / "key"
    key.write_text(CANARY, encoding="ascii")
    for environment, code in (("staging", 0), ("production", 1)):
        env = webhook_settings(tmp_path / environment, CANARY) | {"ENVIRONMENT": environment}
        async with running("webhook", env=env) as webhook:
            url = (await webhook.logged("webhook listens"))["url"]
            aim = ("--url", url, "--environment", "staging", "--key-file", str(key))
            ended, said = await run("fire", *aim)
            assert ended == code, said
            if code:
                assert "says that it is production, and --environment is staging" in said
                assert "alert taken in" not in webhook.said
            else:
                await webhook.says("alert taken in")
