"""Finding what a line break has cut in two. Not here: shapes (private_shapes, secret_shapes)."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from operator import itemgetter

from incident_response.domain.private_shapes import Span

_BREAK = re.compile(r"(?<=\S)[ \t]{0,8}\n[ \t]{0,40}(?=\S)")
_MORE_OF_A_TOKEN = re.compile(
    r"(?=[\w+/=.-]{0,40}\d)(?=[\w+/=.-]{0,40}[A-Za-z])(?!\d{4}-\d\d-)[\w+/=-]{6}"
)


class Lines:
    """A text whose lines may belong together."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._breaks = list(_BREAK.finditer(text))
        self._joined = _Joined(text, self._breaks)

    def across(self, shape: re.Pattern[str], is_one: Callable[[str], bool]) -> Iterator[Span]:
        """What of a shape begins on one line and ends on another, unless what stands before the
        break is whole already; ``is_one`` says whether a match is one.
        """
        for found in shape.finditer(self._joined.text) if self._breaks else ():
            span = self._joined.crossing(found.span())
            if span and is_one(found[0]) and not self._is_whole_before(shape, is_one, span):
                yield span

    def tokens_across(self, shape: re.Pattern[str]) -> Iterator[Span]:
        """Secrets that go on in the next line: nobody knows their length, so a word there that
        looks like more of one belongs to it.
        """
        breaks = [b for b in self._breaks if _MORE_OF_A_TOKEN.match(self._text, b.end())]
        joined = _Joined(self._text, breaks)
        for found in shape.finditer(joined.text) if breaks else ():
            if span := joined.crossing(found.span()):
                yield span

    def _is_whole_before(
        self, shape: re.Pattern[str], is_one: Callable[[str], bool], span: Span
    ) -> bool:
        start, _ = span
        first = self._text[start : self._text.index("\n", start)].rstrip()
        return shape.fullmatch(first) is not None and is_one(first)


class _Joined:
    """A text with some of its line breaks taken out, and where everything was."""

    def __init__(self, text: str, breaks: list[re.Match[str]]) -> None:
        kept, at, offset = [], 0, 0
        self._removed: list[tuple[int, int]] = []
        """Where in the joined text a break was, and how much was taken out up to it."""
        for gap in breaks:
            kept.append(text[at : gap.start()])
            offset += gap.end() - gap.start()
            self._removed.append((gap.end() - offset, offset))
            at = gap.end()
        kept.append(text[at:])
        self.text = "".join(kept)

    def crossing(self, span: Span) -> Span | None:
        """The span in the whole text if it lies across a break, else None."""
        start, end = span
        before = bisect_right(self._removed, start, key=itemgetter(0))
        inside = bisect_left(self._removed, end, key=itemgetter(0))
        if before == inside:
            return None
        gone = self._removed[before - 1][1] if before else 0
        return start + gone, end + self._removed[inside - 1][1]
