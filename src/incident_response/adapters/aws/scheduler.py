"""``ports.scheduler`` on EventBridge Scheduler: one schedule of ours is one of a schedule group.

A slot fires up to a minute late, as AWS promises no better, and perhaps twice. Repeating schedules
repeat in whole minutes, and times are whole seconds: parts are rounded up, so that nothing fires
early. AWS takes no time that is over, so a slot that was due before its schedule is put goes into
its queue from here. Not here: the wire's form of a schedule (schedule_form).
"""

import re
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from botocore.exceptions import ClientError

from incident_response.adapters.aws import schedule_form as form
from incident_response.adapters.aws.errors import aws_errors, error_code
from incident_response.adapters.aws.event_queue import SqsQueue
from incident_response.adapters.aws.session import AwsClient
from incident_response.domain.errors import ConflictError
from incident_response.ports.clock import Clock
from incident_response.ports.scheduler import Schedule

log = structlog.get_logger(__name__)

LEAD = timedelta(seconds=5)
"""How far ahead a time has to be for AWS to take it: clocks differ, and a request takes time."""
FIRES_WITHIN = timedelta(minutes=1)
"""How late AWS may fire a slot (the user guide: "60 second precision")."""
PUT_ROUNDS = 3
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Queues(Protocol):
    """Finds the queue of a name."""

    def __call__(self, name: str, /) -> SqsQueue: ...


class EventBridgeScheduler:
    """``ports.scheduler.Scheduler``."""

    def __init__(
        self, client: AwsClient, *, queues: Queues, group: str, role_arn: str, clock: Clock
    ) -> None:
        """``role_arn`` is the role with which AWS sends to the queues."""
        self._client = client
        self._queues = queues
        self._group = group
        self._role_arn = role_arn
        self._clock = clock

    async def put(self, schedule: Schedule) -> None:
        _check(schedule)
        before, now = await self.get(schedule.name), self._clock.now()
        missed = _missed(schedule, before, now)
        if missed is not None:
            await self._fire(schedule, missed)
        slot = _first_for_aws(schedule, now)
        if slot is None:
            await self.delete(schedule.name)
        else:
            await self._put(schedule, slot, is_there=before is not None)

    async def get(self, name: str) -> Schedule | None:
        with aws_errors(f"looking at the schedule {name}"):
            try:
                answer = await self._client.get_schedule(GroupName=self._group, Name=name)
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
                return None
        return form.read(answer)

    async def delete(self, name: str) -> None:
        with aws_errors(f"deleting the schedule {name}"):
            try:
                await self._client.delete_schedule(GroupName=self._group, Name=name)
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise

    async def _put(self, schedule: Schedule, slot: datetime, *, is_there: bool) -> None:
        """Create it or replace the whole of it, whichever is possible when it is done."""
        request = form.request(
            schedule,
            slot=slot,
            group=self._group,
            queue_arn=await self._queues(schedule.queue).address.arn(),
            role_arn=self._role_arn,
        )
        create = (self._client.create_schedule, "ConflictException")
        update = (self._client.update_schedule, "ResourceNotFoundException")
        ways = (update, create) if is_there else (create, update)
        with aws_errors(f"putting the schedule {schedule.name}"):
            for way, unless in ways * PUT_ROUNDS:
                if await self._did(way, request, unless):
                    return
        raise ConflictError(f"the schedule {schedule.name} is being made and deleted by others")

    async def _did(self, change: AwsClient, request: dict[str, object], unless: str) -> bool:
        """False if AWS refused it by the name ``unless``."""
        try:
            await change(**request)
        except ClientError as error:
            if error_code(error) != unless:
                raise
            return False
        return True

    async def _fire(self, schedule: Schedule, slot: datetime) -> None:
        """Put the slot's event into the queue as AWS would, so that with AWS's own it is one."""
        await self._queues(schedule.queue).send_text(
            form.text_of(schedule, slot), group=schedule.group
        )
        log.info("schedule fired from here", name=schedule.name, slot=slot.isoformat())


def _check(schedule: Schedule) -> None:
    if not _NAME.fullmatch(schedule.name):
        raise ValueError(f"no schedule name: {schedule.name!r}")
    if schedule.every is not None and schedule.every <= timedelta():
        raise ValueError(f"schedule {schedule.name} must repeat after some time")


def _missed(schedule: Schedule, before: Schedule | None, now: datetime) -> datetime | None:
    """The latest slot that is over and may not have been fired; None: there is none.

    What AWS fired as well counts once: it is the same text, and the queue knows it.
    """
    slot = form.latest_slot(schedule, at=now)
    if slot is None or not schedule.is_enabled:
        return None
    if schedule.every is None or before is None:
        return slot
    return slot if before.is_enabled and slot > now - FIRES_WITHIN else None


def _first_for_aws(schedule: Schedule, now: datetime) -> datetime | None:
    """The first slot that is left to AWS; None: it would never fire."""
    if schedule.every is None:
        if schedule.is_enabled and schedule.first_at <= now:
            return None
        if not form.is_in_time(schedule, schedule.first_at):
            return None
        return form.whole_seconds(max(schedule.first_at, now + LEAD))
    slot = form.next_slot(schedule, after=now)
    return slot if form.is_in_time(schedule, slot) else None
