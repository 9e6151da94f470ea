"""Ministack as a process of its own, with a clock that a test can put forward.

Run by ``tests/aws/ministack.py`` with the Python of ministack's own environment. It says its port
on standard output, obeys ``advance SECONDS`` on standard input and ends when that is closed, so
that it never outlives the tests. Where ministack differs from what AWS documents, it is corrected
here, each place with what AWS says. Not here: anything of ours.
"""

import asyncio
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from datetime import UTC, datetime
from typing import Any

os.environ.update(
    BIND_HOST="127.0.0.1",  # its default is every address of the machine
    SFTP_ENABLED="0",
    IOT_MTLS_ENABLED="0",
    LOG_LEVEL="WARNING",
)
_listener = socket.create_server(("127.0.0.1", 0))
os.environ["GATEWAY_PORT"] = str(_listener.getsockname()[1])

from hypercorn.asyncio import serve  # noqa: E402 - ministack reads the environment when imported
from hypercorn.config import Config  # noqa: E402
from ministack.app import app  # noqa: E402
from ministack.services import dynamodb, eventbridge, scheduler, sqs  # noqa: E402
from ministack.services.cloudformation import provisioners  # noqa: E402

Json = dict[str, Any]
Answer = tuple[int, Json, bytes]

TICK_SECONDS = 0.5
START_BACK_SECONDS = 300.0
SLOT = "<aws.scheduler.scheduled-time>"

_machine_time = time.time
_ahead = 0.0
_ticking = threading.Lock()
_fired: dict[object, float] = {}


def _now() -> float:
    return _machine_time() + _ahead


time.time = _now


# EventBridge Scheduler


def _refused(body: Json) -> str:
    """Why AWS would not take this schedule; empty if it would."""
    at = scheduler._at_time_epoch(body.get("ScheduleExpression", ""))
    start, end = (
        scheduler._to_epoch(body.get("StartDate")),
        scheduler._to_epoch(body.get("EndDate")),
    )
    if at is not None and at <= _now():
        return "Invalid Schedule Expression: the time is in the past."
    if start is not None and start < _now() - START_BACK_SECONDS:
        return "The StartDate you specify cannot be earlier than 5 minutes ago."
    if end is not None and end <= _now():
        return "The EndDate you specify must be in the future."
    if end is not None and start is not None and end <= start:
        return "The StartDate you specify must come before the EndDate."
    return ""


def _checked(change: Callable[[str, Json], Answer]) -> Callable[[str, Json], Answer]:
    def checked(name: str, body: Json) -> Answer:
        if why := _refused(body):
            error: Answer = scheduler._error(400, "ValidationException", why)
            return error
        with _ticking:
            return change(name, body)

    return checked


def _tick() -> None:
    """Fire every slot up to now.

    AWS: StartDate sets the first occurrence of a rate; EndDate is the time before which the target
    can be invoked; the slot's time replaces ``SLOT`` in the input.
    """
    with _ticking:
        schedules: MutableMapping[Any, Json] = scheduler._schedules._data
        for key, schedule in list(schedules.items()):
            if schedule["State"] == "ENABLED":
                _fire(key, schedule)
            if _is_over(key, schedule) and schedule["ActionAfterCompletion"] == "DELETE":
                schedules.pop(key, None)
                _fired.pop(key, None)


def _is_over(key: object, schedule: Json) -> bool:
    if scheduler._at_time_epoch(schedule["ScheduleExpression"]) is not None:
        return key in _fired
    end = scheduler._to_epoch(schedule["EndDate"])
    return end is not None and _now() >= end


def _fire(key: Any, schedule: Json) -> None:
    account, region, _ = key
    target = schedule["Target"]
    for slot in _slots(schedule, after=_fired.get(key, 0.0)):
        _fired[key] = slot
        told = datetime.fromtimestamp(slot, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        scheduler.set_request_account_id(account)
        scheduler.set_request_region(region)
        message = {
            "MessageBody": target["Input"].replace(SLOT, told),
            "MessageGroupId": target["SqsParameters"]["MessageGroupId"],
        }
        # As any sender would: only a queue that deduplicates by content takes it.
        sqs._act_send_message(message, target["Arn"].rpartition(":")[2])


def _slots(schedule: Json, *, after: float) -> Iterator[float]:
    expression = schedule["ScheduleExpression"]
    at = scheduler._at_time_epoch(expression)
    if at is not None:
        if after < at <= _now():
            yield at
        return
    interval = eventbridge._parse_rate_seconds(expression)
    slot = scheduler._to_epoch(schedule["StartDate"]) or schedule["CreationDate"]
    end = scheduler._to_epoch(schedule["EndDate"]) or float("inf")
    since = max(after, schedule["LastModificationDate"] - TICK_SECONDS)
    while slot <= _now() and slot < end:
        if slot > since:
            yield slot
        slot += interval


def _tick_loop() -> None:
    while True:
        time.sleep(TICK_SECONDS)
        _tick()


# SQS


_deleted: set[str] = set()


def _delete_message(data: Json, queue_url: str) -> Json:
    """AWS: deleting a message twice under the same receipt succeeds."""
    receipt = data.get("ReceiptHandle", "")
    if receipt not in _deleted:
        _stock_delete(data, queue_url)
        _deleted.add(receipt)
    return {}


# DynamoDB


def _update_ttl(data: Json) -> Answer:
    """AWS: what expires by an attribute already is refused, as is another one meanwhile."""
    setting = dynamodb._ttl_settings.get(data["TableName"], {})
    wanted = data["TimeToLiveSpecification"]
    if wanted["Enabled"] and setting.get("TimeToLiveStatus") == "ENABLED":
        why = "TimeToLive is already enabled"
        error: Answer = dynamodb.error_response_json("ValidationException", why, 400)
        return error
    answer: Answer = _stock_update_ttl(data)
    return answer


def _update_table(data: Json) -> Answer:
    """AWS: one index is made or deleted in a request."""
    if len(data.get("GlobalSecondaryIndexUpdates", ())) > 1:
        why = "Subscriber limit exceeded: Only 1 online index can be created or deleted at a time"
        error: Answer = dynamodb.error_response_json("LimitExceededException", why, 400)
        return error
    answer: Answer = _stock_update_table(data)
    return answer


def _create_by_template(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:
    """AWS: encryption, expiry and recovery are as the template says, and indexes have a status."""
    made: tuple[str, Json] = _stock_create_by_template(logical_id, properties, stack)
    name, _ = made
    at = {"TableName": name}
    table = dynamodb._tables[name]
    for index in table["GlobalSecondaryIndexes"]:
        index["IndexStatus"] = "ACTIVE"
    encryption = {"Enabled": properties.get("SSESpecification", {}).get("SSEEnabled", False)}
    table["SSEDescription"] = dynamodb._sse_description_from_spec(encryption)
    if expiry := properties.get("TimeToLiveSpecification"):
        _stock_update_ttl({**at, "TimeToLiveSpecification": expiry})
    if recovery := properties.get("PointInTimeRecoverySpecification"):
        asked = {**at, "PointInTimeRecoverySpecification": recovery}
        dynamodb._update_continuous_backups(asked)
    return made


# The process


def _obey() -> None:
    global _ahead
    for line in sys.stdin:
        _, _, seconds = line.partition(" ")
        _ahead += float(seconds)
        _tick()
        _say({"ahead": _ahead})
    os._exit(0)


def _say(what: Json) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


_stock_delete = sqs._act_delete_message
sqs._HANDLERS["DeleteMessage"] = _delete_message
_stock_update_ttl, dynamodb._update_ttl = dynamodb._update_ttl, _update_ttl
_stock_update_table, dynamodb._update_table = dynamodb._update_table, _update_table
_tables_by_template = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
_stock_create_by_template = _tables_by_template["create"]
_tables_by_template["create"] = _create_by_template
scheduler._create_schedule = _checked(scheduler._create_schedule)
scheduler._update_schedule = _checked(scheduler._update_schedule)
scheduler._ticker_loop = _tick_loop


def main() -> None:
    """Serve until standard input is closed."""
    config = Config()
    config.bind = [f"fd://{_listener.fileno()}"]
    config.loglevel = "WARNING"
    threading.Thread(target=_obey, daemon=True).start()
    _say({"port": _listener.getsockname()[1]})
    asyncio.run(serve(app, config))


if __name__ == "__main__":
    main()
