"""What stands at the head of a room: its topic and its bookmarks.

Not here: the messages in it.
"""

from incident_response.blocks import words
from incident_response.blocks.limits import TOPIC_TEXT
from incident_response.blocks.text import (
    clean,
    cut,
    cut_mrkdwn,
    escape,
    excerpt,
    join,
    link_label,
    web_address,
)
from incident_response.domain.alert import Link
from incident_response.domain.incident import Incident

MOST_BOOKMARKS = 5
BOOKMARK_TITLE = 80


def topic(incident: Incident) -> str:
    """Severity, title and status in one line; escaped, at most 250 characters."""
    title = excerpt(words.title(incident), 180)
    status = escape(words.status(incident))
    return cut_mrkdwn(join([escape(words.badge(incident)), title, status]), TOPIC_TEXT)


def bookmarks(incident: Incident) -> tuple[Link, ...]:
    """The first few addresses that came with the alert, each once, their hosts in the titles."""
    shown: dict[str, Link] = {}
    for given in incident.links:
        url = web_address(given.url)
        if url and url not in shown:
            title = cut(link_label(given.url, clean(given.title)), BOOKMARK_TITLE)
            shown[url] = Link(title=title, url=url)
    return tuple(shown.values())[:MOST_BOOKMARKS]
