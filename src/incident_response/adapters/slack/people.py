"""Slack's user objects, and who can be invited where.

Not here: which people a room needs (workflows).
"""

import structlog

from incident_response.adapters.slack.client import Answer, SlackClient
from incident_response.adapters.slack.errors import answer_of
from incident_response.domain.errors import RefusedError, RetryableError
from incident_response.domain.model import ChannelId, UserId
from incident_response.domain.people import ChatUser
from incident_response.ports.chat import Invited

INVITE_LIMIT = 100
"""Ids in one call: Slack's pages say 100 in one place and 1000 in another; the lower one holds."""

NOT_JOINED = "not_joined"
"""Our own word for somebody Slack did not refuse and did not let in either."""

log = structlog.get_logger(__name__)

_PRESENT = "already_in_channel"
# Reasons that are about one of the people; every other one is about the call or the channel.
_PERSONAL = frozenset(
    {
        _PRESENT,
        "app_cannot_join_channel",
        "cant_invite",
        "cant_invite_self",
        "invitee_cant_see_channel",
        "no_external_invite_permission",
        "no_permission",
        "org_user_not_in_team",
        "ura_max_channels",
        "user_is_restricted",
        "user_not_found",
    }
)
_SLACKBOT = "USLACKBOT"  # the only bot that is not marked as one


def chat_user(user: Answer, *, team_id: str) -> ChatUser:
    """A user as Slack tells it; one of another organisation counts as a guest."""
    profile = user.get("profile") or {}
    names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"))
    return ChatUser(
        user_id=UserId(user["id"]),
        name=next((name for name in names if name), user.get("name", "")),
        email=profile.get("email") or "",
        is_bot=bool(user.get("is_bot")) or user["id"] == _SLACKBOT,
        is_guest=_is_guest(user, team_id),
        is_deactivated=bool(user.get("deleted")),
        tz=user.get("tz") or "",
    )


def _is_guest(user: Answer, team_id: str) -> bool:
    if any(user.get(flag) for flag in ("is_restricted", "is_ultra_restricted", "is_stranger")):
        return True
    teams = (user.get("enterprise_user") or {}).get("teams") or []
    return user.get("team_id", team_id) != team_id and team_id not in teams


async def members(slack: SlackClient, channel_id: ChannelId) -> frozenset[UserId]:
    """Everybody in a channel, our bot too."""
    pages = slack.pages(slack.web.conversations_members, channel=channel_id)
    return frozenset([UserId(user) async for page in pages for user in page["members"]])


async def invite(slack: SlackClient, channel_id: ChannelId, users: tuple[UserId, ...]) -> Invited:
    """Invite ``users``, then see who came: Slack passes over some people (such as deactivated
    ones) without a word.
    """
    refused: dict[UserId, str] = {}
    for start in range(0, len(users), INVITE_LIMIT):
        refused |= await _refused(slack, channel_id, users[start : start + INVITE_LIMIT])
    present = await _present(slack, channel_id, users)
    refused = {user: NOT_JOINED for user in users if user not in present} | refused
    return Invited(joined=tuple(user for user in users if user not in refused), refused=refused)


async def _present(
    slack: SlackClient, channel_id: ChannelId, users: tuple[UserId, ...]
) -> frozenset[UserId]:
    try:
        return await members(slack, channel_id)
    except RetryableError as error:
        log.warning("invitation not verified", channel_id=channel_id, error=str(error))
        return frozenset(users)


async def _refused(
    slack: SlackClient, channel_id: ChannelId, users: tuple[UserId, ...]
) -> dict[UserId, str]:
    """Invite ``users`` and say who could not be, with Slack's reason.

    Slack takes in all it can in one call and lists the others next to its success. Where it
    refuses the whole call for one person without saying whom, each is invited alone.
    """
    try:
        answer = await slack.write(
            slack.web.conversations_invite, channel=channel_id, users=",".join(users), force=True
        )
    except RefusedError as error:
        if error.reason not in _PERSONAL:
            raise
        return await _told_apart(slack, channel_id, users, error=error)
    return _reasons(_listed(answer))


async def _told_apart(
    slack: SlackClient, channel_id: ChannelId, users: tuple[UserId, ...], *, error: RefusedError
) -> dict[UserId, str]:
    listed = _listed(answer_of(error))
    if len(users) == 1:
        listed = {users[0]: error.reason}
    if listed.keys() >= set(users):
        return _reasons(listed)
    refused: dict[UserId, str] = {}
    for user in users:
        refused |= await _refused(slack, channel_id, (user,))
    return refused


def _listed(answer: Answer) -> dict[UserId, str]:
    """What ``errors`` says of single people."""
    entries = answer.get("errors") or ()
    return {UserId(entry["user"]): entry.get("error", "") for entry in entries if "user" in entry}


def _reasons(listed: dict[UserId, str]) -> dict[UserId, str]:
    return {user: reason for user, reason in listed.items() if reason != _PRESENT}
