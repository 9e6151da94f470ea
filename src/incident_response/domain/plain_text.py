"""Text as people read it: without characters that show nothing or change what stands around them.

Not here: any markup, and what a text is cut to.
"""

import re
import unicodedata

_KEPT_FORMATS = frozenset("\u200c\u200d")
"""The two joiners that scripts and emoji need; every other format character is dropped."""
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co"})
"""Control, format (bidirectional overrides, zero-width), lone surrogates, private use."""
_LINE_ENDS = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANK_LINES = re.compile(r"\n{3,}")


def clean(text: str, *, lines: bool = False) -> str:
    """``text`` without control, bidirectional and other invisible characters.

    One line with single spaces, or with ``lines`` its own lines (at most one blank in a row).
    """
    if text.isprintable():  # one line of nothing else, as nearly every text is
        return text.rstrip() if lines else " ".join(text.split())
    unified = _LINE_ENDS.sub("\n", text)
    kept = unified.translate({ord(c): None for c in set(unified) if not _is_kept(c)})
    if not lines:
        return " ".join(kept.split())
    trimmed = "\n".join(line.rstrip() for line in kept.split("\n"))
    return _BLANK_LINES.sub("\n\n", trimmed).strip("\n")


def composed(text: str) -> str:
    """``text`` cleaned, its lines kept, in Unicode's composed form (NFC): what looks the same is
    the same, byte for byte.

    Doing it again changes nothing.
    """
    return clean(unicodedata.normalize("NFC", clean(text, lines=True)), lines=True)


def _is_kept(character: str) -> bool:
    if character in "\n\t" or character in _KEPT_FORMATS:
        return True
    return unicodedata.category(character) not in _DROPPED
