"""``infra`` and ``queue`` as an operator runs them, against ministack."""

import re
import uuid
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from incident_response.adapters.aws.session import aws_clients
from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.aws import QUEUE_SETTINGS, aws_queues
from incident_response.bootstrap.embedded import FILE_NAME
from incident_response.domain.queues import QUEUES
from incident_response.ports.event_queue import EventQueue
from incident_response.settings import Settings
from tests.aws.between import Refusal, between
from tests.aws.ministack import CREDENTIALS, REGION, Ministack
from tests.entrypoints.processes import run
from tests.ports import samples

HOSTILE = "\x1b[31mno\nyes"


@pytest.fixture
def env(ministack: Ministack) -> Mapping[str, str]:
    own = f"cli{uuid.uuid4().hex[:12]}"
    return {
        **CREDENTIALS,
        "BACKEND": "aws",
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": ministack.url,
        "INCIDENTS_TABLE": f"{own}-incidents",
        "AUDIT_TABLE": f"{own}-audit",
        "SCHEDULE_GROUP": own,
        "WEBHOOK_SECRET_ID": f"{own}/webhook",
    }


async def bury_one(queue: EventQueue, reason: str) -> None:
    await queue.send([samples.message("id-1")])
    (delivery,) = await queue.receive(limit=1, wait=timedelta(), visibility=timedelta(seconds=30))
    await queue.bury(delivery, reason)


def test_every_queue_that_is_worked_off_has_a_setting() -> None:
    assert set(QUEUE_SETTINGS) == set(QUEUES)


async def test_a_bare_aws_is_checked_made_and_worked_with(env: Mapping[str, str]) -> None:
    prefix = ("--prefix", env["SCHEDULE_GROUP"])
    code, said = await run("infra", "check", *prefix, env=env)
    assert code == 1
    assert said.startswith(
        f"table {env['INCIDENTS_TABLE']}: WRONG: it is missing\n"
        f"table {env['AUDIT_TABLE']}: WRONG: it is missing\n"
    )
    assert f"queue {env['SCHEDULE_GROUP']}-incident-events.fifo: WRONG: it is missing" in said
    assert f"role {env['SCHEDULE_GROUP']}-scheduler-{REGION}: WRONG: it is missing" in said

    code, said = await run("infra", "apply", *prefix, env=env)
    assert code == 0, said
    assert "WRONG" not in said
    told = dict(line.split("=", 1) for line in said.splitlines() if "QUEUE_URL=" in line)
    arn, own = "arn:aws:iam::000000000000", env["SCHEDULE_GROUP"]
    assert f"SCHEDULER_ROLE_ARN={arn}:role/{own}-scheduler-{REGION}\n" in said
    for process in ("webhook", "processor"):
        assert f"To be attached to a process's role: {arn}:policy/{own}-{process}-" in said

    code, said = await run("infra", "check", *prefix, env=env)
    assert code == 0, said

    env = {**env, **told}
    settings = Settings.isolated(**{name.lower(): url for name, url in told.items()})
    async with aws_clients(REGION, env["AWS_ENDPOINT_URL"]) as clients:
        queue = aws_queues(settings, clients)["nudge-events"]
        await bury_one(queue, HOSTILE)
        code, said = await run("queue", "show", env=env)
        assert code == 0, said
        assert "nudge-events: 0 waiting or in work, 1 dead" in said
        assert '"group-1"  "\\u001b[31mno\\nyes"' in said
        code, said = await run("queue", "redrive", env=env)
        assert code == 0, said
        assert "incident-events: put back 0 dead letters" in said
        assert "nudge-events: put back 1 dead letter\n" in said
        assert await queue.depth() == 1


async def test_who_may_not_make_policies_is_told_how_to_leave_them(
    env: Mapping[str, str], ministack: Ministack
) -> None:
    async with between(ministack) as wire:
        wire.answer("GetRole", Refusal("AccessDenied", status=403))
        prefix = ("--prefix", env["SCHEDULE_GROUP"], "--endpoint-url", wire.url)
        code, said = await run("infra", "check", *prefix, env=env)
        assert code == 1
        assert f"role {env['SCHEDULE_GROUP']}-scheduler-{REGION}: not known\n" in said
        last = said.splitlines()[-1]
        assert last.startswith("incident-response: looking at the role")
        assert last.endswith(
            "AccessDenied: no; --without-iam leaves policies and role to whoever may make them"
        )
        code, said = await run("infra", "apply", "--without-iam", *prefix, env=env)
        assert code == 0, said
        assert not re.search("role|policy|ROLE", said)
        assert not [one for one in wire.requests if "Policy" in one.operation]


async def test_the_embedded_queues_are_shown_and_redriven_beside_a_processor(
    tmp_path: Path,
) -> None:
    backend = EmbeddedBackend.open(tmp_path / FILE_NAME, clock=SystemClock())
    await backend.claim_processor()
    queue, other = backend.queue("incident-events"), backend.queue("nudge-events")
    await bury_one(queue, "no")
    await bury_one(other, "no")
    env = {"STATE_DIR": str(tmp_path)}
    code, said = await run("queue", "redrive", "incident-events", env=env)
    assert (code, said) == (0, "incident-events: put back 1 dead letter\n")
    assert (await queue.depth(), await other.depth()) == (1, 0)
    code, said = await run("queue", "show", "nudge-events", env=env)
    assert code == 0
    assert said.startswith("nudge-events: 0 waiting or in work, 1 dead\n")
    await backend.close()


@pytest.mark.parametrize(
    ("arguments", "changed", "reason"),
    [
        (("infra", "check"), {"AWS_REGION": ""}, "AWS_REGION is not set"),
        (("queue", "show"), {}, "INCIDENT_QUEUE_URL is not set"),
        (("queue", "show"), {"BACKEND": "embedded", "STATE_DIR": "/none"}, "there is no store"),
    ],
)
async def test_what_is_missing_is_told_in_one_line(
    env: Mapping[str, str], arguments: tuple[str, ...], changed: Mapping[str, str], reason: str
) -> None:
    code, said = await run(*arguments, env={**env, **changed})
    assert code == 1
    assert said.startswith(f"incident-response: {reason}")
    assert said.count("\n") == 1


async def test_an_unknown_queue_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    backend = EmbeddedBackend.open(tmp_path / FILE_NAME, clock=SystemClock())
    await backend.close()
    code, said = await run("queue", "redrive", "incidents", env={"STATE_DIR": str(tmp_path)})
    assert code == 1
    assert "there is no queue incidents, only incident-events, nudge-events, sla-check" in said
