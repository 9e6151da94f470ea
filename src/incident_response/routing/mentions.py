"""Reads the people named in what somebody typed. Not here: looking them up."""

import re

from incident_response.domain.model import UserId

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")


def mentioned_users(text: str) -> tuple[UserId, ...]:
    """The users mentioned, each once, in order: ``<@U0A1>`` or ``<@U0A1|ada>``, as Slack writes
    them.
    """
    return tuple(dict.fromkeys(UserId(user) for user in _MENTION.findall(text)))


def without_mentions(text: str) -> str:
    """The rest of the text."""
    return " ".join(_MENTION.sub(" ", text).split())
