"""What a person said with a request, as they read it. Not here: who they are (requests)."""

from incident_response.blocks.text import clean, unescape


def written(text: str) -> str:
    """As ``said``, with its lines: for what others will read."""
    return clean(unescape(text), lines=True)


def said(text: str) -> str:
    """What a person typed, as they read it: names for the chat's entities, on one line."""
    return clean(unescape(text))
