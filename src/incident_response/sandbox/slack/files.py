"""Uploaded files: a ticket to upload to, the bytes, and sharing them."""

import mimetypes

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.model import File
from incident_response.sandbox.slack.state import State


class Files:
    """Files by id. An upload is announced, received, then completed; only then does it show."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, file: str) -> File:
        """The completed file, or `file_not_found`."""
        found = self._state.files.get(file)
        if found is None or not found.completed:
            raise SlackError("file_not_found")
        return found

    def content(self, file: str) -> bytes:
        """The bytes of a file that was uploaded, or `file_not_found`."""
        content = self._state.store.content(file)
        if content is None:
            raise SlackError("file_not_found")
        return content

    def announce(
        self, name: str, size: int, *, user: str, snippet_type: str = "", alt_text: str = ""
    ) -> File:
        file = File(
            id=self._state.new_id("F"),
            name=name,
            title=name,
            mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
            size=size,
            user=user,
            created=self._state.seconds(),
            snippet_type=snippet_type,
            alt_text=alt_text,
        )
        self._keep(file)
        return file

    def receive(self, file_id: str, content: bytes) -> None:
        """Take the bytes an upload address got; `file_not_found` for one never given out."""
        file = self._state.files.get(file_id)
        if file is None or file.completed:
            raise SlackError("file_not_found")
        file.size, file.uploaded = len(content), True
        with self._state.store.together():
            self._state.store.put_content(file_id, content)
            self._keep(file)

    def uploaded(self, file_id: str, *, user: str) -> File:
        """A file whose bytes are here and which `user` announced."""
        file = self._state.files.get(file_id)
        if file is None or not file.uploaded:
            raise SlackError("file_not_found")
        if file.user != user:
            raise SlackError("access_denied")
        return file

    def complete(self, file: File, *, title: str | None, channels: list[str]) -> None:
        file.title = title or file.title
        file.channels = list(dict.fromkeys([*file.channels, *channels]))
        file.completed = True
        self._keep(file)

    def _keep(self, file: File) -> None:
        self._state.files[file.id] = file
        self._state.store.put(file.id, file)
