"""The bar of links at a channel's head."""

import re

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.model import Bookmark
from incident_response.sandbox.slack.state import State

BOOKMARK_LIMIT = 100  # a channel's
LINK = re.compile(r"https?://\S+")
EMOJI = re.compile(r":[a-z0-9_+'-]+:(:skin-tone-[2-6]:)?")


class Bookmarks:
    """Bookmarks by channel, in the order they were added. Nothing stops two of the same link."""

    def __init__(self, state: State) -> None:
        self._state = state

    def of(self, channel: str) -> list[Bookmark]:
        return list(self._state.bookmarks.get(channel, []))

    def get(self, channel: str, bookmark: str) -> Bookmark:
        """The bookmark, or `not_found`."""
        for found in self.of(channel):
            if found.id == bookmark:
                return found
        raise SlackError("not_found")

    def add(self, channel: str, *, title: str, link: str, emoji: str, actor: str) -> Bookmark:
        if len(self.of(channel)) >= BOOKMARK_LIMIT:
            raise SlackError("too_many_bookmarks")
        bookmark = Bookmark(
            id=self._state.new_id("Bk"),
            channel=channel,
            title=title,
            link=_checked_link(link),
            emoji=_checked_emoji(emoji),
            rank=f"{self._state.next_ts()}",
            date_created=self._state.seconds(),
            last_updated_by_user=actor,
        )
        self._state.bookmarks.setdefault(channel, []).append(bookmark)
        self._keep(bookmark, "added")
        return bookmark

    def edit(
        self,
        bookmark: Bookmark,
        *,
        actor: str,
        title: str | None = None,
        link: str | None = None,
        emoji: str | None = None,
    ) -> None:
        """Change what is given, leave what is None."""
        if link is not None:
            bookmark.link = _checked_link(link)
        if emoji is not None:
            bookmark.emoji = _checked_emoji(emoji)
        if title is not None:
            bookmark.title = title
        bookmark.date_updated = self._state.seconds()
        bookmark.last_updated_by_user = actor
        self._keep(bookmark, "edited")

    def remove(self, bookmark: Bookmark) -> None:
        self._state.bookmarks[bookmark.channel].remove(bookmark)
        self._state.store.delete(Bookmark, f"{bookmark.channel}/{bookmark.rank}")
        self._state.changed("bookmark_changed", bookmark.channel, cause="removed")

    def _keep(self, bookmark: Bookmark, cause: str) -> None:
        self._state.store.put(f"{bookmark.channel}/{bookmark.rank}", bookmark)
        self._state.changed("bookmark_changed", bookmark.channel, cause=cause)


def _checked_link(link: str) -> str:
    if not LINK.fullmatch(link):
        raise SlackError("invalid_link")
    return link


def _checked_emoji(emoji: str) -> str:
    if emoji and not EMOJI.fullmatch(emoji):
        raise SlackError("invalid_emoji")
    return emoji
