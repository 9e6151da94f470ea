"""Where one HTTP/1.1 message ends and the next begins, read strictly; no I/O.

Two readers that disagree about this can be made to see different requests: whatever is ambiguous
is refused. Not here: what a request asks for, when bytes have to arrive.
"""

import re
from dataclasses import dataclass

from incident_response.domain.errors import PermanentError

MAX_HEAD_BYTES = 16_384
MAX_HEADER_LINES = 64

_END = b"\r\n\r\n"
_REQUEST_LINE = re.compile(rb"[A-Z]{1,20} [\x21-\x7e]+ HTTP/1\.[01]")
# A field name is a token (RFC 9110 5.1); a value holds no control characters but tab.
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)")
_LENGTH = re.compile(rb"[0-9]{1,19}")
_CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]{1,8}")
_MAX_CHUNK_LINE = 8


class FramingError(PermanentError):
    """These bytes are no request we read; ``status`` is 400 or 431."""

    def __init__(self, status: int = 400) -> None:
        super().__init__(f"not a request we read ({status})")
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """What follows a head."""

    size: int
    """Bytes of the head with its empty line."""
    length: int = 0
    """Bytes of the body; not known in advance if it is chunked."""
    is_chunked: bool = False


def read_head(data: bytes) -> Head | None:
    """The head that ``data`` begins with, None while it is incomplete.

    Raises ``FramingError``: 431 for more than 16 KiB or 64 header lines, 400 for anything
    malformed or with more than one idea of where the body ends.
    """
    end = data.find(_END)
    if end < 0:
        _check_incomplete(data)
        return None
    if end + len(_END) > MAX_HEAD_BYTES:
        raise FramingError(431)
    request_line, *fields = data[:end].split(b"\r\n")
    if len(fields) > MAX_HEADER_LINES:
        raise FramingError(431)
    if not _REQUEST_LINE.fullmatch(request_line):
        raise FramingError
    length, is_chunked = _body(fields, may_chunk=request_line.endswith(b"1"))
    return Head(end + len(_END), length, is_chunked)


def _check_incomplete(data: bytes) -> None:
    if len(data) > MAX_HEAD_BYTES or data.count(b"\n") > MAX_HEADER_LINES + 1:
        raise FramingError(431)
    if b"\n\n" in data:  # would never be complete: lines end with CR LF
        raise FramingError


def _body(fields: list[bytes], *, may_chunk: bool) -> tuple[int, bool]:
    """Length of the body and whether it is chunked instead."""
    lengths: list[bytes] = []
    codings: list[bytes] = []
    for field in fields:
        match = _FIELD.fullmatch(field)
        if match is None:
            raise FramingError
        name = match[1].lower()
        if name == b"content-length":
            lengths.append(match[2].strip())
        elif name == b"transfer-encoding":
            codings.append(match[2].strip().lower())
        elif name == b"upgrade" and b"websocket" in match[2].lower():
            raise FramingError  # aiohttp would stop reading HTTP behind it
    if codings:
        if lengths or codings != [b"chunked"] or not may_chunk:
            raise FramingError
        return 0, True
    if len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths)):
        raise FramingError
    return int(lengths[0]) if lengths else 0, False


class BodyReader:
    """Finds the end of a body in pieces as they come."""

    def __init__(self, head: Head) -> None:
        self._left = head.length
        self._is_chunked = head.is_chunked
        self._line = b""
        self._is_last = False
        self.is_complete = not head.is_chunked and head.length == 0

    def take(self, data: bytes) -> int:
        """How many bytes of ``data`` belong to the body; ``is_complete`` says if that was all.

        Raises ``FramingError`` for a malformed chunk.
        """
        if self._is_chunked:
            return self._take_chunks(data)
        taken = min(self._left, len(data))
        self._left -= taken
        self.is_complete = self._left == 0
        return taken

    def _take_chunks(self, data: bytes) -> int:
        at = 0
        while at < len(data) and not self.is_complete:
            if self._left > 2:  # within a chunk, before the CR LF that ends it
                step = min(self._left - 2, len(data) - at)
                self._left -= step
                at += step
            elif self._left:
                self._end_chunk(data[at])
                at += 1
            else:
                at = self._size_line(data, at)
        return at

    def _end_chunk(self, byte: int) -> None:
        if byte != b"\n\r"[self._left - 1]:
            raise FramingError
        self._left -= 1
        self.is_complete = self._is_last and self._left == 0

    def _size_line(self, data: bytes, at: int) -> int:
        """Reads a size up to its line's end: no extensions and no trailers, nobody sends them."""
        end = data.find(b"\n", at, at + _MAX_CHUNK_LINE + 2 - len(self._line))
        stop = len(data) if end < 0 else end + 1
        self._line += data[at:stop]
        if end < 0:
            if len(self._line) > _MAX_CHUNK_LINE + 1:
                raise FramingError
            return stop
        size = self._line.removesuffix(b"\r\n")
        if size == self._line or not _CHUNK_SIZE.fullmatch(size):
            raise FramingError
        self._line = b""
        self._is_last = int(size, 16) == 0
        self._left = int(size, 16) + 2
        return stop
