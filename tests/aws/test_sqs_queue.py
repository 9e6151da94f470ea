"""What the SQS queue does beyond its port's conformance: batches, troubles, the dead letters."""

import asyncio
import math
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import CredentialRetrievalError

from incident_response.adapters.aws.errors import aws_errors
from incident_response.adapters.aws.event_queue import SqsQueue
from incident_response.adapters.aws.resources import LIVE, QueueResource
from incident_response.adapters.aws.session import aws_clients
from incident_response.domain.errors import (
    ConflictError,
    InvalidConfigurationError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.ports.event_queue import Delivery, QueueMessage
from tests.aws.between import Between, Refusal
from tests.aws.harness import AwsPorts
from tests.aws.ministack import REGION, Ministack
from tests.ports import samples

VISIBILITY = timedelta(seconds=30)
AT_ONCE = timedelta()


@pytest.fixture
def queue(ports: AwsPorts) -> SqsQueue:
    return ports.queue("events")


def messages(count: int, groups: int) -> list[QueueMessage]:
    return [samples.message(f"id-{n}", group=f"group-{n % groups}") for n in range(count)]


async def receive(queue: SqsQueue, limit: int = 10) -> list[Delivery]:
    return await queue.receive(limit=limit, wait=AT_ONCE, visibility=VISIBILITY)


async def test_messages_of_different_groups_go_ten_at_a_time(
    queue: SqsQueue, wire: Between
) -> None:
    await queue.send(messages(25, groups=25))
    assert [len(body["Entries"]) for body in wire.of("SendMessageBatch")] == [10, 10, 5]
    assert await queue.depth() == 25


async def test_no_batch_holds_two_of_a_group_so_that_a_failure_cannot_swap_them(
    queue: SqsQueue, wire: Between
) -> None:
    wire.answer(
        "SendMessageBatch",
        {"Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]},
    )
    sent = messages(3, groups=1)
    with pytest.raises(UnavailableError, match="InternalError"):
        await queue.send(sent)
    assert await queue.depth() == 0  # nothing was sent after the one that failed
    await queue.send(sent)
    assert await queue.depth() == 3


async def test_a_message_that_sqs_will_never_take_is_refused(
    queue: SqsQueue, wire: Between
) -> None:
    failed = {"Id": "0", "Code": "InvalidMessageContents", "SenderFault": True}
    wire.answer("SendMessageBatch", {"Failed": [failed]})
    with pytest.raises(RefusedError) as caught:
        await queue.send(messages(1, groups=1))
    assert caught.value.reason == "InvalidMessageContents"


async def test_an_answer_that_is_lost_leaves_the_outcome_unknown_and_sending_again_is_safe(
    queue: SqsQueue, wire: Between
) -> None:
    wire.loses_answers = True
    with pytest.raises(UnknownOutcomeError):
        await queue.send(messages(1, groups=1))
    wire.loses_answers = False
    await queue.send(messages(1, groups=1))
    assert await queue.depth() == 1


async def test_an_answer_that_breaks_off_leaves_the_outcome_unknown(queue: SqsQueue) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"a":')
        await writer.drain()
        writer.transport.abort()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, aws_clients(REGION, url) as clients:
        with pytest.raises(UnknownOutcomeError):
            await SqsQueue("events", queue.address.url, clients).send(messages(1, groups=1))


def test_without_credentials_for_now_it_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match="sending"), aws_errors("sending"):
        raise CredentialRetrievalError(provider="pod identity", error_msg="no answer")


async def test_a_queue_that_cannot_be_reached_is_unavailable(ports: AwsPorts) -> None:
    queue = ports.queue("events")
    async with aws_clients(REGION, "http://127.0.0.1:9") as clients:
        with pytest.raises(UnavailableError):
            await SqsQueue("events", queue.address.url, clients).send(messages(1, groups=1))


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (Refusal("ThrottlingException"), RateLimitedError),
        (Refusal("RequestThrottled", status=403), RateLimitedError),
        (Refusal("InternalFailure", status=500), UnknownOutcomeError),
        (Refusal("QueueDoesNotExist"), NotFoundError),
        (Refusal("AccessDeniedException", status=403), RefusedError),
        (Refusal("ExpiredTokenException", status=403), UnavailableError),
        (
            Refusal("InvalidParameterValue", message="... receipt handle has expired."),
            ConflictError,
        ),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
async def test_a_refusal_is_told_by_what_can_be_done_about_it(
    queue: SqsQueue, wire: Between, refusal: Refusal, expected: type[Exception]
) -> None:
    wire.answer("GetQueueAttributes", *[refusal] * 3)
    with pytest.raises(expected, match=f"counting the queue events: {refusal.code}"):
        await queue.depth()


async def test_one_trouble_is_tried_again_by_itself(queue: SqsQueue, wire: Between) -> None:
    wire.answer("GetQueueAttributes", Refusal("InternalFailure", status=500))
    assert await queue.depth() == 0


async def test_what_was_received_is_kept_when_the_next_look_fails(
    queue: SqsQueue, wire: Between
) -> None:
    await queue.send(messages(2, groups=2))
    wire.answer("ReceiveMessage", None, *[Refusal("InternalFailure", status=500)] * 3)
    assert len(await receive(queue)) == 1


async def test_a_receiver_that_is_stopped_gives_back_what_it_has(
    queue: SqsQueue, wire: Between
) -> None:
    await queue.send(messages(1, groups=1))
    wire.passing = len(wire.requests) + 1
    async with asyncio.TaskGroup() as tasks:
        receiving = tasks.create_task(receive(queue))
        await wire.holding.wait()
        wire.passing = math.inf
        receiving.cancel()
    (again,) = await receive(queue)
    assert again.receive_count == 2


async def test_a_dead_letter_that_was_buried_twice_is_one(
    queue: SqsQueue, wire: Between, ministack: Ministack
) -> None:
    await queue.send(messages(1, groups=1))
    (first,) = await receive(queue)
    wire.answer("DeleteMessage", *[Refusal("InternalFailure", status=500)] * 3)
    with pytest.raises(UnknownOutcomeError):
        await queue.bury(first, "no")
    await ministack.pass_time(31)
    (second,) = await receive(queue)
    await queue.bury(second, "no")
    (dead,) = await queue.dead_letters(limit=10)
    assert (dead.message_id, dead.reason) == (first.message_id, "no")
    assert await queue.depth() == 0


async def test_any_reason_fits_into_a_dead_letter(queue: SqsQueue) -> None:
    await queue.send(messages(1, groups=1))
    (delivery,) = await receive(queue)
    await queue.bury(delivery, "\x00\ufffe <é> " + "x" * 10_000)
    (dead,) = await queue.dead_letters(limit=1)
    assert dead.reason.startswith("\x00\ufffe <é> xxx")
    assert len(dead.reason) == 500


async def test_dead_letters_of_many_batches_are_shown_and_shown_again(queue: SqsQueue) -> None:
    await queue.send(messages(23, groups=23))
    for _ in range(3):
        for delivery in await receive(queue):
            await queue.bury(delivery, "no")
    assert len(await queue.dead_letters(limit=50)) == 23
    assert len(await queue.dead_letters(limit=50)) == 23
    assert await queue.redrive(limit=50) == 23
    assert await queue.depth() == 23


async def test_a_redrive_that_was_interrupted_puts_no_letter_back_twice(
    queue: SqsQueue, wire: Between, ministack: Ministack
) -> None:
    await queue.send(messages(1, groups=1))
    (delivery,) = await receive(queue)
    await queue.bury(delivery, "no")
    wire.answer("DeleteMessage", *[Refusal("InternalFailure", status=500)] * 3)
    with pytest.raises(UnknownOutcomeError):
        await queue.redrive(limit=10)
    await ministack.pass_time(61)
    assert await queue.redrive(limit=10) == 1
    assert await queue.depth() == 1


async def test_a_queue_without_dead_letters_is_a_wrong_configuration(ports: AwsPorts) -> None:
    bare = QueueResource(f"{ports.own}-bare.fifo", LIVE)
    await bare.apply(ports.clients)
    answer = await ports.clients.sqs.get_queue_url(QueueName=bare.name)
    queue = SqsQueue("bare", answer["QueueUrl"], ports.clients)
    with pytest.raises(InvalidConfigurationError, match="no dead-letter queue"):
        await queue.dead_letters(limit=1)


async def test_a_message_by_a_stranger_is_received_as_it_is(
    ports: AwsPorts, queue: SqsQueue
) -> None:
    answer = await ports.clients.sqs.get_queue_url(QueueName=f"{ports.own}-events.fifo")
    await ports.clients.sqs.send_message(
        QueueUrl=answer["QueueUrl"], MessageBody="no json", MessageGroupId="g"
    )
    (delivery,) = await receive(queue)
    assert delivery.raw == "no json"


async def test_a_long_poll_ends_within_what_sqs_allows(queue: SqsQueue, wire: Between) -> None:
    await queue.send(messages(1, groups=1))
    await queue.receive(limit=1, wait=timedelta(minutes=5), visibility=timedelta(seconds=0.5))
    (asked,) = wire.of("ReceiveMessage")
    assert (asked["WaitTimeSeconds"], asked["VisibilityTimeout"]) == (20, 1)
    assert asked["MaxNumberOfMessages"] == 1


async def test_the_trace_goes_in_an_attribute_where_others_look_for_it(
    queue: SqsQueue, wire: Between
) -> None:
    traced = replace(samples.message("id-1", group="a"), trace="00-ab-cd-01")
    await queue.send([traced, replace(samples.message("id-2", group="b"), trace="")])
    [sent] = wire.of("SendMessageBatch")
    attributes = [entry["MessageAttributes"] for entry in sent["Entries"]]
    assert attributes == [
        {"traceparent": {"DataType": "String", "StringValue": "00-ab-cd-01"}},
        {},
    ]
    assert {delivery.trace for delivery in await receive(queue)} == {"00-ab-cd-01", ""}


async def test_a_redriven_message_keeps_its_trace(queue: SqsQueue) -> None:
    await queue.send([replace(samples.message("id-1"), trace="00-ab-cd-01")])
    [delivery] = await receive(queue)
    await queue.bury(delivery, "for the test")
    assert await queue.redrive(limit=1) == 1
    [again] = await receive(queue)
    assert again.trace == "00-ab-cd-01"
