"""Who asked for what a request asks for, and what they said with it.

Not here: whether they may (workflows).
"""

from incident_response.blocks.text import clean, unescape
from incident_response.routing.requests import Request
from incident_response.workflows.roles import Asked


def asked_by(request: Request) -> Asked:
    """The asker of ``request``, the same at every redelivery."""
    return Asked(by=request.user_id, at=request.received_at, key=request.key)


def said(text: str) -> str:
    """What a person typed, as they read it: names for the chat's entities, on one line."""
    return clean(unescape(text))
