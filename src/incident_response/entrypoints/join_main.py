"""``incident-response join``: invites one person to the room of a drill.

Only of a drill: who sees a real incident is decided in its room. Not here: firing one (fire_main).
"""

import argparse
import asyncio
import sys

from incident_response.adapters.slack.chat import SlackChat
from incident_response.adapters.slack.client import SlackAccess, SlackClient
from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.backend import backend_of
from incident_response.domain.errors import (
    InvalidConfigurationError,
    NotFoundError,
    RefusedError,
)
from incident_response.domain.incident import Incident, Room
from incident_response.entrypoints.fire_main import DRILL_LABEL
from incident_response.entrypoints.lifetime import live
from incident_response.settings import Settings
from incident_response.telemetry import configure_logging
from incident_response.workflows.find_incident import find_incident


def main(options: argparse.Namespace) -> int:
    """Exit code 0 once they are in the room."""
    configure_logging(level="ERROR", form="console")

    async def life(_stop: asyncio.Event) -> int:
        settings = Settings()
        room = _room_of_drill(await _incident(settings, options.incident))
        await _invite(settings, room, options.email)
        sys.stdout.write(f"{options.email} is in #{room.name}\n")
        return 0

    return live(life)


async def _incident(settings: Settings, named: str) -> Incident:
    async with backend_of(settings).open_records(settings, SystemClock()) as records:
        return await find_incident(records.incidents, named)


def _room_of_drill(incident: Incident) -> Room:
    if incident.labels.get(DRILL_LABEL) != "true":
        raise RefusedError(f"{incident.incident_id} is no drill: ask in its room to be invited")
    if incident.room is None:
        raise NotFoundError(f"{incident.incident_id} has no room yet")
    return incident.room


async def _invite(settings: Settings, room: Room, email: str) -> None:
    if settings.slack_bot_token is None:
        raise InvalidConfigurationError("SLACK_BOT_TOKEN is not set")
    token = settings.slack_bot_token.get_secret_value()
    slack = SlackClient(SlackAccess(bot_token=token, base_url=settings.slack_api_url))
    try:
        chat = SlackChat(slack, SystemClock())
        user = await chat.user_by_email(email)
        if user is None:
            raise NotFoundError(f"nobody in Slack has the address {email}")
        invited = await chat.invite(room.channel_id, (user.user_id,))
        if user.user_id not in invited.joined:
            raise RefusedError(f"Slack did not let them in: {invited.refused[user.user_id]}")
    finally:
        await slack.close()
