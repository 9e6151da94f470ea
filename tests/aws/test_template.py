"""The CloudFormation template, deployed and held against what the code needs and asks for."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aioboto3
import pytest
import yaml

from incident_response.adapters.aws.event_queue import SqsQueue
from incident_response.adapters.aws.session import aws_clients
from incident_response.alert_sources import ALERT_SOURCES
from incident_response.bootstrap.aws import (
    QUEUE_SETTINGS,
    aws_queues,
    aws_resources,
    aws_scheduler,
    aws_secrets,
)
from incident_response.ports.clock import Clock
from incident_response.ports.scheduler import Schedule
from incident_response.settings import Settings
from tests.aws.between import Between
from tests.aws.ministack import REGION, Ministack
from tests.ports import samples

TEMPLATE = Path(__file__).parents[2] / "artifacts" / "aws" / "incident-response.yaml"
PREFIX = "template-test"


class _Loader(yaml.SafeLoader):
    """Reads the intrinsic functions as ``{"Ref": …}`` and the like."""


def _intrinsic(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    assert isinstance(node, yaml.ScalarNode)
    return {tag: loader.construct_scalar(node)}


_Loader.add_multi_constructor("!", _intrinsic)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(TEMPLATE.read_text("utf-8"), _Loader)
    return content


@dataclass
class Deployed:
    """The stack."""

    outputs: dict[str, str]
    settings: Settings


@pytest.fixture
async def deployed(ministack: Ministack, template: dict[str, Any]) -> AsyncIterator[Deployed]:
    """A stack of the template, and the settings as its outputs say."""
    chosen = {"ScheduleGroupName": f"{PREFIX}-group", "WebhookSecretId": f"{PREFIX}/webhook"}
    parameters = {"Prefix": PREFIX, **chosen}
    session = aioboto3.Session(region_name=REGION)
    async with session.client("cloudformation", endpoint_url=ministack.url) as client:
        await client.create_stack(
            StackName=PREFIX,
            TemplateBody=TEMPLATE.read_text("utf-8"),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
        await client.get_waiter("stack_create_complete").wait(
            StackName=PREFIX, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
        )
        (stack,) = (await client.describe_stacks(StackName=PREFIX))["Stacks"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
        told = {
            output["Description"].lower(): outputs[key]
            for key, output in template["Outputs"].items()
            if output["Description"].isupper()
        }
        settings = Settings.isolated(
            backend="aws",
            aws_region=REGION,
            schedule_group=parameters["ScheduleGroupName"],
            webhook_secret_id=parameters["WebhookSecretId"],
            **told,
        )
        yield Deployed(outputs, settings)
        await client.delete_stack(StackName=PREFIX)


async def test_what_the_template_makes_is_what_the_check_wants(
    deployed: Deployed, ministack: Ministack
) -> None:
    async with aws_clients(REGION, ministack.url) as clients:
        resources = aws_resources(deployed.settings, prefix=PREFIX)
        assert len(resources) == 2 * len(QUEUE_SETTINGS) + 1 + len(ALERT_SOURCES)
        wrong = {resource.name: await resource.wrong(clients) for resource in resources}
    assert not any(wrong.values()), wrong


async def test_the_template_makes_nothing_that_the_check_does_not_know(
    template: dict[str, Any],
) -> None:
    kinds = [resource["Type"] for resource in template["Resources"].values()]
    known = aws_resources(Settings.isolated(), prefix=PREFIX)
    ours = [kind for kind in kinds if not kind.startswith("AWS::IAM::")]
    assert len(ours) == len(known)


def allowed(template: dict[str, Any], name: str) -> set[str]:
    document = template["Resources"][name]["Properties"]["PolicyDocument"]
    found: set[str] = set()
    for statement in document["Statement"]:
        action = statement["Action"]
        found |= {action} if isinstance(action, str) else set(action)
    return found


async def exercised(settings: Settings, wire: Between, clock: Clock) -> tuple[set[str], set[str]]:
    """The rights that the webhook's and the processor's calls ask for."""
    async with aws_clients(REGION, wire.url) as clients:
        queues = aws_queues(settings, clients)
        queue = queues["incident-events"]
        await queue.send([samples.message("id-1")])
        secrets = aws_secrets(settings, clients)
        (source, *_) = ALERT_SOURCES
        name = f"{source.name}-webhook-key"
        await clients.secrets.put_secret_value(
            SecretId=f"{settings.webhook_secret_id}/{name}", SecretString="x"
        )
        await secrets.read(name)
        webhook = rights(wire) - {"secretsmanager:PutSecretValue"}
        wire.requests.clear()
        await _as_processor(queue, settings, clients, clock=clock)
    return webhook, rights(wire)


async def _as_processor(
    queue: SqsQueue, settings: Settings, clients: Any, *, clock: Clock
) -> None:
    wait, visibility = timedelta(), timedelta(seconds=30)
    (delivery,) = await queue.receive(limit=1, wait=wait, visibility=visibility)
    await queue.bury(delivery, "no")
    await queue.dead_letters(limit=1)
    await queue.redrive(limit=1)
    await queue.depth()
    scheduler = aws_scheduler(settings, clients, aws_queues(settings, clients), clock=clock)
    schedule = Schedule(
        name="s",
        queue="nudge-events",
        type="T",
        group="g",
        body={},
        first_at=clock.now() + timedelta(minutes=1),
    )
    await scheduler.put(schedule)
    await scheduler.put(schedule)
    await scheduler.delete("s")


def rights(wire: Between) -> set[str]:
    """The IAM actions of the requests that passed."""
    by_method = {"POST": "Create", "PUT": "Update", "GET": "Get", "DELETE": "Delete"}
    found = set()
    for request in wire.requests:
        operation = request.operation.removesuffix("Batch")
        if operation in by_method:
            found.add(f"scheduler:{by_method[operation]}Schedule")
        elif "Secret" in operation:
            found.add(f"secretsmanager:{operation}")
        else:
            found.add(f"sqs:{operation}")
    return found


async def test_the_policies_allow_what_is_asked_for_and_nothing_else(
    deployed: Deployed, template: dict[str, Any], wire: Between, ministack: Ministack
) -> None:
    webhook, processor = await exercised(deployed.settings, wire, ministack.clock)
    assert allowed(template, "WebhookPolicy") == webhook
    assert allowed(template, "ProcessorPolicy") - {"iam:PassRole"} == processor


def test_the_webhook_may_send_to_one_queue_only(template: dict[str, Any]) -> None:
    document = template["Resources"]["WebhookPolicy"]["Properties"]["PolicyDocument"]
    (sending,) = [s for s in document["Statement"] if s["Action"] == "sqs:SendMessage"]
    assert sending["Resource"] == {"GetAtt": "IncidentQueue.Arn"}


def test_schedules_fire_into_the_queues_that_their_role_may_send_to(
    template: dict[str, Any],
) -> None:
    (policy,) = template["Resources"]["SchedulerRole"]["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Resource"] == [{"GetAtt": "NudgeQueue.Arn"}, {"GetAtt": "SlaQueue.Arn"}]


def test_the_document_names_everything_that_has_to_be_there() -> None:
    document = (TEMPLATE.parents[2] / "docs" / "aws-resources.md").read_text("utf-8")
    settings = Settings.isolated()
    for resource in aws_resources(settings, prefix="incident-response"):
        assert f"`{resource.name}`" in document
