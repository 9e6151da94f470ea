"""What a drafted text may hold: strict for customers, cleaned for the room.

A model reads text that anybody may have written into an alert or a log. What it writes is checked
here against everything such text could have it say. Not here: redaction (redaction), drafting
(workflows.drafting), the approval every customer message needs (approval).
"""

import re
from collections.abc import Iterable

from incident_response.domain.draft import TITLE_LIMIT
from incident_response.domain.known_names import KnownNames
from incident_response.domain.leaks import LeakKind, find_leaks
from incident_response.domain.model import Value
from incident_response.domain.plain_text import clean, composed
from incident_response.domain.redaction import kind_of_token
from incident_response.domain.unmasking import unmasked

LONGEST_BODY = 1_200
"""Characters of a drafted message: a few sentences."""
SHORTEST_BODY = 20
ECHO_WORDS = 10
"""So many words in a row that were in the material are a quotation, not a message."""


class CustomerText(Value):
    """A message to customers: plain text."""

    title: str
    body: str


_KIND_WORDS = {
    LeakKind.SECRET: "a secret",
    LeakKind.AWS_RESOURCE: "the name of a cloud resource",
    LeakKind.ACCOUNT: "an account number",
    LeakKind.EMAIL: "an e-mail address",
    LeakKind.HOST: "the name of an internal machine",
    LeakKind.IP: "an IP address",
    LeakKind.CARD: "a card number",
    LeakKind.PHONE: "a phone number",
    LeakKind.PERSON: "a person's name",
}
_URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}:/{1,3}|www\d?\.)[^\s<>\"']{1,2000}"
    r"|(?<![\w.@-])(?:[\w-]{2,63}\.){1,8}[^\W\d_]{2,24}(?:[:/?#][^\s<>\"']{0,2000})?(?![\w])"
    r"|\b[\w-]{2,63} ?(?:\[\.\]|\(\.\)|\[dot\]|\(dot\)| dot ) ?[a-z]{2,24}\b",
    re.IGNORECASE,
)
_MENTION = re.compile(r"<[@#!][^>\s]{1,200}>?|(?<![\w])[@#]\w[\w.-]{0,80}|@")
_MARKUP = re.compile(
    r"[`<>|\\]|\*\S|\S\*|~~|__|\]\(|!\[|^ {0,3}#{1,6} |^ {0,3}>|(?<!\w)_\w[^_\n]{0,80}_(?!\w)"
    r"|&(?:#?\w{2,8});",
    re.MULTILINE,
)
_PLACEHOLDER = re.compile(
    r"\[[^\]\n]{0,80}\]|\{[^}\n]{0,80}\}|\b(?:TODO|TBD|XXX|lorem ipsum)\b", re.I
)
_MACHINE_WORD = re.compile(
    r"\binc-[0-9a-f]{6,12}\b|\b(?=[0-9a-f]{0,40}\d)(?=[0-9a-f]{0,40}[a-f])[0-9a-f]{7,40}\b"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-|\b\w{1,60}_\w{1,60}\b|\b[^\W\d]\w{0,60}(?:-\w{1,30}){0,5}-\d{1,9}\b",
    re.IGNORECASE,
)
_TALKING_MACHINE = re.compile(
    r"\b(?:ignor|disregard|forget|overrid|bypass)\w{0,4}\b.{0,60}"
    r"\b(?:instruct|prompt|rule|message|guideline|polic|above|previous|prior)"
    r"|\b(?:system|developer|hidden|original|initial) (?:prompt|message|instructions?)\b"
    r"|\bas an? (?:ai|assistant|language model)|\b(?:language|ai) model\b"
    r"|\bmy (?:instructions|prompt)"
    r"|\bi (?:cannot|can't|can not|am unable to|won't|will not)\b|\bi(?:'m| am) sorry\b"
    r"|\bjailbr\w+|\bDAN mode|\bprompt injection|\bpwned\b|\buntrusted\b"
    r"|\bthe (?:material|fence)\b"
    r"|^\s*(?:system|assistant|user|human|ai) ?:"
    r"|\bhere(?:'s| is) (?:the|a|your) (?:draft|message)\b"
    r"|\b(?:approve|publish|post) (?:this|it|now|immediately|at once|without)\b",
    re.IGNORECASE | re.MULTILINE,
)
_ASKS_CUSTOMERS = re.compile(
    r"\b(?:your|the|their) (?:password|passcode|pin\b|credentials|card (?:number|details)|bank|cvv"
    r"|seed phrase|recovery phrase|private key|wallet|social security)"
    r"|\b(?:bitcoin|crypto\w{0,8}|gift cards?|wire transfer|usdt|ethereum|ransom)\b"
    r"|\b(?:call|phone|text|dial|e-?mail|contact|message|whatsapp) "
    r"(?:us|our|the|this|me) ?(?:at|on|number)?\b"
    r"|\b(?:click|tap|download|install|scan|visit|go to|navigate to"
    r"|(?:log|sign) ?in (?:to|at|here))\b"
    r"|\b(?:re-?enter|confirm|verify|send|provide|share) (?:us )?(?:your|their)\b",
    re.IGNORECASE,
)
_PROMISES = re.compile(
    r"\b(?:refund\w*|compensat\w+|reimburs\w+|free (?:month|year|credit)s?|discount\w*|voucher\w*"
    r"|lawsuit|legal action|liab\w+|negligen\w+|guarantee\w*)\b"
    r"|\b(?:hacked|breach\w*|stolen|stole|leaked|exfiltrat\w+|compromised|ransomware"
    r"|cyber ?attack\w*|bankrupt\w*|shut(?:ting)? down (?:the company|for good))\b",
    re.IGNORECASE,
)
_RULES = (
    (_TALKING_MACHINE, "it speaks of instructions instead of the incident"),
    (_ASKS_CUSTOMERS, "it asks customers to do something"),
    (_PROMISES, "it promises or admits what only a person may"),
    (_PLACEHOLDER, "it holds a placeholder"),
    (_MARKUP, "it holds markup"),
    (_MACHINE_WORD, "it holds an internal identifier"),
)


def unfit_for_customers(
    text: CustomerText,
    *,
    known: KnownNames,
    trusted: Iterable[str] = (),
    untrusted: Iterable[str] = (),
    internal: Iterable[str] = (),
) -> str:
    """Why ``text`` must not be proposed to customers, in words that quote nothing of it; empty if
    it may.

    ``trusted`` is what we put in ourselves: an address in it may come out again. ``untrusted`` may
    not be quoted, ``internal`` names may not occur.
    """
    whole = f"{text.title}\n{text.body}"
    return (
        _misshapen(text)
        or _leaking(whole, known)
        or _pointing(whole, "\n".join(trusted))
        or _ruled_out(text, trusted)
        or _naming(whole, internal)
        or ("it quotes the material" if _echoes(whole, untrusted) else "")
    )


def _misshapen(text: CustomerText) -> str:
    if not 0 < len(text.title) <= TITLE_LIMIT or "\n" in text.title:
        return "its title has no fit length"
    if not SHORTEST_BODY <= len(text.body) <= LONGEST_BODY:
        return "its text has no fit length"
    if composed(text.title) != text.title or composed(text.body) != text.body:
        return "it holds invisible characters"
    return ""


def _leaking(whole: str, known: KnownNames) -> str:
    """What must not leave, or the token that stands for it."""
    leaks = find_leaks(whole, known=known)
    kind = kind_of_token(whole) or (leaks[0].kind if leaks else None)
    return f"it holds {_KIND_WORDS[kind]}" if kind else ""


def _pointing(whole: str, trusted: str) -> str:
    """Addresses and mentions that we did not put in."""
    plain = unmasked(whole)
    if any(found[0].rstrip(".,:;!?") not in trusted for found in _URL.finditer(plain)):
        return "it holds an address"
    if any(found[0] not in trusted for found in _MENTION.finditer(plain)):
        return "it mentions somebody"
    return ""


def _ruled_out(text: CustomerText, trusted: Iterable[str]) -> str:
    """What the rules say of the text less what we put in ourselves."""
    plain = unmasked(f"{text.title}\n{text.body}")
    for own in sorted(trusted, key=len, reverse=True):
        plain = plain.replace(own, "…") if len(own) >= 2 else plain
    return next((why for rule, why in _RULES if rule.search(plain)), "")


def _naming(whole: str, internal: Iterable[str]) -> str:
    said = f" {' '.join(_words(whole))} "
    names = (" ".join(_words(name)) for name in internal)
    return "it holds an internal name" if any(n and f" {n} " in said for n in names) else ""


def _echoes(whole: str, untrusted: Iterable[str]) -> bool:
    said = _runs(whole)
    return bool(said) and any(not said.isdisjoint(_runs(text)) for text in untrusted)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _words(unmasked(text))
    return {tuple(words[n : n + ECHO_WORDS]) for n in range(len(words) - ECHO_WORDS + 1)}


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


# What stays inside

_IMAGE = re.compile(r"!\[([^\]\n]{0,300})\]\([^)\n]{0,2000}\)")
_LINK = re.compile(
    r"\[([^\]\n]{0,300})\]\([^)\n]{0,2000}\)|<(https?://[^>|\s]{1,2000})\|([^>\n]{0,300})>"
)
_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}://|www\d?\.)[^\s<>\"')\]]{1,2000}", re.IGNORECASE
)
_BROADCAST = re.compile(r"<!?@?(?:subteam\^)?([\w-]{1,80})(?:\|[^>\n]{0,80})?>|@(?=\w)")
GONE = "(address left out)"


def safe_inside(text: str, *, trusted: Iterable[str], longest: int) -> str:
    """``text`` for colleagues: addresses that we did not put in are left out, nobody is mentioned,
    at most ``longest`` characters.
    """
    allowed = frozenset(trusted)
    plain = _IMAGE.sub(r"\1", clean(text, lines=True))
    plain = _LINK.sub(lambda link: link[1] or link[3] or "", plain)
    plain = _ADDRESS.sub(lambda a: a[0] if a[0].rstrip(".,;:") in allowed else GONE, plain)
    return clean(_BROADCAST.sub(lambda m: m[1] or "", plain), lines=True)[:longest]
