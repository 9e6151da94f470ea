"""What must not leave is taken out of a brief before anybody outside reads it.

Each find becomes a token (``[EMAIL_1]``), the same for the same thing, so that a reader can still
tell what belongs together; what it stands for stays in memory. Not here: how things are found
(leaks), what is written (workflows.drafting), who writes it (ports.drafter).
"""

import re
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from incident_response.domain.known_names import KnownNames
from incident_response.domain.leaks import Leak, LeakKind, find_leaks
from incident_response.domain.model import Value
from incident_response.domain.unmasking import unmasked

__all__ = [
    "Brief",
    "KnownNames",
    "Leak",
    "LeakKind",
    "Material",
    "RedactedBrief",
    "Task",
    "find_leaks",
    "redact",
    "withheld",
]

MAX_INPUT = 65_536
"""Characters of material that are read; the rest is cut and said to be."""
CHARACTERS_PER_TOKEN = 4
"""Of English, close enough for limits and deadlines."""
_CUT_BACK = 4_096
"""How far before the limit a cut looks for the end of a line, so that it parts nothing."""
_TOKEN = re.compile(r"\[(?:" + "|".join(LeakKind) + r")_\d{1,6}\]")
_MINT = object()


class Task(StrEnum):
    """What is to be written."""

    STATUS_MESSAGE = "status_message"
    """For customers: a JSON object of ``title`` and ``body``."""
    ROOM_UPDATE = "room_update"
    POSTMORTEM = "postmortem"
    """A JSON object with the fields of ``domain.postmortem.Prose``."""
    CATCHUP = "catchup"
    CLASSIFY = "classify"
    """Whether a message is a status update: ``yes`` or ``no``."""


class Material(Value):
    """Something the writer may use, with our name for it; the text is untrusted."""

    label: str
    text: str


class Brief(Value):
    """What is to be written, from what."""

    task: Task
    facts: dict[str, str] = Field(default_factory=dict)
    """What we know ourselves, by our own names: states, times, names that customers know."""
    material: tuple[Material, ...] = ()
    longest: int = 2_000
    """Characters."""

    @property
    def tokens(self) -> int:
        """About how many tokens a model needs for the longest text."""
        return -(-self.longest // CHARACTERS_PER_TOKEN)


class RedactedBrief:
    """A brief that may leave. Only ``redact`` and ``withheld`` make one."""

    __slots__ = ("_replaced", "brief", "cut", "kinds")

    brief: Brief
    cut: int
    """Characters of material that were left out."""
    kinds: Mapping[str, int]
    """How many different things of each kind were taken out."""
    _replaced: dict[str, str]

    def __init__(self, mint: object, brief: Brief, *, replaced: dict[str, str], cut: int) -> None:
        if mint is not _MINT:
            raise TypeError("only redact makes a brief that may leave")
        counted = Counter(LeakKind(token[1:].rpartition("_")[0]) for token in replaced)
        for name, value in (
            ("brief", brief),
            ("cut", cut),
            ("kinds", counted),
            ("_replaced", replaced),
        ):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a redacted brief never changes")

    def __init_subclass__(cls) -> None:
        raise TypeError("nothing else is a redacted brief")

    def __repr__(self) -> str:
        return f"<RedactedBrief {self.brief.task}, {sum(self.kinds.values())} replaced>"

    def __reduce__(self) -> str:
        raise TypeError("what was taken out stays in memory")

    def restore(self, text: str) -> str:
        """``text`` with every token turned back: only for what stays inside."""
        return _TOKEN.sub(lambda found: self._replaced.get(found[0], found[0]), text)


def redact(brief: Brief, *, known: KnownNames) -> RedactedBrief:
    """``brief`` without anything that must not leave.

    Reads at most ``MAX_INPUT`` characters of material, the first ones. Whatever it raises means
    that nothing may be sent.
    """
    tokens = _Tokens(known)
    facts = {name: tokens.replace(value) for name, value in brief.facts.items()}
    material, room, cut = [], MAX_INPUT, 0
    for item in brief.material:
        text, lost = _capped(unmasked(item.text), room)
        room, cut = room - len(text), cut + lost
        told = f"\n({lost} more characters were left out)" if lost else ""
        label = tokens.replace(item.label)
        material.append(Material(label=label, text=tokens.replace(text) + told))
    clean = brief.model_copy(update={"facts": facts, "material": tuple(material)})
    return RedactedBrief(_MINT, clean, replaced=tokens.replaced, cut=cut)


def withheld(brief: Brief) -> RedactedBrief:
    """``brief`` without its material: what a writer gets that must do without."""
    return RedactedBrief(_MINT, brief.model_copy(update={"material": ()}), replaced={}, cut=0)


def kind_of_token(text: str) -> LeakKind | None:
    """What the first token in ``text`` stands for; None without one."""
    found = _TOKEN.search(text)
    return LeakKind(found[0][1:].rpartition("_")[0]) if found else None


def _capped(text: str, limit: int) -> tuple[str, int]:
    """The start of ``text``, cut at the end of a line or word, and how many characters went."""
    if len(text) <= limit:
        return text, 0
    least = max(0, limit - _CUT_BACK)
    places = (text.rfind(mark, least, limit) for mark in "\n ")
    end = next((place for place in places if place > 0), least)
    return text[:end], len(text) - end


class _Tokens:
    """Gives the same thing the same token."""

    def __init__(self, known: KnownNames) -> None:
        self._known = known
        self._given: dict[tuple[LeakKind, str], str] = {}
        self._counts: Counter[LeakKind] = Counter()
        self.replaced: dict[str, str] = {}

    def replace(self, text: str) -> str:
        """``text`` unmasked, with tokens; what looks like one already is spelled otherwise."""
        plain = _TOKEN.sub(lambda found: f"({found[0][1:-1]})", unmasked(text))
        kept, at = [], 0
        for leak in find_leaks(plain, known=self._known):
            kept += [plain[at : leak.start], self._token(leak)]
            at = leak.end
        return "".join((*kept, plain[at:]))

    def _token(self, leak: Leak) -> str:
        key = (leak.kind, "".join(leak.text.casefold().split()))
        if key not in self._given:
            self._counts[leak.kind] += 1
            token = f"[{leak.kind}_{self._counts[leak.kind]}]"
            self._given[key] = token
            self.replaced[token] = leak.text
        return self._given[key]
