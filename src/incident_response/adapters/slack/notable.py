"""Messages that people marked as worth keeping, and the people of a user group.

Not here: what is made of them (workflows).
"""

from datetime import UTC, datetime

from incident_response.adapters.slack.client import Answer, SlackClient
from incident_response.domain.errors import NotFoundError
from incident_response.domain.incident import MessageRef
from incident_response.domain.model import ChannelId, UserId
from incident_response.ports.chat import NotableMessage

MARK = "pushpin"
"""Slack's name for 📌."""
MOST_PAGES = 10
"""Of history that are read: a room of thousands of messages must not hold up its postmortem."""


async def notable_messages(
    slack: SlackClient, channel_id: ChannelId, *, limit: int
) -> tuple[NotableMessage, ...]:
    """The newest ``limit`` messages by people that are pinned or marked, oldest first."""
    ours = (await slack.identity()).bot_id
    found: dict[str, NotableMessage] = {}
    pins = await slack.read(slack.web.pins_list, channel=channel_id)
    for item in pins.get("items") or ():
        _keep(found, item.get("message") or {}, channel_id, ours=ours, is_pinned=True)
    pages, read = slack.pages(slack.web.conversations_history, channel=channel_id), 0
    async for page in pages:
        for message in page["messages"]:
            if _is_marked(message):
                _keep(found, message, channel_id, ours=ours, is_pinned=False)
        read += 1
        if read == MOST_PAGES or len(found) >= limit:
            break
    return tuple(found[ts] for ts in sorted(found, key=float)[-limit:])


async def group_members(slack: SlackClient, handle: str) -> frozenset[UserId]:
    """The members of the user group with this handle. Raises ``NotFoundError``."""
    answer = await slack.read(slack.web.usergroups_list)
    groups = (g for g in answer.get("usergroups") or () if g.get("handle") == handle)
    group = next(groups, None)
    if group is None:
        raise NotFoundError(f"there is no user group @{handle} in this workspace")
    members = await slack.read(slack.web.usergroups_users_list, usergroup=group["id"])
    return frozenset(UserId(user) for user in members.get("users") or ())


def _keep(
    found: dict[str, NotableMessage],
    message: Answer,
    channel_id: ChannelId,
    *,
    ours: str,
    is_pinned: bool,
) -> None:
    ts = message.get("ts")
    if not isinstance(ts, str) or message.get("bot_id") == ours or ts in found:
        return
    found[ts] = NotableMessage(
        ref=MessageRef(channel_id=channel_id, ts=ts),
        user_id=UserId(message.get("user") or ""),
        at=datetime.fromtimestamp(float(ts), UTC),
        text=message.get("text") or "",
        is_pinned=is_pinned,
    )


def _is_marked(message: Answer) -> bool:
    return any(r.get("name") == MARK for r in message.get("reactions") or ())
