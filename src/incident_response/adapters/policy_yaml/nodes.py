"""Reads typed values out of YAML and says where each stands, so that every error has a line.

All scalars are text to begin with; keys must be known and stand once. A value that is wrong is
noted and replaced by a harmless one, so that one reading finds every fault. Not here: what a
policy is made of (reader).
"""

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from incident_response.domain.policy import Path, dotted

T = TypeVar("T")

MAX_DURATION = timedelta(days=366)
MAX_TEXT = 500
"""Characters of a text; what is shown in one line of chat."""

_DURATION = re.compile(r"(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?")
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A place in the file; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Complaint:
    """What is wrong where."""

    spot: Spot
    path: Path = field(compare=False)
    why: str


@dataclass(frozen=True, slots=True)
class At:
    """A node and the path that leads to it."""

    node: Node
    path: Path


@dataclass(slots=True)
class Reading:
    """One reading of one file."""

    complaints: list[Complaint] = field(default_factory=list)
    spots: dict[Path, Spot] = field(default_factory=dict)

    def complain(self, path: Path, why: str, *, spot: Spot | None = None) -> None:
        """Note a fault; without ``spot`` at the closest known place of ``path``."""
        self.complaints.append(Complaint(spot or self.spot_of(path), path, why))

    def spot_of(self, path: Path) -> Spot:
        """Where ``path`` stands, or the closest thing around it."""
        while path and path not in self.spots:
            path = path[:-1]
        return self.spots.get(path, Spot(1, 1))

    def root(self, text: str) -> At | None:
        """The one document in ``text``; None, and a complaint, if there is none."""
        try:
            node = yaml.compose(text, Loader=yaml.BaseLoader)
        except RecursionError:
            self.complain((), "this is nested too deeply to be a policy")
            return None
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            self.complain((), f"this is no YAML: {_problem(error)}", spot=_spot_of_error(error))
            return None
        if node is None:
            self.complain((), "the file is empty; take the shipped policy as a beginning")
            return None
        return self._at(node, ())

    def section(self, at: At, known: Iterable[str]) -> dict[str, At]:
        """The entries of a mapping whose keys are ``known``; others are complained of."""
        names = tuple(known)
        entries = self.entries(at)
        for name in [name for name in entries if name not in names]:
            self.complain((*at.path, name), f"I do not know this key{_nearest(name, names)}")
            del entries[name]
        return entries

    def entries(self, at: At) -> dict[str, At]:
        """The entries of a mapping with keys of its own choice."""
        if not isinstance(at.node, MappingNode):
            self._wrong(at, "a mapping (key: value)")
            return {}
        found: dict[str, At] = {}
        for key, value in at.node.value:
            if not isinstance(key, ScalarNode):
                self.complain(at.path, "a key must be a plain word", spot=_spot(key))
            elif key.value in found:
                first = self.spots[(*at.path, key.value)].line
                why = f"this key stands twice (first in line {first}): keep one of them"
                self.complain((*at.path, key.value), why, spot=_spot(key))
            else:
                here = value if isinstance(value, ScalarNode) and value.value else key
                found[key.value] = self._at(value, (*at.path, key.value), spot=_spot(here))
        return found

    def items(self, at: At) -> list[At]:
        """The items of a list; one plain value is a list of one."""
        if isinstance(at.node, ScalarNode) and at.node.value:
            return [At(at.node, (*at.path, 0))]
        if not isinstance(at.node, SequenceNode):
            self._wrong(at, "a list")
            return []
        return [self._at(item, (*at.path, i)) for i, item in enumerate(at.node.value)]

    def text(self, at: At, *, may_be_empty: bool = False) -> str:
        """One line of text."""
        if not isinstance(at.node, ScalarNode):
            self._wrong(at, "a text")
            return ""
        text = " ".join(str(at.node.value).split())
        if not text and not may_be_empty:
            self.complain(at.path, "there is nothing here: write something or remove the key")
        if len(text) > MAX_TEXT or not text.isprintable():
            why = f"at most {MAX_TEXT} characters, and none that cannot be seen"
            self.complain(at.path, why)
            return ""
        return text

    def duration(self, at: At, *, may_be_zero: bool = False) -> timedelta:
        """A length of time: ``90s``, ``15m``, ``2h``, ``7d``, ``1h30m``."""
        found = _duration(at.node.value) if isinstance(at.node, ScalarNode) else None
        if found is None:
            self._wrong(at, "a length of time such as 90s, 15m, 2h, 7d or 1h30m")
            return timedelta(minutes=1)
        if found > MAX_DURATION or (not found and not may_be_zero):
            least = "0m" if may_be_zero else "1s"
            self.complain(at.path, f"a length of time here is from {least} to 366d")
        return found

    def flag(self, at: At) -> bool:
        """``true`` or ``false``."""
        return self.choice(at, _FLAGS, "true or false", default=False)

    def choice(self, at: At, known: dict[str, T], expected: str, *, default: T) -> T:
        """What a word stands for, letter case aside."""
        words = {name.casefold(): meaning for name, meaning in known.items()}
        word = at.node.value if isinstance(at.node, ScalarNode) else None
        if isinstance(word, str) and word.strip().casefold() in words:
            return words[word.strip().casefold()]
        self._wrong(at, expected)
        return default

    def optional(self, found: dict[str, At], name: str, read: Callable[[At], T]) -> T | None:
        """What ``read`` makes of an entry, None where there is none."""
        return read(found[name]) if name in found else None

    def _at(self, node: Node, path: Path, *, spot: Spot | None = None) -> At:
        self.spots[path] = spot or _spot(node)
        return At(node, path)

    def _wrong(self, at: At, expected: str) -> None:
        self.complain(at.path, f"write {expected}{_instead_of(at.node)}")


def complaint_line(name: str, complaint: Complaint) -> str:
    """``policy.yaml:12:5: severities.P0.ladder[2].after: …``."""
    where = f"{dotted(complaint.path)}: " if complaint.path else ""
    return f"{name}:{complaint.spot.line}:{complaint.spot.column}: {where}{complaint.why}"


def _spot(node: Node) -> Spot:
    return Spot(node.start_mark.line + 1, node.start_mark.column + 1)


def _spot_of_error(error: Exception) -> Spot:
    mark = getattr(error, "problem_mark", None)
    return Spot(mark.line + 1, mark.column + 1) if mark is not None else Spot(1, 1)


def _problem(error: Exception) -> str:
    problem = getattr(error, "problem", None) or getattr(error, "reason", None)
    return str(problem or "it holds a character or escape that YAML does not allow")


def _duration(text: str) -> timedelta | None:
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _instead_of(node: Node) -> str:
    if isinstance(node, ScalarNode):
        return f", not {node.value[:40]!r}" if node.value else "; there is nothing here"
    return ", not a list" if isinstance(node, SequenceNode) else ", not a mapping"


def _nearest(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name[:60], known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
