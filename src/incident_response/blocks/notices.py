"""Tells operators what needs a person: alerts and messages that could not be processed, rooms that
could not be made.

Not here: what the room is told about its alert (alert_notices).
"""

from typing import Final

from incident_response.blocks import action_ids, kit, rich, words
from incident_response.blocks.text import Safe, code, escape, excerpt, join, say, when
from incident_response.domain.alert import IntakeRecord
from incident_response.domain.audit import Finding
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json
from incident_response.ports.chat import Message
from incident_response.ports.event_queue import DeadLetter
from incident_response.ports.inbox import Envelope, EnvelopeKind

REASON = 300
NAME = 100
_DEEDS: Final = {
    EnvelopeKind.COMMAND: "command",
    EnvelopeKind.ACTION: "click",
    EnvelopeKind.VIEW: "form",
    EnvelopeKind.SHORTCUT: "shortcut",
    EnvelopeKind.EVENT: "doing",
}
RAW = 500
"""Characters of what came in that are shown: enough to recognise it by."""


def alert_quarantined(record: IntakeRecord) -> Message:
    """An authentic alert that we do not understand was kept, and opened nothing."""
    text = say(
        "🧐 *An alert was not understood, so it opened no incident.* Please look.\n{alert}",
        alert=_alert(record),
    )
    return _with_raw(text, record.raw_excerpt, block_id="quarantined")


def alert_dead(record: IntakeRecord, reason: str) -> Message:
    """An alert that could not be worked off was kept, and nobody was called."""
    text = say(
        "🚨 *An alert could not be processed. Nobody was called for it.*\n{alert}\n{reason}",
        alert=_alert(record),
        reason=_because(reason),
    )
    return _with_raw(text, record.raw_excerpt, block_id="dead")


def message_dead_lettered(letter: DeadLetter, queue: str, *, is_sent_again: bool) -> Message:
    """A queue message was given up and lies in the dead letters, and perhaps is tried again."""
    kept = "Its alert is tried again." if is_sent_again else "It is kept."
    text = say(
        "🚨 *An event was given up* after {tries} ({queue}, {at}). {kept}\n{reason}",
        kept=kept,
        tries=_tries(letter.receive_count),
        queue=excerpt(queue, NAME),
        at=when(letter.died_at),
        reason=_because(letter.reason),
    )
    return _with_raw(text, letter.raw, block_id="dead_letter")


def envelope_buried(envelope: Envelope, reason: str) -> Message:
    """Something a person did in the chat could not be worked off."""
    text = say(
        "🚨 *A person's {kind} was given up* after {tries} ({at}). It is kept.\n{reason}",
        kind=_DEEDS[envelope.kind],
        tries=_tries(envelope.attempts),
        at=when(envelope.received_at),
        reason=_because(reason),
    )
    return kit.paragraph(text, block_id="buried")


def room_failed(incident: Incident, step: str, reason: str) -> Message:
    """There is no room for an incident; a button tries ``step`` of the plan again."""
    text = say(
        "🚨 *No room could be made; nobody was called.*\n{badge} {title}\n{reason}",
        badge=words.badge(incident),
        title=excerpt(words.title(incident), REASON),
        reason=_because(reason),
    )
    value = action_ids.encode_value(incident.incident_id, step=step)
    retry = kit.button("Retry", action_id=action_ids.RETRY_STEP, value=value, primary=True)
    return kit.paragraph(text, block_id="room_failed", accessory=retry)


def publication_blocked(incident: Incident, reason: str) -> Message:
    """A message to customers was approved, and the ledger does not prove it."""
    text = say(
        "🚨 *A message to customers was held back.* Its approval could not be proved, so nothing"
        " was published. Run {audit} and look who can write to the store.\n{badge} {title}"
        "\n{reason}",
        audit=code("incident-response audit verify"),
        badge=words.badge(incident),
        title=excerpt(words.title(incident), REASON),
        reason=_because(reason),
    )
    return kit.paragraph(text, block_id="publication_blocked")


def ledger_violated(finding: Finding) -> Message:
    """The auditor found a ledger that cannot be true."""
    text = say(
        "🚨 *The ledger of {incident} does not hold* at entry {seq}. Somebody changed it, or"
        " something was published that must not be. Run {audit}, and keep a copy of the store."
        "\n{reason}",
        incident=code(finding.incident_id),
        seq=finding.seq,
        audit=code("incident-response audit verify"),
        reason=_because(finding.why),
    )
    return kit.paragraph(text, block_id="ledger_violated")


def _alert(record: IntakeRecord) -> Safe:
    alert = record.alert
    state = excerpt(alert.raw_state or alert.state, NAME)
    return join(
        [
            excerpt(alert.title, REASON) or escape(words.UNTITLED),
            say("from {source}", source=excerpt(alert.source, NAME)),
            say("state “{state}”", state=state),
            say("received {at}", at=when(record.received_at)),
            say("event {id}", id=record.event_id[:12]),
        ]
    )


def _because(reason: str) -> Safe:
    return say("Reason: {reason}", reason=excerpt(reason, REASON) or "none was given")


def _tries(number: int) -> Safe:
    return escape("1 try" if number == 1 else f"{number} tries")


def _with_raw(text: Safe, raw: str, *, block_id: str) -> Message:
    blocks: list[Json] = [kit.section(text, block_id=block_id)]
    if raw.strip():
        blocks.append(kit.rich_text(rich.preformatted(raw, RAW), block_id="raw"))
    return kit.message(text, blocks)
