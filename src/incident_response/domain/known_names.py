"""What no shape can tell: our people, the ends of our hosts, what customer ids begin with.

Not here: where the names come from (workflows.draft_material).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from unicodedata import combining, normalize

from incident_response.domain.unmasking import unmasked

DEFAULT_DOMAINS = ("internal", "local", "corp", "lan")
DEFAULT_ID_PREFIXES = ("acct", "cus", "cust")
_PRIVATE_DOMAINS = (
    "svc",
    "cluster.local",
    "rds.amazonaws.com",
    "cache.amazonaws.com",
    "elb.amazonaws.com",
    "compute.amazonaws.com",
)
"""Ends of names that only ever name somebody's own machines."""


@dataclass(frozen=True, kw_only=True)
class KnownNames:
    """What cannot be told by its shape: the names of our people, machines and customers."""

    people: frozenset[str] = field(default=frozenset(), repr=False)
    """Full names, matched exactly (letter case and separators aside), and their parts."""
    domains: tuple[str, ...] = DEFAULT_DOMAINS
    """Ends of host names that must not leave."""
    id_prefixes: tuple[str, ...] = DEFAULT_ID_PREFIXES
    """What customer ids begin with: ``acct`` for ``acct_1a2b3c``."""

    @cached_property
    def person(self) -> re.Pattern[str] | None:
        """Matches any of our people; None without any."""
        shapes = {shape for name in self.people for shape in _name_shapes(unmasked(name))}
        if not shapes:
            return None
        ordered = sorted(shapes, key=len, reverse=True)
        return re.compile(r"(?<!\w)(?:" + "|".join(ordered) + r")(?![^\W_])")

    @cached_property
    def host(self) -> re.Pattern[str]:
        """Matches internal host names."""
        ends = "|".join(
            re.escape(end.strip("."))
            for end in (*self.domains, *_PRIVATE_DOMAINS)
            if end.strip(".")
        )
        return re.compile(
            rf"(?<![\w.-])(?:[\w-]{{1,63}}\.){{1,10}}(?:{ends})(?![\w-]|\.\w)"
            r"|(?<![\w.-])ip-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?:\.[\w-]{1,63}){0,6}",
            re.IGNORECASE,
        )

    @cached_property
    def customer_id(self) -> re.Pattern[str]:
        """Matches ids by their prefix."""
        prefixes = "|".join(map(re.escape, self.id_prefixes)) or "(?!)"
        return re.compile(rf"(?<![A-Za-z0-9])(?:{prefixes})_[A-Za-z0-9]{{4,64}}", re.IGNORECASE)


NOBODY = KnownNames()

_WORDS_TOO = re.compile(
    "will|mark|grace|may|june|april|rose|hope|faith|art|bill|rob|pat|sue|jack|chase|grant|drew|miles"
    "|page|sky|max|dean|frank|victor|ray|gene|guy|hunter|mason|chance|dawn|joy|ivy|iris|daisy|summer"
    "|autumn|christian|earnest|ernest|rich|dick|john|smith|young|long|short|black|white|brown|green"
    "|gray|grey|king|knight|price|stone|woods?|fields?|banks|bush|cook|baker|carter|fisher|day|post"
    "|cloud|worker|service|test|root|admin"
)
"""Parts of names that are ordinary words: only the whole name is taken for a person."""
_LEAST_PART = 3


def _name_shapes(name: str) -> Iterator[str]:
    """Patterns for a full name in any case and order, and for its parts as they are written."""
    parts = [part for part in re.split(r"[\s.,_-]+", name) if part]
    if not parts:
        return
    for order in (parts, [*parts[1:], parts[0]]):
        for spelled in {tuple(order), tuple(map(_unaccented, order))}:
            yield "(?i:" + r"[\s.,_+-]{1,3}".join(map(re.escape, spelled)) + ")"
    for part in parts:
        if len(part) >= _LEAST_PART and not _WORDS_TOO.fullmatch(part.casefold()):
            yield re.escape(part[:1].upper() + part[1:])


def _unaccented(text: str) -> str:
    return "".join(c for c in normalize("NFD", text) if not combining(c))
