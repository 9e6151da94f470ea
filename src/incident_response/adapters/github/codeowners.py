"""Who owns a path, by a CODEOWNERS file: the last rule that matches decides.

Patterns are those of gitignore with GitHub's differences: no negation, no ``[ ]`` ranges,
``dir/*`` does not reach below ``dir``'s own files. Pure. Not here: where the file lies.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

LONGEST_PATTERN = 512
"""Longer ones are passed over, as GitHub passes over lines it cannot read."""
MOST_DEPTHS = 4
"""``**`` in a pattern: each more multiplies the ways it can match, and no real one has as many."""
_NOT_ESCAPED_SPACE = re.compile(r"(?<!\\)[ \t]+")
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#.*")


@dataclass(frozen=True)
class Rule:
    """One line: whoever ``owners`` names owns what ``pattern`` matches; nobody if it is empty."""

    pattern: str
    owners: tuple[str, ...]

    def matches(self, path: str) -> bool:
        """Whether ``path`` (relative to the root, no leading slash) falls under the pattern."""
        return self._expression.fullmatch(path) is not None

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        return re.compile(_expression(self.pattern))


def parsed(text: str) -> tuple[Rule, ...]:
    """The rules of a CODEOWNERS file in their order."""
    rules = []
    for line in text.splitlines():
        words = _NOT_ESCAPED_SPACE.split(_COMMENT.sub("", line).strip())
        if _is_readable(words[0]):
            rules.append(Rule(words[0], tuple(word for word in words[1:] if word)))
    return tuple(rules)


def owners_of(paths: Iterable[str], rules: tuple[Rule, ...]) -> tuple[str, ...]:
    """The owners of ``paths``, each once, in the order they first appear."""
    found: dict[str, None] = {}
    for path in paths:
        decisive = next((rule for rule in reversed(rules) if rule.matches(path)), None)
        found.update(dict.fromkeys(decisive.owners if decisive else ()))
    return tuple(found)


def _is_readable(pattern: str) -> bool:
    is_usable = 0 < len(pattern) <= LONGEST_PATTERN and pattern.count("**") <= MOST_DEPTHS
    has_foreign = pattern == "/" or pattern.startswith("!") or "[" in pattern or "***" in pattern
    return is_usable and not has_foreign


def _expression(pattern: str) -> str:
    """The regular expression, to be matched against a whole path."""
    segments = pattern.removeprefix("/").split("/")
    is_anchored = "/" in pattern.rstrip("/")
    if segments[-1] == "":
        segments[-1] = "**"  # a directory: everything in it
    if not is_anchored:
        segments.insert(0, "**")  # a bare name: at any depth
    *parents, last = segments
    return "".join(map(_parent, parents)) + _last(last)


def _parent(segment: str) -> str:
    return "(?:.+/)?" if segment == "**" else f"{_segment(segment)}/"


def _last(segment: str) -> str:
    if segment == "**":
        return ".+"
    if segment == "*":
        return "[^/]+"  # files of this directory only
    return f"{_segment(segment)}(?:/.*)?"  # a file, or a directory with all in it


def _segment(segment: str) -> str:
    """``*`` and ``?`` stay within the segment; a backslash takes the next character as it is.

    What follows a star is taken at its first place for good (an atomic group): within one segment
    that misses nothing, and a pattern of many stars cannot take forever.
    """
    first, *others = _between_stars(segment)
    if not others:
        return first
    *middle, last = others
    return first + "".join(f"(?>[^/]*?{part})" for part in middle) + f"[^/]*{last}"


def _between_stars(segment: str) -> list[str]:
    parts = [""]
    for piece in re.findall(r"\\.|.", segment):
        if piece == "*":
            parts.append("")
        else:
            literal = piece.removeprefix("\\") or piece
            parts[-1] += "[^/]" if piece == "?" else re.escape(literal)
    return parts
