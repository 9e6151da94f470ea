"""Text with its disguises taken off, so that a secret is seen however it is written.

Full-width digits, invisible characters, percent-encoding, JSON escapes and HTML entities all read
as what they stand for. Not here: what a secret looks like (leaks).
"""

import html
import re
import unicodedata

_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2}){1,2000}")
_UNICODE_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_SHORT_ESCAPE = re.compile(r"\\+([\"'/nrt])")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,24});")
_LINE_ENDS = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_SHORT = {"n": "\n", "r": "\n", "t": "\t"}
_ROUNDS = 2
"""How often encodings are undone: ``%2540`` is an at sign encoded twice."""
_LOOKALIKES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58"), "-")
_LOOKALIKES |= dict.fromkeys(map(ord, "\u3002\u2024\u00b7\u2219"), ".")
_LOOKALIKES |= {ord("\u2236"): ":", ord("\ua789"): ":", ord("\u2044"): "/", ord("\u2215"): "/"}


def unmasked(text: str) -> str:
    """``text`` in plain characters, encodings undone; ordinary text comes back as it was."""
    for _ in range(_ROUNDS):
        text = _decoded(text)
    return _plain(text)


def _decoded(text: str) -> str:
    """One layer of encoding less; what stands for no text is kept."""
    if "&" in text:
        text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    if "%" in text:
        text = _PERCENT.sub(_percent_decoded, text)
    if "\\" in text:
        text = _UNICODE_ESCAPE.sub(_character, text)
        text = _SHORT_ESCAPE.sub(lambda found: _SHORT.get(found[1], found[1]), text)
    return text


def _character(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character.isprintable() else found[0]


def _percent_decoded(found: re.Match[str]) -> str:
    try:
        text = bytes.fromhex(found[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return found[0]
    return text if all(c.isprintable() or c in "\r\n\t" for c in text) else found[0]


def _plain(text: str) -> str:
    if text.isascii():
        return _LINE_ENDS.sub("\n", text)
    composed = _LINE_ENDS.sub("\n", unicodedata.normalize("NFKC", text)).translate(_LOOKALIKES)
    return composed.translate({ord(c): _seen(c) for c in set(composed) if not c.isascii()})


def _seen(character: str) -> str | None:
    """The character as a reader sees it: a digit of any script in ASCII, nothing for one that
    shows nothing.
    """
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    category = unicodedata.category(character)
    if category in ("Cf", "Cc", "Cs", "Co", "Cn") or character in "\u034f\u3164\u115f\u1160":
        return None
    return " " if category == "Zs" else character
