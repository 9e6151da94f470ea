"""A setting that is wrong ends the process at once with one line that names it, and never shows a
secret, whatever else goes wrong.
"""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.entrypoints.processes import processor_settings, run, running, webhook_settings

CANARY = "c4n4ry-never-to-be-seen"
SLACK = {
    "SLACK_BOT_TOKEN": f"xoxb-{CANARY}",
    "SLACK_APP_TOKEN": f"xapp-{CANARY}",
    "SLACK_API_URL": "http://127.0.0.1:1/api/",
}
OF_ANY = (
    {"WORKOS_TEAM_GROUP_MAP": f"{CANARY}{{"},
    {"GITHUB_REPO_MAP": f'["{CANARY}"]'},
    {"LEDGER_KEY": "too-short"},
    {"LOG_LEVEL": "loud"},
    {"LOG_FORMAT": "xml"},
    {"SLACK_SOCKETS": "11"},
    {"SLACK_COMMAND": "inc"},
    {"SLACK_API_URL": f"slack.com/{CANARY}"},
    {"STATE_DIR": "/dev/null/state"},
)
OF_THE_WEBHOOK = (
    {"WEBHOOK_PORT": "99999"},
    {"GENERIC_WEBHOOK_AUTH": f"bearer,{CANARY}"},
    {"GENERIC_MAPPING_FILE": "/nowhere/mapping.yaml"},
    {"LISTEN_HOST": "203.0.113.7"},
)
OF_THE_PROCESSOR = (
    {"SLACK_BOT_TOKEN": ""},
    {"GRAFANA_ONCALL_URL": "oncall", "GRAFANA_ONCALL_TOKEN": CANARY},
    {"WORKOS_URL": "ftp://workos", "WORKOS_API_KEY": CANARY},
    {"GITHUB_REPO_MAP": '{"shop": "no-owner"}', "GITHUB_TOKEN": CANARY},
    {"POLICY_FILE": "/nowhere/policy.yaml"},
    {"POLICY_FILE": "/dev/null"},
)
WRONG = [
    *(("webhook", change) for change in (*OF_ANY, *OF_THE_WEBHOOK)),
    *(("processor", change) for change in (*OF_ANY[:2], *OF_THE_PROCESSOR)),
]


def name_of(change: dict[str, str]) -> str:
    """The variable that is wrong: the first; others are there to make it matter."""
    return "WEBHOOK_HEALTH_PORT" if "LISTEN_HOST" in change else next(iter(change))


async def told(process: str, change: dict[str, str], state_dir: Path) -> str | None:
    """What is wrong with how it ended, if anything."""
    right = webhook_settings(state_dir, CANARY) | processor_settings(state_dir, SLACK)
    code, said = await run(process, env=right | change)
    lines = [line for line in said.splitlines() if line.startswith("incident-response: ")]
    last = said[said.rfind("incident-response: ") :]
    if code != 1 or len(lines) != 1 or name_of(change) not in last:
        return f"{process} {change}: {code} {said}"
    if CANARY in said or "Traceback" in said:
        return f"{process} {change} shows too much: {said}"
    return None


async def test_every_wrong_setting_is_named_in_one_line_without_a_secret(tmp_path: Path) -> None:
    for start in range(0, len(WRONG), 2):  # two at a time: one a core
        pair = WRONG[start : start + 2]
        ends = await asyncio.gather(
            *(told(*wrong, tmp_path / str(start + n)) for n, wrong in enumerate(pair))
        )
        problems = [end for end in ends if end]
        assert not problems, problems[0]


async def test_a_webhook_without_any_key_names_every_variable_that_would_do(
    tmp_path: Path,
) -> None:
    code, said = await run("webhook", env={"STATE_DIR": str(tmp_path)})
    assert code == 1
    for source in ("GRAFANA_ONCALL", "ALERTMANAGER", "GENERIC"):
        assert f"{source}_WEBHOOK_KEY" in said


@pytest.mark.parametrize("form", ["json", "console"])
async def test_no_secret_is_ever_logged_however_talkative_the_log_and_dead_the_world(
    tmp_path: Path, form: str
) -> None:
    talkative = {"LOG_LEVEL": "DEBUG", "LOG_FORMAT": form, "LEDGER_KEY": f"ledger-{CANARY}"}
    dead = "http://127.0.0.1:1"
    vendors = {
        **SLACK,
        **{f"{name}_URL": dead for name in ("GRAFANA_ONCALL", "WORKOS", "GITHUB", "GRAFANA")},
        **{f"{name}_URL": f"{dead}/prometheus" for name in ("MIMIR", "LOKI", "TEMPO")},
        **{f"{name}_TOKEN": CANARY for name in ("GRAFANA_ONCALL", "MIMIR", "LOKI", "TEMPO")},
        "GITHUB_TOKEN": CANARY,
        "WORKOS_API_KEY": f"sk_{CANARY}",
    }
    webhook_env = webhook_settings(tmp_path, CANARY) | talkative
    processor_env = processor_settings(tmp_path, vendors) | talkative
    async with (
        running("webhook", env=webhook_env) as webhook,
        running("processor", env=processor_env) as processor,
    ):
        line = await webhook.says("webhook listens")
        url = "http://127.0.0.1:" + line.partition("127.0.0.1:")[2].split('"')[0].split()[0]
        await knock(url)
        await webhook.says("alert taken in")
        await processor.says("step will be tried again")
        assert await processor.stopped() == 0
        assert await webhook.stopped() == 0
    for process in (webhook, processor):
        assert len(process.lines) > 3
        assert CANARY not in process.said
        assert "xoxb-" not in process.said


async def knock(url: str) -> None:
    """Every kind of request: right, wrong, and with the key in all the wrong places."""
    alert = {"id": CANARY[:6], "title": "Disk full", "status": "firing", "service": "shop"}
    right = {"Authorization": f"Bearer {CANARY}"}
    wrong = {"Authorization": f"Bearer {CANARY}x", "X-Grafana-OnCall-Signature": CANARY}
    async with aiohttp.ClientSession() as http:
        for path, headers in (
            ("/alerts/generic", right),
            ("/alerts/generic", wrong),
            ("/alerts/generic", {**right, "Content-Encoding": CANARY}),
            (f"/alerts/{CANARY}", right),
            (f"/alerts/generic?key={CANARY}", right),
        ):
            async with http.post(url + path, json=alert, headers=headers) as reply:
                assert CANARY not in await reply.text()
