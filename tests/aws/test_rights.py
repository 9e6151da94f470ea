"""The policies and the role, as ``infra`` looks at them and makes them."""

import json
from collections.abc import AsyncIterator

import pytest

from incident_response.adapters.aws.rights import Document, differences
from incident_response.adapters.aws.rights_resource import (
    MAX_VERSIONS,
    PolicyResource,
    RoleResource,
)
from incident_response.adapters.aws.session import InfraClients, infra_clients
from incident_response.bootstrap.aws_infra import aws_rights
from incident_response.domain.errors import RefusedError
from incident_response.settings import Settings
from tests.aws.between import Between, Refusal
from tests.aws.harness import AwsPorts
from tests.aws.ministack import REGION


@pytest.fixture
async def clients(wire: Between) -> AsyncIterator[InfraClients]:
    async with infra_clients(REGION, wire.url) as opened:
        yield opened


class Rights:
    """All of them, under names of a test's own."""

    def __init__(self, clients: InfraClients, prefix: str) -> None:
        self.all = aws_rights(Settings.isolated(), clients.account, prefix=prefix)
        role, webhook, processor = self.all
        assert isinstance(role, RoleResource)
        assert isinstance(webhook, PolicyResource)
        assert isinstance(processor, PolicyResource)
        self.role, self.webhook, self.processor = role, webhook, processor


@pytest.fixture
async def rights(clients: InfraClients, ports: AwsPorts) -> Rights:
    return Rights(clients, ports.own)


async def test_what_is_missing_is_told_and_made_once(
    clients: InfraClients, rights: Rights
) -> None:
    for one in rights.all:
        assert await one.wrong(clients) == ["it is missing"], one.name
    for _ in range(2):
        for one in rights.all:
            await one.apply(clients)
    for one in rights.all:
        assert await one.wrong(clients) == [], one.name
    versions = await clients.iam.list_policy_versions(PolicyArn=rights.webhook.arn)
    assert len(versions["Versions"]) == 1


async def grant(clients: InfraClients, policy: PolicyResource, document: Document) -> None:
    """By hand."""
    await clients.iam.create_policy_version(
        PolicyArn=policy.arn, PolicyDocument=json.dumps(document), SetAsDefault=True
    )


async def test_a_policy_that_was_changed_by_hand_is_told_and_set_right(
    clients: InfraClients, rights: Rights
) -> None:
    policy = rights.webhook
    await policy.apply(clients)
    first, *others = policy.document["Statement"]
    wider = {"Effect": "Allow", "Action": "sqs:PurgeQueue", "Resource": "*"}
    for _ in range(MAX_VERSIONS - 1):  # IAM keeps no more: the oldest has to go
        await grant(clients, policy, {"Version": "2012-10-17", "Statement": [*others, wider]})
    *lacking, wide = await policy.wrong(clients)
    assert len(lacking) == len(first["Action"])
    assert lacking[0].startswith("it lacks dynamodb:BatchGetItem on arn:aws:dynamodb:")
    assert 'under {"Condition": {"ForAllValues:StringLike": {"dynamodb:Lead' in lacking[0]
    assert wide == "it has sqs:PurgeQueue on *, which is not needed"
    await policy.apply(clients)
    assert await policy.wrong(clients) == []
    kept = (await clients.iam.list_policy_versions(PolicyArn=policy.arn))["Versions"]
    assert sorted(one["VersionId"] for one in kept) == ["v2", "v3", "v4", "v5", "v6"]


async def test_a_role_that_was_changed_by_hand_is_told_and_set_right(
    clients: InfraClients, rights: Rights
) -> None:
    role = rights.role
    await role.apply(clients)
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    await clients.iam.update_assume_role_policy(
        RoleName=role.name, PolicyDocument=json.dumps({"Statement": [anybody]})
    )
    await clients.iam.delete_role_policy(RoleName=role.name, PolicyName="rights")
    trusted, anyone, *lacking = await role.wrong(clients)
    assert trusted.startswith("it lacks sts:AssumeRole under")
    assert "scheduler.amazonaws.com" in trusted
    assert anyone.startswith('it has sts:AssumeRole under {"Principal": {"AWS": ["*"]}}')
    assert [words.rpartition(":")[2] for words in lacking] == [
        f"{role.name.partition('-scheduler')[0]}-{queue}.fifo"
        for queue in ("nudge-events", "sla-check")
    ]
    await role.apply(clients)
    assert await role.wrong(clients) == []


@pytest.mark.parametrize(("operation", "at"), [("CreateRole", 0), ("CreatePolicy", 1)])
async def test_who_may_not_make_it_is_told_what_it_was(
    clients: InfraClients, rights: Rights, wire: Between, operation: str, at: int
) -> None:
    wire.answer(operation, Refusal("AccessDenied", status=403))
    one = rights.all[at]
    with pytest.raises(RefusedError, match=f"making the {one.kind} {one.name}: AccessDenied: no"):
        await one.apply(clients)


def test_a_policy_is_the_same_however_it_is_written() -> None:
    one = {"Effect": "Allow", "Action": ["a:B", "a:C"], "Resource": "r"}
    apart = [
        {"Sid": "x", "Effect": "Allow", "Action": "a:C", "Resource": ["r"]},
        {"Effect": "Allow", "Action": "a:B", "Resource": "r"},
    ]
    assert differences({"Statement": one}, {"Statement": apart}) == []


def test_a_refusal_is_no_grant() -> None:
    allowed = {"Statement": {"Effect": "Allow", "Action": "a:B", "Resource": "r"}}
    denied = {"Statement": {"Effect": "Deny", "Action": "a:B", "Resource": "r"}}
    assert differences(denied, allowed) == [
        "it lacks a:B on r",
        "it has the refusal of a:B on r, which is not needed",
    ]
