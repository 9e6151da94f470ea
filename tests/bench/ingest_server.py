"""The webhook over a stub of AWS: as it is, or with the plain intake that it is measured against.

A process of its own: ``python -m tests.bench.ingest_server ours|plain STUB_URL`` says its URL; it
ends when standard input is closed. Not here: the load (ingest_aws).
"""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import aioboto3
import structlog

from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.alert_intake import alert_intake
from incident_response.bootstrap.backend import backend_of
from incident_response.domain.alert import Alert, IntakeRecord
from incident_response.entrypoints.webhook.process import build_webhook
from incident_response.settings import Settings
from incident_response.workflows.accept_alert import Acceptance, AlertIntake, Outcome

REGION = "us-east-1"


class PlainIntake:
    """What one would write first: for each alert a put and a send, with aioboto3 as it comes."""

    def __init__(self, settings: Settings, table: Any, sqs: Any) -> None:
        self._settings = settings
        self._table = table
        self._sqs = sqs

    async def accept(
        self, alert: Alert, *, raw: bytes, trace: str = "", within: float | None = None
    ) -> Acceptance:
        record = IntakeRecord.of(alert, received_at=SystemClock().now(), raw=raw, trace=trace)
        item = {"pk": record.event_id, "sk": "RECORD", "record": record.model_dump_json()}
        await self._table.put_item(Item=item, ConditionExpression="attribute_not_exists(pk)")
        await self._sqs.send_message(
            QueueUrl=self._settings.incident_queue_url,
            MessageBody=json.dumps({"type": "ALERT_RECEIVED", "event_id": record.event_id}),
            MessageGroupId=alert.group_id,
            MessageDeduplicationId=record.event_id,
        )
        return Acceptance(Outcome.ACCEPTED, record.event_id)

    async def run(self) -> None:
        await asyncio.Event().wait()


@asynccontextmanager
async def plain(settings: Settings) -> AsyncIterator[PlainIntake]:
    session = aioboto3.Session("local", "local", region_name=REGION)
    url = settings.aws_endpoint_url
    async with (
        session.resource("dynamodb", endpoint_url=url) as dynamodb,
        session.client("sqs", endpoint_url=url) as sqs,
    ):
        yield PlainIntake(settings, await dynamodb.Table(settings.incidents_table), sqs)


def settings_for(url: str) -> Settings:
    return Settings.isolated(
        backend="aws",
        aws_region=REGION,
        aws_endpoint_url=url,
        incident_queue_url=f"{url}/000000000000/alerts.fifo",
    )


async def serve(kind: str, url: str) -> None:
    settings, clock = settings_for(url), SystemClock()
    async with (
        backend_of(settings).open_ingress(settings, clock) as ingress,
        plain(settings) as plainly,
    ):
        ours = alert_intake(ingress, clock)
        intake = ours if kind == "ours" else cast("AlertIntake", plainly)
        server, _ = await build_webhook(settings, ingress=ingress, intake=intake, clock=clock)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(intake.run())
            sys.stdout.write(f"{await server.start()}\n")
            sys.stdout.flush()
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
            running.cancel()
            await server.stop(drain_seconds=0.5)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    asyncio.run(serve(sys.argv[1], sys.argv[2]))
