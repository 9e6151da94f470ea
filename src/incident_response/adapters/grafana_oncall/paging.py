"""Calling people by OnCall's direct paging (``POST /api/v1/escalation/``).

From OnCall's documentation and source: either ``users`` (OnCall's ids) or ``team``; either
``alert_group_id`` or ``title`` and ``message``; a key of a user, not a service account, in older
versions. The endpoint knows no idempotency key: asked twice, it calls twice. Not verified against
a live OnCall: that ``important`` overrides a person's usual notification rules at once.

People are added to the alert group that the incident came from. Only where that is over, or the
incident came from elsewhere, a group of its own is made, and OnCall may send that to our webhook
as a new alert: leave the direct paging integration out of the outgoing webhook.
"""

import asyncio

from incident_response.adapters.grafana_oncall.api import OnCallApi
from incident_response.adapters.http import Bounds
from incident_response.domain.errors import RefusedError
from incident_response.domain.model import Json
from incident_response.ports.pager import Page

PAGING_BOUNDS = Bounds(total_seconds=15.0, attempt_seconds=7.0)
"""Longer than for reading: an answer that comes too late would be called again."""
TITLE = 250
MESSAGE = 2_000
"""Characters of the texts; OnCall states no limit, and nobody reads more on a phone."""


class DirectPaging:
    """``ports.pager.Pager``."""

    def __init__(self, api: OnCallApi) -> None:
        self._api = api

    async def page(self, page: Page) -> tuple[str, ...]:
        """See the port; nothing is sent if OnCall knows none of the people."""
        found = await asyncio.gather(*(self._api.user_of(email) for email in page.emails))
        users = [user.id for user in found if user is not None]
        unknown = tuple(e for e, user in zip(page.emails, found, strict=True) if user is None)
        whom = await self._team(page.team) if not page.emails else _users(users)
        if whom:
            await self._send(page, whom)
        return unknown

    async def _send(self, page: Page, whom: Json) -> None:
        group_id = page.route.alert_group_id
        if group_id and "users" in whom:
            try:
                await self._api.escalate({**whom, "alert_group_id": group_id})
            except RefusedError:  # it is over, or of another OnCall: nothing was done
                await self._api.escalate({**whom, **_texts(page)})
            return
        await self._api.escalate({**whom, **_texts(page)})

    async def _team(self, name: str) -> Json:
        team = await self._api.team_named(name) if name else None
        return {"team": team.id, "important_team_escalation": True} if team else {}


def _users(ids: list[str]) -> Json:
    return {"users": [{"id": id_, "important": True} for id_ in dict.fromkeys(ids)]} if ids else {}


def _texts(page: Page) -> Json:
    texts: Json = {"title": page.title[:TITLE], "message": page.text[:MESSAGE] or page.title}
    return {**texts, "source_url": page.url} if page.url else texts
