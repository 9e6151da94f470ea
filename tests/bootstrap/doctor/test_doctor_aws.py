"""The doctor over a local AWS: what every process needs there is looked at with the process's own
rights, and each thing that can be wrong is told by its own check.
"""

import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from incident_response.adapters.aws.backend import AwsBackend
from incident_response.adapters.aws.resources import queue_name, queue_url
from incident_response.adapters.aws.session import AwsClients
from incident_response.bootstrap.aws import (
    QUEUE_SETTINGS,
    aws_queues,
    open_aws,
    open_backend,
)
from incident_response.bootstrap.aws_infra import aws_resources
from incident_response.bootstrap.backend import key_secret
from incident_response.bootstrap.doctor import CHECKS, Found, Health, Process, examine
from incident_response.bootstrap.doctor.aws import UNREACHABLE, on_aws
from incident_response.bootstrap.doctor.aws_schedules import NAME
from incident_response.bootstrap.doctor.check import EVERY_PROCESS
from incident_response.ports.incident_store import Change
from incident_response.settings import Settings
from tests.aws.between import Between, Refusal, between
from tests.aws.ministack import REGION, Ministack
from tests.ports import samples

OF_WEBHOOK = ["AWS", "Alert keys", "Intake"]
OF_PROCESSOR = ["AWS", "Tables", "Queues", "Schedules", "Ledger key"]
EVERY = ["AWS", "Alert keys", "Intake", "Tables", "Queues", "Schedules", "Ledger key"]
KEY = "c4n4ry-key-of-these-tests"
ROLE_ARN = "arn:aws:iam::000000000000:role/scheduler"


@dataclass
class Cloud:
    """What an installation has in AWS, the wire before it."""

    settings: Settings
    wire: Between
    ministack: Ministack

    def changed(self, **changes: object) -> Settings:
        return self.settings.model_copy(update=changes)

    async def looked(
        self,
        *,
        processes: frozenset[Process] = EVERY_PROCESS,
        seconds: float = 20.0,
        **changes: object,
    ) -> dict[str, Found]:
        """What the checks of AWS find with these settings changed."""
        found = await examine(
            self.changed(**changes),
            checks=[check for check in CHECKS if check.applies is on_aws],
            processes=processes,
            clock=self.ministack.clock,
            check_seconds=seconds,
        )
        return {finding.check: finding.found for finding in found}

    async def wrong(self, **changes: object) -> dict[str, Found]:
        """Those of them that are wrong."""
        found = await self.looked(**changes)  # type: ignore[arg-type]
        return {name: f for name, f in found.items() if f.health is Health.WRONG}


async def made(settings: Settings, clients: AwsClients, *, prefix: str) -> Settings:
    """Everything in AWS, with the key of one source; the settings with the queues' addresses."""
    for resource in aws_resources(settings, prefix=prefix):
        await resource.apply(clients)
    await clients.secrets.put_secret_value(
        SecretId=f"{settings.webhook_secret_id}/{key_secret('alertmanager')}", SecretString=KEY
    )
    urls = {
        setting.lower(): await queue_url(clients, queue_name(prefix, name))
        for name, setting in QUEUE_SETTINGS.items()
    }
    return settings.model_copy(update=urls)


@pytest.fixture
async def cloud(ministack: Ministack) -> AsyncIterator[Cloud]:
    own = f"doc{uuid.uuid4().hex[:12]}"
    async with between(ministack) as wire:
        settings = Settings.isolated(
            backend="aws",
            aws_region=REGION,
            aws_endpoint_url=wire.url,
            incidents_table=f"{own}-incidents",
            audit_table=f"{own}-audit",
            schedule_group=own,
            scheduler_role_arn=ROLE_ARN,
            webhook_secret_id=f"{own}/webhook",
            ledger_key=SecretStr(KEY),
        )
        async with open_aws(settings) as clients:
            settings = await made(settings, clients, prefix=own)
        wire.requests.clear()
        yield Cloud(settings, wire, ministack)


async def test_a_healthy_installation_is_told_what_was_looked_at(cloud: Cloud) -> None:
    found = await cloud.looked()
    own = cloud.settings.schedule_group
    assert {name: f.text for name, f in found.items()} == {
        "AWS": f"{REGION} at {cloud.wire.url}, credentials from explicit",
        "Alert keys": "taken in from alertmanager",
        "Intake": f"{own}-incidents and {own}-incident-events.fifo answer",
        "Tables": f"{own}-incidents and {own}-audit are as they should be",
        "Queues": "incident-events, nudge-events, sla-check are as they should be,"
        " without dead letters",
        "Schedules": f"one was made in {own} and deleted",
        "Ledger key": "it is set; there is no ledger yet to compare it with",
    }
    assert {f.health for f in found.values()} == {Health.OK}


async def test_one_schedule_is_all_that_it_changes_and_none_is_left(cloud: Cloud) -> None:
    await cloud.looked()
    asked = {request.operation for request in cloud.wire.requests}
    assert asked == {
        *("GetItem", "Query"),
        *("DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups"),
        *("GetQueueAttributes", "GetQueueUrl"),
        *("DescribeSecret", "GetSecretValue"),
        *("GET", "POST", "DELETE"),  # of the scheduler
    }
    (schedule,) = cloud.wire.of("POST")
    assert schedule["State"] == "DISABLED", "one that is left behind must never fire"
    async with open_aws(cloud.settings) as clients:
        left = await clients.scheduler.list_schedules(GroupName=cloud.settings.schedule_group)
    assert left["Schedules"] == []


async def test_a_schedule_that_an_interrupted_look_left_behind_is_deleted_by_the_next(
    cloud: Cloud,
) -> None:
    cloud.wire.answer("DELETE", Refusal("AccessDeniedException", 403))
    found = await cloud.wrong()
    assert list(found) == ["Schedules"]
    assert f"deleting the schedule {NAME}: AccessDeniedException" in found["Schedules"].text
    assert not await cloud.wrong()
    async with open_aws(cloud.settings) as clients:
        left = await clients.scheduler.list_schedules(GroupName=cloud.settings.schedule_group)
    assert left["Schedules"] == []


@pytest.mark.parametrize(
    ("process", "names"), [(Process.WEBHOOK, OF_WEBHOOK), (Process.PROCESSOR, OF_PROCESSOR)]
)
async def test_a_process_is_asked_only_for_what_it_needs(
    cloud: Cloud, process: Process, names: list[str]
) -> None:
    found = await cloud.looked(processes=frozenset({process}))
    assert list(found) == names
    assert {f.health for f in found.values()} == {Health.OK}


async def test_on_aws_the_embedded_backend_is_not_looked_at_and_the_other_way_round() -> None:
    for backend, others in (("aws", {"Store", "Alert sources"}), ("embedded", set(EVERY))):
        settings = Settings.isolated(backend=backend)
        assert not others & {check.name for check in CHECKS if check.applies(settings)}


@pytest.mark.parametrize(
    ("setting", "value", "names", "words"),
    [
        ("incidents_table", "none", ["Intake", "Tables", "Ledger key"], "none"),
        ("audit_table", "none", ["Tables"], "none: it is missing"),
        ("incident_queue_url", "", ["Intake", "Queues", "Schedules"], "INCIDENT_QUEUE_URL"),
        ("sla_queue_url", "", ["Queues", "Schedules"], "SLA_QUEUE_URL is not set"),
        ("schedule_group", "none", ["Schedules"], "putting the schedule doctor"),
        ("scheduler_role_arn", "", ["Schedules"], "SCHEDULER_ROLE_ARN is not set"),
        ("webhook_secret_id", "none", ["Alert keys"], "no secret under none/ has a value"),
        ("ledger_key", None, ["Ledger key"], "LEDGER_KEY is not set"),
    ],
)
async def test_a_setting_that_is_wrong_is_told_by_those_that_need_it_with_what_to_do(
    cloud: Cloud, setting: str, value: object, names: list[str], words: str
) -> None:
    found = await cloud.wrong(**{setting: value})
    assert list(found) == names
    assert all(words in f.text and f.remedy for f in found.values()), found
    assert KEY not in str(found)


async def test_two_settings_that_name_one_queue_are_told(cloud: Cloud) -> None:
    found = await cloud.wrong(nudge_queue_url=cloud.settings.sla_queue_url)
    assert "name the same queue" in found["Queues"].text


async def test_every_queue_that_is_not_as_it_should_be_is_told(cloud: Cloud) -> None:
    own = cloud.settings.schedule_group
    async with open_aws(cloud.settings) as clients:
        await clients.sqs.set_queue_attributes(
            QueueUrl=cloud.settings.nudge_queue_url,
            Attributes={"ContentBasedDeduplication": "false"},
        )
        dead = await queue_url(clients, f"{own}-incident-events-dead.fifo")
        await clients.sqs.set_queue_attributes(
            QueueUrl=dead, Attributes={"MessageRetentionPeriod": "60"}
        )
    found = await cloud.wrong(sla_queue_url=f"{cloud.settings.sla_queue_url}-none")
    assert list(found) == ["Queues"]
    for words in (
        "INCIDENT_QUEUE_URL: dead letters: MessageRetentionPeriod is 60, not 1209600",
        "NUDGE_QUEUE_URL: ContentBasedDeduplication is false, not true",
        "SLA_QUEUE_URL: looking at the queue",
    ):
        assert words in found["Queues"].text


async def test_a_queue_whose_messages_would_vanish_is_wrong(cloud: Cloud) -> None:
    own = cloud.settings.schedule_group
    async with open_aws(cloud.settings) as clients:
        await clients.sqs.create_queue(
            QueueName=f"{own}-bare.fifo", Attributes={"FifoQueue": "true"}
        )
        url = await queue_url(clients, f"{own}-bare.fifo")
    found = await cloud.wrong(sla_queue_url=url)
    assert "has no dead-letter queue" in found["Queues"].text


async def test_dead_letters_are_told_with_what_to_do_and_are_not_wrong(cloud: Cloud) -> None:
    async with open_aws(cloud.settings) as clients:
        queue = aws_queues(cloud.settings, clients)["nudge-events"]
        await queue.send([samples.message("id-1")])
        wait, visibility = timedelta(), timedelta(seconds=30)
        (delivery,) = await queue.receive(limit=1, wait=wait, visibility=visibility)
        await queue.bury(delivery, "no")
    found = (await cloud.looked())["Queues"]
    assert found.health is Health.OK
    assert found.text.endswith("dead letters wait: 1 in nudge-events")
    assert "incident-response queue show" in found.remedy


async def test_a_table_that_was_changed_by_hand_is_told_property_by_property(
    cloud: Cloud,
) -> None:
    async with open_aws(cloud.settings) as clients:
        await clients.dynamodb.update_table(
            TableName=cloud.settings.audit_table, DeletionProtectionEnabled=False
        )
        await clients.dynamodb.update_table(
            TableName=cloud.settings.incidents_table,
            GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "work-index"}}],
        )
    found = await cloud.wrong()
    own = cloud.settings.schedule_group
    assert f"{own}-audit: it is not protected from being deleted" in found["Tables"].text
    assert f"{own}-incidents: its index work-index is missing" in found["Tables"].text
    assert "infra apply" in found["Tables"].remedy


async def test_a_right_that_the_role_lacks_is_told_with_the_policy_that_has_it(
    cloud: Cloud,
) -> None:
    refusal = Refusal("AccessDeniedException", message="not authorized to perform it")
    for operation in ("DescribeContinuousBackups", "GetQueueUrl", "POST", "GetSecretValue"):
        cloud.wire.answer(operation, *[refusal] * 3)
    found = await cloud.wrong()
    assert list(found) == ["Alert keys", "Tables", "Queues", "Schedules"]
    for name, policy in (("Alert keys", "Webhook"), ("Tables", "Processor")):
        assert "not authorized to perform it" in found[name].text
        assert f"{policy}Policy" in found[name].remedy


async def test_a_source_that_is_named_and_has_no_key_is_told(cloud: Cloud) -> None:
    found = await cloud.wrong(generic_webhook_key=SecretStr("yes"))
    assert list(found) == ["Alert keys"]
    assert (
        "GENERIC_WEBHOOK_KEY is set, and Secrets Manager has no such" in found["Alert keys"].text
    )
    assert not await cloud.wrong(alertmanager_webhook_key=SecretStr("yes"))


async def test_a_mapping_that_cannot_be_read_is_told_on_aws_as_well(cloud: Cloud) -> None:
    found = await cloud.wrong(generic_mapping_file=Path("/nowhere.yaml"))
    assert "GENERIC_MAPPING_FILE" in found["Alert keys"].text


async def test_a_ledger_key_that_is_not_the_one_of_the_ledgers_is_told(cloud: Cloud) -> None:
    incident = samples.incident()
    async with open_backend(cloud.settings, cloud.ministack.clock) as backend:
        assert isinstance(backend, AwsBackend)
        entries = (samples.entry(),)
        change = Change(incident_id=incident.incident_id, incident=incident, entries=entries)
        await backend.incidents.commit(change)
    found = await cloud.looked()
    assert found["Ledger key"].text.startswith("it is set, and is the one of the ledger of inc-")
    wrong = await cloud.wrong(ledger_key=SecretStr("c4n4ry-another-key"))
    assert list(wrong) == ["Ledger key"]
    assert "entry 1 does not match its seal" in wrong["Ledger key"].text


# --- AWS itself --------------------------------------------------------------------------------


async def test_an_aws_that_does_not_answer_is_one_wrong_line_each(cloud: Cloud) -> None:
    found = await cloud.looked(aws_endpoint_url="http://127.0.0.1:9")
    assert found["AWS"].health is Health.OK, "there are credentials"
    others = {name: f for name, f in found.items() if name != "AWS"}
    assert list(others) == [name for name in EVERY if name != "AWS"]
    for told in others.values():
        assert (told.health, told.remedy) == (Health.WRONG, UNREACHABLE)
        assert "\n" not in told.text
        assert "Could not connect" in told.text


async def test_an_aws_that_takes_the_question_and_never_answers_ends_in_time(
    cloud: Cloud,
) -> None:
    cloud.wire.passing = 0
    found = await cloud.looked(seconds=0.5)
    others = {name: f for name, f in found.items() if name != "AWS"}
    assert {f.text for f in others.values()} == {"it took longer than 0.5 s"}
    assert all(f.remedy for f in others.values())


async def test_without_a_region_one_line_says_so(cloud: Cloud) -> None:
    found = await cloud.looked(aws_region="")
    assert found["AWS"] == Found(
        Health.WRONG, "AWS_REGION is not set", "set it to the region of the tables and queues"
    )
    assert {f.health for name, f in found.items() if name != "AWS"} == {Health.OFF}


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "there are no AWS credentials"),
        ({"AWS_PROFILE": "none"}, "The config profile (none) could not be found"),
        (
            {"AWS_ROLE_ARN": ROLE_ARN, "AWS_WEB_IDENTITY_TOKEN_FILE": "/none/token"},
            "AWS credentials cannot be read: /none/token: No such file or directory",
        ),
    ],
)
async def test_without_credentials_one_line_says_so(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], words: str
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    region: Any = f"test-{uuid.uuid4().hex[:6]}"  # the SDK's session of a region is remembered
    found = await cloud.looked(aws_region=region, aws_endpoint_url="http://aws.invalid")
    assert found["AWS"].health is Health.WRONG
    assert words in found["AWS"].text
    assert "docs/deployment.md" in found["AWS"].remedy
    assert {f.health for name, f in found.items() if name != "AWS"} == {Health.OFF}
