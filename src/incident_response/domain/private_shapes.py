"""What machines, accounts and people look like in text: shapes that are private by themselves.

Numbers are checked (``ipaddress``, Luhn), so that trace ids, digests, versions and durations are
left alone. Every quantifier is bounded. Not here: secrets (secret_shapes), what is only known by
its name (known_names).
"""

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address

Span = tuple[int, int]

EMAIL = re.compile(
    r"(?<![\w.+-])(?!git@)[\w!#$%&*+/=?^`{|}~-][\w!#$%&'*+/=?^`{|}~.-]{0,63}"
    r"@(?:[^\W_](?:[\w-]{0,62})\.){1,8}[^\W\d_]{2,24}(?![^\W_])"
)
ARN = re.compile(
    r"(?<![\w-])arn:aws[\w-]{0,20}:[\w-]{0,40}:[\w-]{0,30}:\d{0,12}:[^\s\"',)\]}]{1,300}"
)
AWS_ACCOUNT = re.compile(
    r"(?:aws|account|acct|acc|owner|principal|assume\w{0,10}|iam)[\w\"']{0,12}[^\w\n]{0,6}"
    r"(?:id|number|no)?[^\w\n]{0,6}(?P<v>\d{12}|\d{4}-\d{4}-\d{4})(?![\w-])"
    r"|(?<!\d)(?P<h>\d{12})(?=\.(?:dkr\.ecr|signin)\.)",
    re.IGNORECASE,
)
ACCOUNT = re.compile(
    r"\b(?:account|acct|customer|client|tenant|merchant|subscriber|member|user|org(?:anization)?"
    r"|organisation|workspace|subscription|invoice)"
    r"[ _-]{0,2}(?:id|ids|number|num|no|nr|ref|uuid)?\b"
    r"[.#\"'\]]{0,2}[ \t]{0,3}[=:#]{0,2}[ \t]{0,3}[\"'#]{0,2}"
    r"(?P<v>\d{5,24}(?![\w.%]*(?:ms|s|%)\b)(?!\w)"
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})",
    re.IGNORECASE,
)
IPV4 = re.compile(r"(?<!\d)(?<!\d\.)(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)")
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?"
    r"(?![\w:]|\.\d)"
)
_VERSION_BEFORE = re.compile(
    r"(?:\bv|\bversion|\brelease|\bbuild|\bver\.?|chrome/|firefox/|safari/|edg/|curl/)\s{0,2}$",
    re.I,
)
CARD = re.compile(r"(?<!\d)(?<!\d[.-])\d(?:[ .\-_/]?\d){12,18}(?![ .\-_/]?\d)")
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
CHAT_USER = re.compile(
    r"<@[UW][A-Z0-9]{2,20}(?:\|[^>\n]{0,80})?>|(?<!\w)[UW]0[A-Z0-9]{7,12}(?!\w)"
)
_THIS_MACHINE = frozenset({"127.0.0.1", "0.0.0.0", "::1", "::", "255.255.255.255"})  # noqa: S104
"""Addresses that tell nothing."""


def ips(text: str) -> Iterator[Span]:
    """IPv4 and IPv6 addresses; what stands behind the word version is one."""
    for found in IPV4.finditer(text):
        is_version = _VERSION_BEFORE.search(text, max(0, found.start() - 10), found.start())
        if not is_version and is_address(found[0]):
            yield found.span()
    for found in _IPV6.finditer(text):
        if any(c.isdigit() for c in found[0]) and is_address(found[0]):
            yield found.span()


def is_address(text: str) -> bool:
    """Whether it is an IP address that tells something."""
    try:
        return str(ip_address(text)) not in _THIS_MACHINE
    except ValueError:
        return False


def cards(text: str) -> Iterator[Span]:
    """Numbers of payment cards."""
    for found in CARD.finditer(text):
        if is_card(found[0]) and not _in_digest(text, found):
            yield found.span()


def is_card(text: str) -> bool:
    """Whether the digits in ``text`` are a card's number."""
    digits = "".join(c for c in text if c.isdigit())
    return _CARD_SCHEMES.fullmatch(digits) is not None and _luhn(digits)


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


def phones(text: str) -> Iterator[Span]:
    """Phone numbers: international, national, and digits that are called one."""
    for found in _PHONE.finditer(text):
        if not _DATE.search(found[0]):
            yield found.span()
    for found in _PHONE_NAMED.finditer(text):
        if not _DATE.search(found["v"]):
            yield found.span("v")


def spans_of(pattern: re.Pattern[str], *, needs: str = "") -> Callable[[str], Iterator[Span]]:
    """The spans of a pattern (or of its group ``v``); ``needs`` must occur for it to be tried."""
    groups = tuple(pattern.groupindex)

    def find(text: str) -> Iterator[Span]:
        if needs not in text:
            return
        for found in pattern.finditer(text):
            yield next((found.span(g) for g in groups if found[g]), found.span())

    return find
