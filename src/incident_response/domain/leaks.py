"""Finding what must not leave: secrets, and what tells a person, a customer or a machine.

One pass finds places by kind; who redacts replaces them, who checks refuses them. Not here: the
shapes (secret_shapes, private_shapes, known_names), what is put in their place (redaction).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from incident_response.domain.known_names import NOBODY, KnownNames
from incident_response.domain.line_breaks import Lines
from incident_response.domain.private_shapes import (
    ACCOUNT,
    ARN,
    AWS_ACCOUNT,
    CARD,
    CHAT_USER,
    EMAIL,
    IPV4,
    Span,
    cards,
    ips,
    is_address,
    is_card,
    phones,
    spans_of,
)
from incident_response.domain.secret_shapes import SECRETS, VENDOR_TOKEN
from incident_response.domain.unmasking import unmasked


class LeakKind(StrEnum):
    """What a find is, the gravest first; the value is the word in its token."""

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


_FINDERS: tuple[tuple[LeakKind, Callable[[str], Iterator[Span]]], ...] = (
    *((LeakKind.SECRET, find) for find in SECRETS),
    (LeakKind.AWS_RESOURCE, spans_of(ARN, needs="arn:aws")),
    (LeakKind.ACCOUNT, spans_of(AWS_ACCOUNT)),
    (LeakKind.ACCOUNT, spans_of(ACCOUNT)),
    (LeakKind.EMAIL, spans_of(EMAIL, needs="@")),
    (LeakKind.IP, ips),
    (LeakKind.CARD, cards),
    (LeakKind.PHONE, phones),
    (LeakKind.PERSON, spans_of(CHAT_USER)),
)
_GRAVITY = list(LeakKind)


def find_leaks(text: str, *, known: KnownNames = NOBODY) -> tuple[Leak, ...]:
    """Everything in ``text`` that must not leave, in order; finds that overlap are one.

    ``text`` is unmasked first: the places are those in ``unmasked(text)``.
    """
    plain = unmasked(text)
    found = [
        (start, end, kind)
        for finds in (_by_shape(plain), _by_name(plain, known), _across_lines(plain))
        for kind, (start, end) in finds
        if end > start
    ]
    return tuple(_merged(plain, sorted(found, key=lambda f: (f[0], -f[1]))))


def _by_shape(text: str) -> Iterator[tuple[LeakKind, Span]]:
    return ((kind, span) for kind, find in _FINDERS for span in find(text))


def _by_name(text: str, known: KnownNames) -> Iterator[tuple[LeakKind, Span]]:
    for kind, pattern in (
        (LeakKind.ACCOUNT, known.customer_id),
        (LeakKind.HOST, known.host),
        (LeakKind.PERSON, known.person),
    ):
        if pattern is not None:
            yield from ((kind, found.span()) for found in pattern.finditer(text))


def _across_lines(text: str) -> Iterator[tuple[LeakKind, Span]]:
    lines = Lines(text)
    for kind, spans in (
        (LeakKind.SECRET, lines.tokens_across(VENDOR_TOKEN)),
        (LeakKind.EMAIL, lines.across(EMAIL, bool)),
        (LeakKind.IP, lines.across(IPV4, is_address)),
        (LeakKind.CARD, lines.across(CARD, is_card)),
    ):
        yield from ((kind, span) for span in spans)


def _merged(text: str, found: list[tuple[int, int, LeakKind]]) -> Iterator[Leak]:
    """Overlapping finds as one, of the gravest kind among them."""
    at, until, worst = 0, 0, LeakKind.SECRET
    for start, end, kind in found:
        if start < until:
            until, worst = max(until, end), min(worst, kind, key=_GRAVITY.index)
            continue
        if until:
            yield Leak(worst, at, until, text[at:until])
        at, until, worst = start, end, kind
    if until:
        yield Leak(worst, at, until, text[at:until])
