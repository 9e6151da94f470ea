"""The stand-in of the AWS tests, held to what AWS documents where ministack alone differs."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.harness import ROLE_ARN, AwsPorts
from tests.aws.ministack import Ministack

MINUTE = timedelta(minutes=1)


async def schedule(ports: AwsPorts, **changed: Any) -> dict[str, Any]:
    return {
        "Name": "a",
        "GroupName": ports.own,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ScheduleExpression": "rate(1 minute)",
        "Target": {
            "Arn": await ports.queue("events").address.arn(),
            "RoleArn": ROLE_ARN,
            "Input": "{}",
            "SqsParameters": {"MessageGroupId": "g"},
        },
        **changed,
    }


async def refused(ports: AwsPorts, words: str, **changed: Any) -> None:
    with pytest.raises(ClientError, match=words):
        await ports.clients.scheduler.create_schedule(**await schedule(ports, **changed))


async def test_times_that_are_over_are_refused(ports: AwsPorts, ministack: Ministack) -> None:
    now = ministack.clock.now()
    await refused(ports, "in the past", ScheduleExpression=f"at({now:%Y-%m-%dT%H:%M:%S})")
    await refused(ports, "earlier than 5 minutes ago", StartDate=now - 6 * MINUTE)
    await refused(ports, "must be in the future", EndDate=now - MINUTE)
    await refused(ports, "before the EndDate", StartDate=now + MINUTE, EndDate=now + MINUTE)


async def test_a_rate_counts_from_its_start(ports: AwsPorts, ministack: Ministack) -> None:
    start = ministack.clock.now() + timedelta(seconds=30)
    await ports.clients.scheduler.create_schedule(**await schedule(ports, StartDate=start))
    await ministack.pass_time(20)
    assert await ports.queue("events").depth() == 0
    await ministack.pass_time(11)
    assert await ports.queue("events").depth() == 1


async def test_equal_inputs_are_one_message_as_the_queue_deduplicates(
    ports: AwsPorts, ministack: Ministack
) -> None:
    start = ministack.clock.now() + timedelta(seconds=30)
    for name in ("a", "b"):
        request = await schedule(ports, StartDate=start, Name=name)
        await ports.clients.scheduler.create_schedule(**request)
    await ministack.pass_time(31)
    assert await ports.queue("events").depth() == 1
