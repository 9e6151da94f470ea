"""Tells the people who run this program what it could not deal with by itself.

Nothing is ever dropped in silence: it is kept, counted, and said here. Not here: the words
(blocks).
"""

from datetime import datetime

import structlog

from incident_response.blocks.escalation import Trouble, nobody_to_call
from incident_response.blocks.notices import (
    alert_dead,
    alert_quarantined,
    envelope_buried,
    ledger_violated,
    message_dead_lettered,
    publication_blocked,
)
from incident_response.domain.alert import IntakeRecord
from incident_response.domain.audit import Finding
from incident_response.domain.errors import RefusedError
from incident_response.domain.incident import Incident
from incident_response.domain.response import Call
from incident_response.ports.chat import Chat, Message
from incident_response.ports.event_queue import DeadLetter
from incident_response.ports.inbox import Envelope
from incident_response.workflows.post_once import post_once

log = structlog.get_logger(__name__)


class OperatorNotices:
    """Posts to the operators' channel."""

    def __init__(self, *, chat: Chat, channel_name: str) -> None:
        self._chat = chat
        self._channel_name = channel_name

    async def quarantined(self, record: IntakeRecord) -> None:
        """An authentic alert that we do not understand was stored and opened no incident."""
        log.warning("alert quarantined", event_id=record.event_id, source=record.alert.source)
        await self._post(alert_quarantined(record), key=f"quarantined:{record.event_id}")

    async def alert_dead(self, record: IntakeRecord, reason: str) -> None:
        """An accepted alert could not be worked off, and nobody was called."""
        log.error("alert given up", event_id=record.event_id, reason=reason)
        await self._post(alert_dead(record, reason), key=f"dead:{record.event_id}")

    async def message_dead(
        self, letter: DeadLetter, queue: str, *, is_sent_again: bool = False
    ) -> None:
        """A queue message could not be worked off and was put aside, and perhaps sent again."""
        log.error(
            "message dead-lettered",
            queue=queue,
            message_id=letter.message_id,
            reason=letter.reason,
        )
        message = message_dead_lettered(letter, queue, is_sent_again=is_sent_again)
        key = f"dead:{queue}:{letter.message_id}"
        await self._post(message, key=key, since=letter.died_at)

    async def envelope_buried(self, envelope: Envelope, reason: str) -> None:
        """Something a person did could not be worked off."""
        log.error("envelope given up", kind=envelope.kind, key=envelope.key, reason=reason)
        await self._post(envelope_buried(envelope, reason), key=f"buried:{envelope.key}")

    async def nobody_called(
        self,
        incident: Incident,
        call: Call,
        troubles: tuple[Trouble, ...],
        *,
        is_anybody_reached: bool,
    ) -> None:
        """An incident is waiting, and nobody could be called to it, or nobody of a step."""
        log.error(
            "nobody could be called",
            incident_id=incident.incident_id,
            levels=call.levels,
            is_anybody_reached=is_anybody_reached,
        )
        message = nobody_to_call(incident, call, troubles, is_anybody_reached=is_anybody_reached)
        key = f"nobody:{incident.incident_id}:{call.number}"
        await self._post(message, key=key, since=call.at)

    async def publication_blocked(
        self, incident: Incident, reason: str, *, key: str, since: datetime
    ) -> None:
        """A message was approved, and the ledger does not prove it: it was not published."""
        log.error("publication blocked", incident_id=incident.incident_id, reason=reason)
        await self._post(publication_blocked(incident, reason), key=key, since=since)

    async def ledger_violated(self, finding: Finding, *, since: datetime) -> None:
        """A ledger says that something happened that may never happen, or was tampered with."""
        log.error("ledger violated", incident_id=finding.incident_id, seq=finding.seq)
        key = f"audit:{finding.incident_id}:{finding.seq}:{finding.rule}"
        await self._post(ledger_violated(finding), key=key, since=since)

    async def _post(self, message: Message, *, key: str, since: datetime | None = None) -> None:
        """Post; with ``since``, unless it stands there since then."""
        channel = await self._chat.find_channel(self._channel_name)
        if channel is None:
            raise RefusedError(f"there is no channel #{self._channel_name} that I can see")
        if since is not None:
            await post_once(self._chat, channel, message, key=key, since=since)
        else:
            await self._chat.post(channel, message, key=key)
