"""Finding what must not leave: secrets, and what tells a person, a customer or a machine.

One pass finds spans by kind; who redacts replaces them, who checks refuses them. Text is expected
unmasked (unmasking). Trace ids, digests, versions, durations and ports are left alone. Every
quantifier is bounded, so that no text takes long. Not here: what is put in their place
(redaction).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from ipaddress import ip_address
from unicodedata import combining, normalize

from incident_response.domain.secret_shapes import PEM, VENDOR_TOKEN, WEBHOOK, aws_secrets
from incident_response.domain.unmasking import unmasked

Span = tuple[int, int]


class LeakKind(StrEnum):
    """What a find is; the value is the word in its token."""

    SECRET = "SECRET"  # noqa: S105 - the word, not one
    AWS_RESOURCE = "AWS_RESOURCE"
    ACCOUNT = "ACCOUNT"
    EMAIL = "EMAIL"
    HOST = "HOST"
    IP = "IP"
    CARD = "CARD"
    PHONE = "PHONE"
    PERSON = "PERSON"


@dataclass(frozen=True, slots=True)
class Leak:
    """Something found; ``text`` is the thing itself and is never logged."""

    kind: LeakKind
    start: int
    end: int
    text: str = field(repr=False)


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


def find_leaks(text: str, *, known: KnownNames = NOBODY) -> tuple[Leak, ...]:
    """Everything in ``text`` that must not leave, in order; finds that touch are one.

    ``text`` is unmasked first: the places are those in ``unmasked(text)``.
    """
    plain = unmasked(text)
    found = [(start, end, kind) for kind, (start, end) in _found(plain, known) if end > start]
    return tuple(_merged(plain, sorted(found, key=lambda f: (f[0], -f[1]))))


def _merged(text: str, found: list[tuple[int, int, LeakKind]]) -> Iterator[Leak]:
    """Overlapping finds as one, of the gravest kind among them."""
    gravity = list(LeakKind)
    at, until, worst = 0, 0, LeakKind.SECRET
    for start, end, kind in found:
        if start < until:
            until, worst = max(until, end), min(worst, kind, key=gravity.index)
            continue
        if until:
            yield Leak(worst, at, until, text[at:until])
        at, until, worst = start, end, kind
    if until:
        yield Leak(worst, at, until, text[at:until])


def _found(text: str, known: KnownNames) -> Iterator[tuple[LeakKind, Span]]:
    for kind, finder in _FINDERS:
        for span in finder(text):
            yield kind, span
    for kind, pattern in (
        (LeakKind.ACCOUNT, known.customer_id),
        (LeakKind.HOST, known.host),
        (LeakKind.PERSON, known.person),
    ):
        if pattern is not None:
            yield from ((kind, m.span()) for m in pattern.finditer(text))
    yield from _across_lines(text)


# Secrets told by the name before them

_STRONG = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|api[ _-]?key|app(?:lication)?[_-]?key|access[ _-]?key"
    r"|private[ _-]?key|(?:routing|integration|service|signing|encryption|account|license)[_-]key"
    r"|credentials?|connection[_-]?string"
)
_WEAK = (
    r"token|auth|authorization|cookie|session(?:[_-]?id)?|sid|sig(?:nature)?|nonce|csrf|otp|jwt"
)
_NAMED = re.compile(
    rf"(?<![A-Za-z])(?P<name>(?:[A-Za-z0-9]{{1,30}}[_.-]){{0,5}}"
    rf"(?:\w{{0,20}}?(?:{_STRONG})\w{{0,20}}|{_WEAK})(?:[_-][A-Za-z0-9]{{1,20}}){{0,2}})"
    r"[\"'\]]{0,2}[ \t]{0,4}(?:=>|:=|=|:)[ \t]{0,4}\n?[ \t]{0,8}"
    r"(?:[|>]-?\n[ \t]{0,8})?"
    r"(?:\"(?P<q>[^\"\n]{1,2000})\"|'(?P<s>[^'\n]{1,2000})'"
    r"|[\"']?(?P<u>[^\s\"',;&<>)\]}]{1,2000}))",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"(?:pass(?:word|phrase|code|wd)|api[ _-]?key|secret|credentials?)"
    r" (?:is|was|are|set to|changed to) [\"']?(?P<u>[^\s\"']{4,200})"
    r"|--?(?:pass(?:word|wd)?|token|secret|api-?key|auth)[ =]"
    r"[\"']?(?P<f>[^\s\"'-][^\s\"']{2,500})",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"\b(?:Bearer|Basic|Digest|ApiKey|Token|Negotiate|AWS4-HMAC-SHA256)[ \t]{1,3}"
    r"(?:token=)?[\"']?(?P<u>[A-Za-z0-9._~+/=:-]{6,4000})",
    re.IGNORECASE,
)
_COOKIE = re.compile(
    r"\b(?:Set-)?Cookie[\"']?[ \t]{0,3}:[ \t]{0,3}[\"']?"
    r"(?P<v>[^\s=;,\"']{1,100}=[^\n\"']{1,4000})",
    re.IGNORECASE,
)
_USERINFO = re.compile(
    r"(?<=://)(?:[^\s\"'<>@/:?#]{0,200}:(?!\d{1,5}[/?#])[^\s\"'<>]{1,300}"
    r"|[^\s\"'<>@/:?#]{1,200})(?=@[\w.\[-])"
)
_STRONG_NAME = re.compile(_STRONG, re.IGNORECASE)
_HARMLESS = re.compile(
    "null|none|nil|true|false|missing|expired|invalid|required|incorrect|wrong|failed|failure|empty"
    "|unset|undefined|redacted|hidden|masked|rotated|revoked|denied|rejected|ok|error|unknown|reset"
    "|changed|not|in|for|from|the|a|an|was|is|has|and|or|to|of|on|at|by|with|without|no|yes|be|been"
    "|being|mismatch|manager|service|store|bearer|basic|digest|token"
)
"""Words about a secret that stand where one could."""


def _named_secrets(text: str) -> Iterator[Span]:
    for found in _NAMED.finditer(text):
        group = found.lastgroup or "u"
        value = found[group]
        is_strong = _STRONG_NAME.search(found["name"]) is not None
        if _is_secret(value, is_strong=is_strong or group != "u"):
            yield found.span(group)
    for pattern in (_SAID, _HEADER):
        for found in pattern.finditer(text):
            group = found.lastgroup or "u"
            if _is_secret(found[group], is_strong=False):
                yield found.span(group)


def _is_secret(value: str, *, is_strong: bool) -> bool:
    """Whether the value after a secret's name is one, and no word about it."""
    bare = value.strip("*.…\"'").casefold()
    if not bare or _HARMLESS.fullmatch(bare):
        return False
    if is_strong:
        return len(bare) >= 3
    has_digit = any(c.isdigit() for c in bare)
    return (len(bare) >= 6 and (has_digit or not bare.isalpha())) or len(bare) >= 16


# Machines, accounts, people

_EMAIL = re.compile(
    r"(?<![\w.+-])(?!git@)[\w!#$%&*+/=?^`{|}~-][\w!#$%&'*+/=?^`{|}~.-]{0,63}"
    r"@(?:[^\W_](?:[\w-]{0,62})\.){1,8}[^\W\d_]{2,24}(?![^\W_])"
)
_ARN = re.compile(
    r"(?<![\w-])arn:aws[\w-]{0,20}:[\w-]{0,40}:[\w-]{0,30}:\d{0,12}:[^\s\"',)\]}]{1,300}"
)
_AWS_ACCOUNT = re.compile(
    r"(?:aws|account|acct|acc|owner|principal|assume\w{0,10}|iam)[\w\"']{0,12}[^\w\n]{0,6}"
    r"(?:id|number|no)?[^\w\n]{0,6}(?P<v>\d{12}|\d{4}-\d{4}-\d{4})(?![\w-])"
    r"|(?<!\d)(?P<h>\d{12})(?=\.(?:dkr\.ecr|signin)\.)",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"\b(?:account|acct|customer|client|tenant|merchant|subscriber|member|user|org(?:anization)?"
    r"|organisation|workspace|subscription|invoice)"
    r"[ _-]{0,2}(?:id|ids|number|num|no|nr|ref|uuid)?\b"
    r"[.#\"'\]]{0,2}[ \t]{0,3}[=:#]{0,2}[ \t]{0,3}[\"'#]{0,2}"
    r"(?P<v>\d{5,24}(?![\w.%]*(?:ms|s|%)\b)(?!\w)"
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})",
    re.IGNORECASE,
)
_IPV4 = re.compile(r"(?<!\d)(?<!\d\.)(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)")
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?"
    r"(?![\w:]|\.\d)"
)
_VERSION_BEFORE = re.compile(r"(?:\bv|\bversion|\brelease|\bbuild|\bver\.?|[a-z]/)\s{0,2}$", re.I)
_CARD = re.compile(r"(?<!\d)(?<!\d[.-])\d(?:[ .\-_/]?\d){12,18}(?![ .\-_/]?\d)")
_CARD_SCHEMES = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[0689]\d{12}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}|62\d{14,17}|5[06-8]\d{11,17}|6\d{15,18}"
)
_PHONE = re.compile(
    r"(?<![\w+.])\+[1-9](?:[ .()/-]{0,2}\d){7,14}(?!\w)"
    r"|(?<![\w.+-])00[1-9]\d(?:[ ./-]?\d){7,12}(?![\w-])"
    r"|(?<![\w.+-])(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-]|\.\d)"
    r"|(?<![\w.+/-])\(?0\d{2,5}\)?[ /-]\d{3,9}(?:[ -]\d{2,6}){0,3}(?![\w.:-])"
)
_PHONE_NAMED = re.compile(
    r"\b(?:tel|telephone|phone|mobile|cell|fax|whatsapp|sms|msisdn|handy|call(?:ed|er|back)?|dial)"
    r"(?:[ _-]?(?:number|no|num|nr))?[.\"']{0,2}[ \t]{0,2}[:=#]?[ \t]{0,2}[\"']?"
    r"(?P<v>\+?\d(?:[ .()/-]{0,2}\d){6,14})(?![\w-])",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:19|20)\d\d[-./ ]\d\d[-./ ]\d\d")
_CHAT_USER = re.compile(
    r"<@[UW][A-Z0-9]{2,20}(?:\|[^>\n]{0,80})?>|(?<!\w)[UW]0[A-Z0-9]{7,12}(?!\w)"
)
_THIS_MACHINE = frozenset({"127.0.0.1", "0.0.0.0", "::1", "::", "255.255.255.255"})  # noqa: S104
"""Addresses that tell nothing."""


def _ips(text: str) -> Iterator[Span]:
    for found in _IPV4.finditer(text):
        is_version = _VERSION_BEFORE.search(text, max(0, found.start() - 10), found.start())
        if not is_version and _is_address(found[0]):
            yield found.span()
    for found in _IPV6.finditer(text):
        if any(c.isdigit() for c in found[0]) and _is_address(found[0]):
            yield found.span()


def _is_address(text: str) -> bool:
    try:
        return str(ip_address(text)) not in _THIS_MACHINE
    except ValueError:
        return False


def _cards(text: str) -> Iterator[Span]:
    for found in _CARD.finditer(text):
        digits = "".join(c for c in found[0] if c.isdigit())
        if _CARD_SCHEMES.fullmatch(digits) and _luhn(digits) and not _in_digest(text, found):
            yield found.span()


def _luhn(digits: str) -> bool:
    doubled = (int(d) * (1 + place % 2) for place, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


_HEX_BEFORE = re.compile(r"[0-9a-f]{0,64}$")
_HEX_AFTER = re.compile(r"[0-9a-f]{0,64}")


def _in_digest(text: str, found: re.Match[str]) -> bool:
    """Whether the digits are part of a longer hexadecimal word with letters."""
    before = _HEX_BEFORE.search(text, max(0, found.start() - 64), found.start())
    after = _HEX_AFTER.match(text, found.end(), found.end() + 64)
    around = (before[0] if before else "") + (after[0] if after else "")
    return len(around) >= 4 and len(around) + len(found[0]) >= 24


def _phones(text: str) -> Iterator[Span]:
    for found in _PHONE.finditer(text):
        if not _DATE.search(found[0]):
            yield found.span()
    for found in _PHONE_NAMED.finditer(text):
        if not _DATE.search(found["v"]):
            yield found.span("v")


def _spans(pattern: re.Pattern[str], *, needs: str = "") -> Callable[[str], Iterator[Span]]:
    """The spans of a pattern (or of its group ``v``); ``needs`` must occur for it to be tried."""
    groups = tuple(pattern.groupindex)

    def find(text: str) -> Iterator[Span]:
        if needs not in text:
            return
        for found in pattern.finditer(text):
            yield next((found.span(g) for g in groups if found[g]), found.span())

    return find


_FINDERS: tuple[tuple[LeakKind, Callable[[str], Iterator[Span] | list[Span]]], ...] = (
    (LeakKind.SECRET, _spans(PEM, needs="-----BEGIN ")),
    (LeakKind.SECRET, _spans(VENDOR_TOKEN)),
    (LeakKind.SECRET, _spans(WEBHOOK)),
    (LeakKind.SECRET, aws_secrets),
    (LeakKind.SECRET, _named_secrets),
    (LeakKind.SECRET, _spans(_COOKIE)),
    (LeakKind.SECRET, _spans(_USERINFO, needs="://")),
    (LeakKind.AWS_RESOURCE, _spans(_ARN, needs="arn:aws")),
    (LeakKind.ACCOUNT, _spans(_AWS_ACCOUNT)),
    (LeakKind.ACCOUNT, _spans(_ACCOUNT)),
    (LeakKind.EMAIL, _spans(_EMAIL, needs="@")),
    (LeakKind.IP, _ips),
    (LeakKind.CARD, _cards),
    (LeakKind.PHONE, _phones),
    (LeakKind.PERSON, _spans(_CHAT_USER)),
)


# What a line break cuts in two

_BREAK = re.compile(r"(?<=\S)[ \t]{0,8}\n[ \t]{0,40}(?=\S)")
_TOKEN_WORD = re.compile(
    r"(?=[\w+/=.-]{0,40}\d)(?=[\w+/=.-]{0,40}[A-Za-z])(?!\d{4}-\d\d-)[\w+/=-]{6}"
)


def _across_lines(text: str) -> Iterator[tuple[LeakKind, Span]]:
    """Finds that begin on one line and end on the next.

    A whole find before the break is left at that, but for secrets, whose length nobody knows:
    there a word that looks like more of it belongs to it.
    """
    breaks = list(_BREAK.finditer(text))
    if not breaks:
        return
    joined = _Joined(text, breaks)
    for pattern in (_EMAIL, _CARD, _IPV4):
        for found in pattern.finditer(joined.text):
            span = joined.crossing(found.span())
            if span and _is_whole(pattern, found[0]) and not _stands_before(pattern, text, span):
                yield _KINDS_ACROSS[pattern], span
    tokens = _Joined(text, [b for b in breaks if _TOKEN_WORD.match(text, b.end())])
    for found in VENDOR_TOKEN.finditer(tokens.text):
        if span := tokens.crossing(found.span()):
            yield LeakKind.SECRET, span


_KINDS_ACROSS = {_EMAIL: LeakKind.EMAIL, _CARD: LeakKind.CARD, _IPV4: LeakKind.IP}


def _is_whole(pattern: re.Pattern[str], text: str) -> bool:
    if pattern is _CARD:
        digits = "".join(c for c in text if c.isdigit())
        return bool(_CARD_SCHEMES.fullmatch(digits)) and _luhn(digits)
    return pattern is not _IPV4 or _is_address(text)


def _stands_before(pattern: re.Pattern[str], text: str, span: Span) -> bool:
    """Whether the part before the line break is a find of its own."""
    first = text[span[0] : text.index("\n", span[0])].rstrip()
    found = pattern.fullmatch(first)
    return found is not None and _is_whole(pattern, first)


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
        before = [gone for place, gone in self._removed if place <= start]
        inside = [gone for place, gone in self._removed if place < end]
        if len(before) == len(inside):
            return None
        return start + (before[-1] if before else 0), end + inside[-1]


# Names of people

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
