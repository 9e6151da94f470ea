"""What ``infra`` looks at and makes."""

import pytest

from incident_response.adapters.aws.resources import (
    QueueResource,
    ScheduleGroupResource,
    SecretResource,
    queue_resources,
)
from incident_response.adapters.aws.table_resource import TableResource
from incident_response.adapters.aws.tables import audit_table, incidents_table
from incident_response.bootstrap.aws_infra import AwsResource
from incident_response.domain.errors import RefusedError
from tests.aws.between import Between, Refusal
from tests.aws.harness import AwsPorts


def some(prefix: str) -> tuple[AwsResource, ...]:
    return (
        TableResource(incidents_table(f"{prefix}-x-incidents")),
        TableResource(audit_table(f"{prefix}-x-audit")),
        *queue_resources(f"{prefix}-x", ("one", "two")),
        ScheduleGroupResource(f"{prefix}-x"),
        SecretResource(f"{prefix}-x/key", "for the test"),
    )


async def test_what_is_missing_is_told_and_made_once(ports: AwsPorts) -> None:
    resources = some(ports.own)
    for resource in resources:
        assert await resource.wrong(ports.clients) == ["it is missing"], resource.name
    for _ in range(2):
        for resource in resources:
            await resource.apply(ports.clients)
    for resource in resources:
        assert await resource.wrong(ports.clients) == [], resource.name


async def test_a_queue_that_was_changed_by_hand_is_told_and_set_right(ports: AwsPorts) -> None:
    queue = queue_resources(ports.own, ("events",))[1]
    url = ports.queue("events").address.url
    changed = {"ContentBasedDeduplication": "false", "RedrivePolicy": ""}
    await ports.clients.sqs.set_queue_attributes(QueueUrl=url, Attributes=changed)
    told = await queue.wrong(ports.clients)
    assert told == [
        "ContentBasedDeduplication is false, not true",
        f"its dead letters do not go to {ports.own}-events-dead.fifo after 3",
    ]
    await queue.apply(ports.clients)
    assert await queue.wrong(ports.clients) == []


async def test_messages_survive_that_their_queue_is_set_up_again(ports: AwsPorts) -> None:
    await ports.queue("events").send_text("{}", group="g")
    for resource in queue_resources(ports.own, ("events",)):
        await resource.apply(ports.clients)
    assert await ports.queue("events").depth() == 1


async def test_a_secret_that_has_a_value_keeps_it(ports: AwsPorts) -> None:
    await ports.store_secret("key", b"one", None)
    await SecretResource(f"{ports.own}/key", "").apply(ports.clients)
    assert (await ports.secrets.read("key")).current == b"one"


async def test_a_secret_that_is_being_deleted_is_told(ports: AwsPorts) -> None:
    await ports.store_secret("key", b"one", None)
    await ports.clients.secrets.delete_secret(SecretId=f"{ports.own}/key")
    secret = SecretResource(f"{ports.own}/key", "")
    assert await secret.wrong(ports.clients) == ["it is marked to be deleted"]


@pytest.mark.parametrize(
    ("operation", "resource"),
    [
        ("CreateTable", TableResource(incidents_table("denied"))),
        ("CreateQueue", QueueResource("denied.fifo", {"FifoQueue": "true"})),
        ("POST", ScheduleGroupResource("denied")),
        ("CreateSecret", SecretResource("denied", "")),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
async def test_who_may_not_make_it_is_told_what_it_was(
    ports: AwsPorts, wire: Between, operation: str, resource: AwsResource
) -> None:
    wire.answer(operation, Refusal("AccessDeniedException", status=403))
    with pytest.raises(RefusedError, match=f"making the {resource.kind} denied"):
        await resource.apply(ports.clients)
