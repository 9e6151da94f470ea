"""The CloudFormation template, deployed and held against what the code needs and asks for."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aioboto3
import pytest
import yaml
from pydantic import SecretStr

from incident_response.adapters.aws.account import Account
from incident_response.adapters.aws.event_queue import SqsQueue
from incident_response.adapters.aws.resources import Resource
from incident_response.adapters.aws.session import aws_clients, infra_clients
from incident_response.adapters.aws.table_form import (
    ENCRYPTED,
    RECOVERABLE,
    creation,
    expiry,
)
from incident_response.adapters.aws.tables import (
    ALERTS_PENDING,
    ALERTS_TROUBLED,
    PROBE,
    WORK_INDEX,
    Table,
    audit_table,
    incidents_table,
    intake_key,
)
from incident_response.alert_sources import ALERT_SOURCES
from incident_response.bootstrap.aws import (
    QUEUE_SETTINGS,
    aws_queues,
    aws_scheduler,
    aws_secrets,
)
from incident_response.bootstrap.aws_infra import aws_resources, aws_rights
from incident_response.bootstrap.doctor import CHECKS, Health, Process, examine
from incident_response.bootstrap.doctor.aws import on_aws
from incident_response.domain.model import EventId
from incident_response.ports.clock import Clock
from incident_response.ports.scheduler import Schedule
from incident_response.settings import Settings
from tests.aws.between import Between
from tests.aws.ministack import REGION, Ministack
from tests.ports import samples

TEMPLATE = Path(__file__).parents[2] / "artifacts" / "aws" / "incident-response.yaml"
PREFIX = "template-test"
TABLES = {"IncidentsTable": incidents_table, "AuditTable": audit_table}
ITEMS = {"BatchGetItem", "GetItem", "PutItem"}


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
    chosen = {
        "IncidentsTableName": f"{PREFIX}-incidents",
        "AuditTableName": f"{PREFIX}-audit",
        "ScheduleGroupName": f"{PREFIX}-group",
        "WebhookSecretId": f"{PREFIX}/webhook",
    }
    parameters = {"Prefix": PREFIX, **chosen}
    session = aioboto3.Session(region_name=REGION)
    async with session.client("cloudformation", endpoint_url=ministack.url) as client:
        await client.create_stack(
            StackName=PREFIX,
            TemplateBody=TEMPLATE.read_text("utf-8"),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_NAMED_IAM"],
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
    async with infra_clients(REGION, ministack.url) as clients:
        held = aws_resources(deployed.settings, prefix=PREFIX)
        assert len(held) == len(TABLES) + 2 * len(QUEUE_SETTINGS) + 1 + len(ALERT_SOURCES)
        rights = aws_rights(deployed.settings, clients.account, prefix=PREFIX)
        resources: list[Resource] = [*held, *rights]
        wrong = {resource.name: await resource.wrong(clients) for resource in resources}
    assert not any(wrong.values()), wrong


async def test_the_template_makes_nothing_that_the_check_does_not_know(
    template: dict[str, Any],
) -> None:
    kinds = [resource["Type"] for resource in template["Resources"].values()]
    settings = Settings.isolated()
    held = aws_resources(settings, prefix=PREFIX)
    rights = aws_rights(settings, Account("aws", "000000000000", REGION), prefix=PREFIX)
    assert len(kinds) == len(held) + len(rights)


def properties(table: Table) -> dict[str, Any]:
    """What the code asks DynamoDB for, as CloudFormation spells it."""
    return {
        **creation(table),
        "SSESpecification": {"SSEEnabled": ENCRYPTED["Enabled"]},
        "TimeToLiveSpecification": expiry(table),
        "PointInTimeRecoverySpecification": RECOVERABLE,
    }


@pytest.mark.parametrize("name", TABLES)
def test_the_templates_tables_are_the_codes_to_the_last_property(
    template: dict[str, Any], name: str
) -> None:
    resource = template["Resources"][name]
    wanted = properties(TABLES[name]("any"))
    assert resource["Properties"] == {**wanted, "TableName": {"Ref": f"{name}Name"}}
    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


def test_what_the_template_makes_is_named_as_the_settings_name_it(
    template: dict[str, Any],
) -> None:
    settings = Settings.isolated()
    defaults = {
        one["Description"].split(",")[0].lower(): one["Default"]
        for one in template["Parameters"].values()
        if one["Description"].split(",")[0].isupper()
    }
    assert set(defaults) >= {"incidents_table", "audit_table"}
    assert defaults == {name: getattr(settings, name) for name in defaults}


def statements(template: dict[str, Any], policy: str) -> list[dict[str, Any]]:
    document = template["Resources"][policy]["Properties"]["PolicyDocument"]
    assert all(statement["Effect"] == "Allow" for statement in document["Statement"])
    found: list[dict[str, Any]] = document["Statement"]
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def allowed(template: dict[str, Any], policy: str) -> set[str]:
    """Beside the tables, of which ``table_rights`` tells more."""
    asked = [listed(statement["Action"]) for statement in statements(template, policy)]
    return {one for actions in asked for one in actions if not one.startswith("dynamodb:")}


def table_rights(template: dict[str, Any], policy: str) -> dict[str, set[str]]:
    """What may be done with each table and index, such as ``AuditTable/index/ledger-index``; what
    may be done under a condition only is followed by a question mark.
    """
    rights: dict[str, set[str]] = {}
    for statement in statements(template, policy):
        actions = [one.partition("dynamodb:")[2] for one in listed(statement["Action"])]
        mark = "?" if "Condition" in statement else ""
        for resource in listed(statement["Resource"]) if all(actions) else ():
            (where,) = resource.values()
            name = where.removeprefix("${").replace(".Arn}", "").removesuffix(".Arn")
            rights.setdefault(name, set()).update(f"{one}{mark}" for one in actions)
    return rights


def index_names(name: str) -> set[str]:
    return {f"{name}/index/{index.name}" for index in TABLES[name]("any").indexes}


DESCRIBES = {"DescribeContinuousBackups", "DescribeTable", "DescribeTimeToLive"}
"""What the doctor asks of a table, with the processor's role."""


def test_the_webhook_takes_alerts_in_and_finds_those_that_wait(template: dict[str, Any]) -> None:
    assert table_rights(template, "WebhookPolicy") == {
        "IncidentsTable": {f"{one}?" for one in ITEMS},
        f"IncidentsTable/index/{WORK_INDEX.name}": {"Query?"},
    }


def test_the_webhook_reaches_alerts_only_so_that_it_cannot_forge_a_click(
    template: dict[str, Any],
) -> None:
    items, query = (
        statement["Condition"]
        for statement in statements(template, "WebhookPolicy")
        if "Condition" in statement
    )
    assert items == _held_to("StringLike", "INTAKE#*", PROBE.partition)
    assert {kind.partition for kind in (ALERTS_PENDING, ALERTS_TROUBLED)} == {"INTAKE#"}
    assert intake_key(EventId("e")).partition == "INTAKE#e"
    assert query == _held_to("StringEquals", ALERTS_PENDING.name, ALERTS_TROUBLED.name)


def _held_to(operator: str, *leading: str) -> dict[str, Any]:
    """``ForAllValues`` alone would also hold of a request that names no key."""
    return {
        f"ForAllValues:{operator}": {"dynamodb:LeadingKeys": list(leading)},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }


def test_the_processor_works_on_every_index_and_deletes_nothing(template: dict[str, Any]) -> None:
    works = ITEMS | {"ConditionCheckItem", "Query"}
    indexes = index_names("IncidentsTable") | index_names("AuditTable")
    assert table_rights(template, "ProcessorPolicy") == {
        "IncidentsTable": works | {"UpdateItem"} | DESCRIBES,
        "AuditTable": works | {"UpdateItem?"} | DESCRIBES,
        **{index: {"Query"} for index in indexes},
    }


def test_of_a_ledger_nothing_can_be_updated_but_when_it_expires(template: dict[str, Any]) -> None:
    (restricted,) = [
        statement
        for statement in statements(template, "ProcessorPolicy")
        if statement["Action"] == "dynamodb:UpdateItem"
    ]
    table = audit_table("any")
    named = {"dynamodb:Attributes": [*table.keys, table.expires_at]}
    assert restricted["Condition"] == {
        "ForAllValues:StringEquals": named,
        "Null": {"dynamodb:Attributes": "false"},
    }


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
    # The doctor reads its queue's attributes.
    assert allowed(template, "WebhookPolicy") == webhook | {"sqs:GetQueueAttributes"}
    assert allowed(template, "ProcessorPolicy") - {"iam:PassRole"} == processor


def asked_of_tables(wire: Between, settings: Settings) -> set[tuple[str, str]]:
    """Each table or index, as ``table_rights`` names it, and what was asked of it."""
    names = {settings.incidents_table: "IncidentsTable", settings.audit_table: "AuditTable"}
    return {
        (f"{names[body['TableName']]}{index and '/index/'}{index}", request.operation)
        for request in wire.requests
        for body in (request.body,)
        if "TableName" in body
        for index in (body.get("IndexName", ""),)
    }


@pytest.mark.parametrize("process", Process)
async def test_the_doctor_asks_for_nothing_that_the_role_of_its_process_may_not(
    deployed: Deployed,
    template: dict[str, Any],
    wire: Between,
    ministack: Ministack,
    process: Process,
) -> None:
    changes = {"aws_endpoint_url": wire.url, "ledger_key": SecretStr("k" * 16)}
    settings = deployed.settings.model_copy(update=changes)
    found = await examine(
        settings,
        checks=[check for check in CHECKS if check.applies is on_aws],
        processes=frozenset({process}),
        clock=ministack.clock,
    )
    wrong = {finding.check for finding in found if finding.found.health is Health.WRONG}
    assert not wrong - {"Alert keys"}, "no key is in a new stack"
    policy = f"{process.value.capitalize()}Policy"
    asked = asked_of_tables(wire, settings)
    granted = table_rights(template, policy)
    assert asked
    assert not {
        (where, what)
        for where, what in asked
        if not granted.get(where, set()).intersection({what, f"{what}?"})
    }
    wire.requests = [request for request in wire.requests if "TableName" not in request.body]
    assert rights(wire) <= allowed(template, policy)


def test_the_webhook_has_rights_to_one_queue_only(template: dict[str, Any]) -> None:
    document = template["Resources"]["WebhookPolicy"]["Properties"]["PolicyDocument"]
    (sending,) = [s for s in document["Statement"] if "sqs:SendMessage" in s["Action"]]
    assert sending["Resource"] == {"GetAtt": "IncidentQueue.Arn"}


def test_schedules_fire_into_the_queues_that_their_role_may_send_to(
    template: dict[str, Any],
) -> None:
    (policy,) = template["Resources"]["SchedulerRole"]["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Resource"] == [{"GetAtt": "NudgeQueue.Arn"}, {"GetAtt": "SlaQueue.Arn"}]


@pytest.mark.parametrize("table", [make("any") for make in TABLES.values()])
def test_the_document_tells_every_index_with_its_keys(table: Table) -> None:
    document = (TEMPLATE.parents[2] / "docs" / "aws-resources.md").read_text("utf-8")
    rows = [line.split("|")[2:5] for line in document.splitlines() if "-index` |" in line]
    told = {tuple(cell.split("`")[1] for cell in row) for row in rows}
    assert {(one.name, one.partition, one.sort) for one in table.indexes} <= told


def test_the_document_names_everything_that_has_to_be_there() -> None:
    document = (TEMPLATE.parents[2] / "docs" / "aws-resources.md").read_text("utf-8")
    settings, account = Settings.isolated(), Account("aws", "000000000000", "<region>")
    held = aws_resources(settings, prefix="incident-response")
    rights = aws_rights(settings, account, prefix="incident-response")
    for resource in (*held, *rights):
        assert f"| `{resource.name}` |" in document
