"""What our app asks of a Slack workspace: scopes, events, commands and shortcuts.

Not here: using any of it (adapters.slack).
"""

from incident_response.blocks.action_ids import DECLARE_FROM_MESSAGE

BOT_SCOPES = (
    "bookmarks:read",
    "bookmarks:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "chat:write.public",
    "commands",
    "groups:history",
    "groups:read",
    "groups:write",
    "im:write",
    "pins:read",
    "pins:write",
    "usergroups:read",
    "users:read",
    "users:read.email",
)
"""Each is needed by a call of ``adapters.slack.chat``; no other is asked for."""

BOT_EVENTS = ("member_joined_channel", "message.groups")
"""Events that an action handles (``actions``)."""

COMMAND_HINT = "[status | role | list | help]"
"""A few verbs to begin with; alone it declares, or in a room shows what can be done."""
COMMAND_DESCRIPTION = "Declare and command incidents"
SHORTCUTS = ((DECLARE_FROM_MESSAGE, "Declare an incident"),)
"""Message shortcuts: callback id and title."""
