"""Finds the incident that a person names: by its code, its id, its room.

Not here: the incident of the room somebody is in, which needs no name (routing).
"""

import re

from incident_response.domain.errors import NotFoundError
from incident_response.domain.incident import Incident
from incident_response.domain.model import ChannelId, IncidentId
from incident_response.ports.incident_store import IncidentStore

LOOKED_AT = 1_000
"""The newest incidents that are looked at for a code; an older one has to be named by its id."""

_CHANNEL = re.compile(r"<#(C[A-Z0-9]+)(?:\|[^>]*)?>")
_ID = re.compile(r"inc-[0-9a-f]{12}")
_CODE = re.compile(r"(?:#?inc-[a-z0-9-]*-)?([0-9a-f]{6})(?:-[2-9])?")


async def find_incident(store: IncidentStore, named: str) -> Incident:
    """The one incident that ``named`` means: ``0a1b2c``, ``inc-0a1b2c3d4e5f``, a room's name, or a
    room as the chat writes it.

    Raises ``NotFoundError``, which says what to type, if it means none or several.
    """
    word = named.strip().strip("`")
    if channel := _CHANNEL.fullmatch(word):
        return _known(await store.by_channel(ChannelId(channel[1])), named)
    if _ID.fullmatch(word.lower()):
        return _known(await store.get(IncidentId(word.lower())), named)
    code = _CODE.fullmatch(word.lower())
    return await _by_code(store, code[1], named) if code else _known(None, named)


async def _by_code(store: IncidentStore, code: str, named: str) -> Incident:
    recent = await store.recent(open_only=False, limit=LOOKED_AT)
    found = [incident for incident in recent if incident.code == code]
    if len(found) > 1:
        ids = ", ".join(incident.incident_id for incident in found)
        raise NotFoundError(f"several incidents have the code {code}: name one of {ids}")
    return _known(found[0] if found else None, named)


def _known(incident: Incident | None, named: str) -> Incident:
    if incident is None:
        raise NotFoundError(
            f"I know no incident “{named.strip()[:60]}”; name it by its six-digit code or its room"
        )
    return incident
