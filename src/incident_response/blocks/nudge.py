"""Reminds the incident commander to say how it stands, and tells what became of the reminders.

Not here: when (a schedule), what counts as an update (workflows), the form for one (update_form).
"""

from datetime import datetime
from typing import Final

from incident_response.blocks import action_ids, kit, words
from incident_response.blocks.people import take_command
from incident_response.blocks.text import Safe, clock, join, mention, say
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json, UserId
from incident_response.ports.chat import Message

ASK: Final = "What do we know, what are we doing, when is the next update?"
SNOOZES: Final = (15, 30, 60)
"""Minutes that can be chosen."""


def nudge(incident: Incident, now: datetime) -> Message:
    """How long ago the last update was, what to write, and the ways to be left alone; to the room
    while nobody commands.
    """
    text = _text(incident, now)
    take = take_command(incident)
    post = _button(incident, "Post update", action_ids.POST_UPDATE, primary=take is None)
    alone = () if take else (*_snoozes(incident), _button(incident, "Silence", action_ids.SILENCE))
    row = [take, post] if take else [post, *alone]
    blocks = [kit.section(text, block_id="nudge"), kit.actions(*row, block_id="nudge.answer")]
    return kit.message(text, blocks)


def snooze_action(minutes: int) -> str:
    """The action id of the button for so many minutes."""
    return f"{action_ids.SNOOZE}.{minutes}"


def quiet(incident: Incident, now: datetime) -> Safe:
    """For how long the room has heard nothing: ``no update for 15 min``."""
    if incident.last_update_at:
        length = words.duration(now - incident.last_update_at)
        return say("no update for {length}", length=length)
    since = incident.assembled_at or incident.created_at
    return say("no update yet, after {length}", length=words.duration(now - since))


def snoozed(incident: Incident, next_at: datetime | None) -> Message:
    """Tells who asked for it until when they are left alone."""
    text = say("💤 You are not reminded to post an update {until}.", until=_until(next_at))
    if incident.nudging.is_silenced:
        text = say("🔕 Reminders are silenced anyway: {how}.", how=_how_to_unsilence())
    return kit.paragraph(text, block_id="snoozed")


def silenced(incident: Incident, by: UserId) -> Message:
    """Tells the room that nobody is reminded any more, and how to change that."""
    text = say(
        "🔕 {who} silenced the reminders to post updates. They stay off until somebody turns them"
        " on again.",
        who=mention(by),
    )
    on = _button(incident, "Turn reminders on", action_ids.UNSILENCE)
    return kit.paragraph(text, block_id="silenced", accessory=on)


def unsilenced(by: UserId, next_at: datetime | None) -> Message:
    """Tells the room that the commander is reminded again."""
    head = say("🔔 {who} turned the reminders to post updates on again.", who=mention(by))
    return kit.paragraph(join([head, _next(next_at)], " "), block_id="unsilenced")


def silenced_already() -> Message:
    """Tells who silences what is silent."""
    text = say("Reminders are silenced already: {how}.", how=_how_to_unsilence())
    return kit.paragraph(text, block_id="silenced")


def unsilenced_already() -> Message:
    """Tells who turns on what is on."""
    return kit.paragraph(say("Reminders are on already."), block_id="unsilenced")


def _text(incident: Incident, now: datetime) -> Safe:
    length = quiet(incident, now)
    if incident.commander is None:
        return say("⏰ Nobody is in command, and {silence}. Please take it.", silence=length)
    who = mention(incident.commander)
    return say("⏰ {who}: {silence}. Tell the room: {ask}", who=who, silence=length, ask=ASK)


def _snoozes(incident: Incident) -> list[Json]:
    return [
        _button(incident, f"Snooze {minutes} min", snooze_action(minutes)) for minutes in SNOOZES
    ]


def _button(incident: Incident, label: str, action_id: str, *, primary: bool = False) -> Json:
    value = action_ids.encode_value(incident.incident_id)
    return kit.button(label, action_id=action_id, value=value, primary=primary)


def _how_to_unsilence() -> Safe:
    return say("type `unsilence` to turn them on")


def _until(next_at: datetime | None) -> Safe:
    if next_at is None:
        return say("at this severity")
    return say("before {at}", at=clock(next_at))


def _next(next_at: datetime | None) -> Safe:
    if next_at is None:
        return say("At this severity nobody is reminded.")
    return say("The next is due at {at}.", at=clock(next_at))
