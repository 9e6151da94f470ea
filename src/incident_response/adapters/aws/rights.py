"""Who may do what in AWS, as data: the policies of the two processes, and what EventBridge
Scheduler may.

``infra apply`` makes them, and the CloudFormation template says the same. Not here: making them
(rights_resource), attaching them, which is up to whoever gives the processes their roles.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from incident_response.adapters.aws.account import Account
from incident_response.adapters.aws.resources import dead_letter_queue_name, queue_name
from incident_response.adapters.aws.tables import (
    ALERTS_PENDING,
    ALERTS_TROUBLED,
    PROBE,
    WORK_INDEX,
    Table,
)

SCHEDULER = "scheduler.amazonaws.com"
"""What EventBridge Scheduler is called where a role is taken or passed on."""
READS = ("dynamodb:BatchGetItem", "dynamodb:GetItem")
DESCRIBES = (
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
)
"""For ``incident-response doctor``."""

Statement = dict[str, Any]
Document = dict[str, Any]
"""A policy as IAM takes it, its lists as Python's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What the rights are to, by name."""

    account: Account
    incidents: Table
    audit: Table
    prefix: str
    """Of the queues, and of the policies and the role themselves."""
    queues: Sequence[str]
    """Our names of all."""
    alerts: str
    """The queue of accepted alerts."""
    scheduled: Sequence[str]
    """The queues that schedules fire into."""
    schedule_group: str
    secrets: Sequence[str]
    """Names of the alert sources' keys."""

    def name(self, whose: str) -> str:
        """Of a policy or role, which an account has once for all regions."""
        return f"{self.prefix}-{whose}-{self.account.region}"

    def table(self, table: Table) -> str:
        return self.account.arn("dynamodb", f"table/{table.name}")

    def indexes(self, table: Table) -> list[str]:
        return [f"{self.table(table)}/index/{index.name}" for index in table.indexes]

    def queue(self, queue: str) -> str:
        return self.account.arn("sqs", queue_name(self.prefix, queue))

    def dead_letters(self, queue: str) -> str:
        return self.account.arn("sqs", dead_letter_queue_name(self.prefix, queue))

    def scheduler_role(self) -> str:
        return self.account.arn("iam", f"role/{self.name('scheduler')}")


def webhook_rights(to: Holdings) -> Document:
    """It takes alerts in and finds those that wait. It knows no ledger, receives from no queue and
    schedules nothing.
    """
    # Only alerts: whoever takes the webhook over must not write an incident, or a click that
    # nobody made.
    alerts = [f"{ALERTS_PENDING.partition}*", PROBE.partition]
    return _document(
        _allowed(
            (*READS, "dynamodb:PutItem"),
            [to.table(to.incidents)],
            _all_among("StringLike", "dynamodb:LeadingKeys", alerts),
        ),
        _allowed(
            ["dynamodb:Query"],
            [f"{to.table(to.incidents)}/index/{WORK_INDEX.name}"],
            _all_among(
                "StringEquals",
                "dynamodb:LeadingKeys",
                [ALERTS_PENDING.name, ALERTS_TROUBLED.name],
            ),
        ),
        # The attributes are read by incident-response doctor.
        _allowed(["sqs:GetQueueAttributes", "sqs:SendMessage"], [to.queue(to.alerts)]),
        _allowed(
            ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            # Secrets Manager ends an ARN with six characters of its own.
            [to.account.arn("secretsmanager", f"secret:{name}-??????") for name in to.secrets],
        ),
    )


def processor_rights(to: Holdings) -> Document:
    """It deletes nothing from a table: DynamoDB does, when an item has expired."""
    tables = [to.table(to.incidents), to.table(to.audit)]
    works = (*READS, "dynamodb:ConditionCheckItem", "dynamodb:PutItem")
    return _document(
        _allowed((*works, "dynamodb:UpdateItem"), [to.table(to.incidents)]),
        _allowed(works, [to.table(to.audit)]),
        _allowed(DESCRIBES, tables),
        # Of what is in a ledger nothing can be updated but when it expires.
        _allowed(
            ["dynamodb:UpdateItem"],
            [to.table(to.audit)],
            _all_among(
                "StringEquals", "dynamodb:Attributes", [*to.audit.keys, to.audit.expires_at]
            ),
        ),
        _allowed(["dynamodb:Query"], [*tables, *to.indexes(to.incidents), *to.indexes(to.audit)]),
        _allowed(
            [
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            ],
            [to.queue(one) for one in to.queues] + [to.dead_letters(one) for one in to.queues],
        ),
        _allowed(
            [f"scheduler:{verb}Schedule" for verb in ("Create", "Delete", "Get", "Update")],
            [to.account.arn("scheduler", f"schedule/{to.schedule_group}/*")],
        ),
        _allowed(
            ["iam:PassRole"],
            [to.scheduler_role()],
            {"StringEquals": {"iam:PassedToService": SCHEDULER}},
        ),
    )


def scheduler_rights(to: Holdings) -> Document:
    """It sends to the queues that schedules fire into."""
    return _document(_allowed(["sqs:SendMessage"], [to.queue(one) for one in to.scheduled]))


def scheduler_trust(account: Account) -> Document:
    """Only EventBridge Scheduler takes the role, and only for schedules of this account."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": SCHEDULER},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": account.number}},
    }
    return _document(statement)


def differences(found: Document, wanted: Document) -> list[str]:
    """What is granted too much or too little, in words; empty: nothing, however it is written."""
    there, ours = set(_grants(found)), set(_grants(wanted))
    return [f"it lacks {one}" for one in sorted(ours - there)] + [
        f"it has {one}, which is not needed" for one in sorted(there - ours)
    ]


def _grants(document: Document) -> Iterator[str]:
    """Each action on each resource by itself."""
    for statement in _listed(document.get("Statement", [])):
        known = ("Sid", "Effect", "Action", "Resource")
        rest = {key: _sorted(value) for key, value in statement.items() if key not in known}
        effect = "" if statement.get("Effect") == "Allow" else "the refusal of "
        under = f" under {json.dumps(rest, sort_keys=True)}" if rest else ""
        for action in _listed(statement.get("Action", "nothing")):
            for resource in _listed(statement.get("Resource", "")):
                yield f"{effect}{action}{resource and ' on '}{resource}{under}"


def _sorted(value: Any) -> Any:
    """With every list in one order, and every single value as a list of it."""
    if isinstance(value, dict):
        return {key: _sorted(one) for key, one in value.items()}
    return sorted(_listed(value))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _document(*statements: Statement) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allowed(
    actions: Sequence[str], resources: Sequence[str], condition: Statement | None = None
) -> Statement:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return statement | ({"Condition": condition} if condition else {})


def _all_among(operator: str, key: str, values: Sequence[str]) -> Statement:
    """AWS lets "all values are among" hold where there are none, so that there have to be some."""
    return {f"ForAllValues:{operator}": {key: list(values)}, "Null": {key: "false"}}
