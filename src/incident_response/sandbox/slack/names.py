"""What a channel may be called."""

import string

from incident_response.sandbox.slack.errors import SlackError

NAME_LIMIT = 80
PUNCTUATION = frozenset("-_")
ALLOWED_ASCII = frozenset(string.ascii_lowercase + string.digits) | PUNCTUATION


def checked_channel_name(name: str) -> str:
    """Return `name` when Slack would take it; otherwise raise the `invalid_name_...` that fits."""
    if not name.strip():
        raise SlackError("invalid_name_required")
    if len(name) > NAME_LIMIT:
        raise SlackError("invalid_name_maxlength")
    if not all(map(_is_allowed, name)):
        raise SlackError("invalid_name_specials")
    if set(name) <= PUNCTUATION:
        raise SlackError("invalid_name_punctuation")
    return name


def _is_allowed(char: str) -> bool:
    """Small Latin letters, digits, `-`, `_`; letters of other scripts, when they have no case."""
    if char.isascii():
        return char in ALLOWED_ASCII
    return char.isalpha() and not char.isupper()
