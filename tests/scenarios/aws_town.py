"""A workspace with its vendors in this process; the webhook and any number of processors over one
AWS backend as processes of their own, which may be killed.

Not here: what anything in the workspace has to look like (the tests).
"""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from incident_response.adapters.aws.backend import AwsRecords
from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.aws import open_aws, open_ledgers, open_records
from incident_response.entrypoints.drill_aws import aws_place
from incident_response.entrypoints.local_stack import local_settings, sandbox_config
from incident_response.sandbox.alerts import AlertOrder, Destination, sample_credentials
from incident_response.sandbox.app import Sandbox
from incident_response.sandbox.faults import Fault
from incident_response.sandbox.slack.model import Channel, Message
from incident_response.settings import Settings
from incident_response.workflows.auditor import audit_ledger
from tests.entrypoints.processes import Process, get, running
from tests.scenarios.local_process import eventually

FREE_PORTS = {"WEBHOOK_PORT": "0", "WEBHOOK_HEALTH_PORT": "0", "PROCESSOR_HEALTH_PORT": "0"}


@dataclass
class AwsTown:
    """The workspace and the webhook; processors come and go."""

    sandbox: Sandbox
    settings: Settings
    """Of every process."""

    def processor(self, **changes: str) -> AbstractAsyncContextManager[Process]:
        """One more, killed at the end; ``changes`` to its environment."""
        return running("processor", env={**environment(self.settings), **changes})

    async def fire(self, **order: object) -> None:
        delivery = await self.sandbox.alerts.fire(AlertOrder.model_validate(order))
        assert delivery.status == 202, delivery

    def fault(self, target: str, kind: str, **details: object) -> None:
        self.sandbox.board.add(Fault.model_validate({"target": target, "kind": kind, **details}))

    async def until_struck(self, target: str, times: int = 1) -> None:
        """Until calls of ``target`` have met a fault that often."""

        async def is_struck() -> bool:
            return self.sandbox.board.received.faults_by_target[target] >= times

        await eventually(is_struck)

    async def types(self, user: str, words: str) -> None:
        """The slash command, in the channel of announcements."""
        outcome = await self.sandbox.people.slash(
            user=user, channel=self.announcing.id, command=self.settings.slack_command, text=words
        )
        assert outcome.ok, outcome

    async def until_answered(self, user: str, times: int) -> None:
        """Until they were told something there that often: no less, and no more."""

        async def is_answered() -> bool:
            return len(self.sandbox.people.ephemerals_for(user, self.announcing.id)) == times

        await eventually(is_answered)

    @property
    def announcing(self) -> Channel:
        found = self.sandbox.workspace.channels.by_name("incidents")
        assert found is not None
        return found

    async def until_rooms(self, count: int) -> None:
        async def are_there() -> bool:
            return len(self.rooms()) == count

        await eventually(are_there)

    def rooms(self) -> list[Channel]:
        """Every private channel: only our bot makes any."""
        found = self.sandbox.workspace.channels.all()
        return [channel for channel in found if channel.kind == "private_channel"]

    def said(self, channel: str) -> list[Message]:
        """What our bot said in a channel."""
        messages = self.sandbox.workspace.messages.top_level(channel)
        return [m for m in messages if m.subtype is None and m.bot_id]

    def records(self) -> AbstractAsyncContextManager[AwsRecords]:
        return open_records(self.settings, SystemClock())

    async def broken_ledgers(self) -> list[object]:
        """What is wrong with any ledger."""
        async with open_ledgers(self.settings) as opened:
            ids = await opened.ledger.heads()
            assert ids
            return [
                finding
                for incident_id in ids
                for finding in await audit_ledger(opened.ledger, opened.seal, incident_id)
            ]

    async def attempts(self, plan: str, step: str) -> list[int]:
        """How often a step was begun, of every incident."""
        async with self.records() as records:
            store = records.incidents
            found = await store.recent(open_only=False, limit=50)
            journals = [await store.journal(i.incident_id, plan) for i in found]
        return [journal[step].attempts for journal in journals]

    async def held_leases(self) -> list[str]:
        """Leases that somebody holds, whether or not they have ended."""
        leases = await self._items("LEASE#")
        return [lease["pk"]["S"] for lease in leases if lease["holder"]["S"]]

    async def open_envelopes(self) -> list[str]:
        """Clicks, commands and events that are not worked off."""
        envelopes = await self._items("ENVELOPE#")
        return [one["pk"]["S"] for one in envelopes if one["state"]["S"] != "done"]

    async def claims(self) -> list[int]:
        """How often each click, command and event was claimed."""
        return [int(one["attempts"]["N"]) for one in await self._items("ENVELOPE#")]

    async def _items(self, kind: str) -> list[dict[str, Any]]:
        async with open_aws(self.settings) as clients:
            answer = await clients.dynamodb.scan(
                TableName=self.settings.incidents_table, ConsistentRead=True
            )
        return [item for item in answer["Items"] if item["pk"]["S"].startswith(kind)]


async def until_ready(process: Process) -> None:
    url = (await process.logged("probes listen"))["url"]

    async def is_ready() -> bool:
        return (await get(f"{url}/readyz"))[0] == 200

    await eventually(is_ready)


def environment(settings: Settings) -> dict[str, str]:
    """The variables that say what ``settings`` say."""
    found = {name: getattr(settings, name) for name in settings.model_fields_set}
    texts = {name.upper(): _as_text(value) for name, value in found.items() if value is not None}
    return texts | FREE_PORTS


def _as_text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return json.dumps(value) if isinstance(value, dict) else str(value)


@asynccontextmanager
async def aws_town(url: str, folder: Path) -> AsyncIterator[AwsTown]:
    """Everything made on the AWS at ``url``, and the webhook listening."""
    sandbox, key = Sandbox(sandbox_config(folder, 0)), secrets.token_hex(32)
    async with AsyncExitStack() as stack:
        await sandbox.start()
        stack.push_async_callback(sandbox.stop)
        place = await stack.enter_async_context(aws_place(url))
        without_model = {"anthropic_api_key": None}  # its SDK takes seconds to import, each time
        local = local_settings(folder, sandbox, key).model_copy(update=without_model)
        settings = await place(local)
        webhook = await stack.enter_async_context(running("webhook", env=environment(settings)))
        alert_url = (await webhook.logged("webhook listens"))["url"]
        sandbox.alerts.aim(Destination(alert_url, sample_credentials(key)))
        yield AwsTown(sandbox, settings)
