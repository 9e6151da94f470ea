"""Finds words that mix letters of several alphabets: with a Cyrillic *a* in it, ``paypal`` looks
like itself and is another word.

Shown to whoever approves; nothing is refused for it. Not here: invisible characters, which never
get into a message (domain.plain_text).
"""

import re
import unicodedata

ALIKE = frozenset(
    {"LATIN", "CYRILLIC", "GREEK", "COPTIC", "ARMENIAN", "CHEROKEE", "FULLWIDTH", "MATHEMATICAL"}
)
"""Alphabets with letters that look the same; the first word of a letter's Unicode name."""
_WORD = re.compile(r"[^\W\d_]+")


def mixed_words(text: str) -> tuple[str, ...]:
    """The words of ``text`` whose letters come from more than one of ``ALIKE``, each once."""
    found = (word for word in _WORD.findall(text) if len(_alphabets(word)) > 1)
    return tuple(dict.fromkeys(found))


def _alphabets(word: str) -> set[str]:
    names = (unicodedata.name(letter, "").partition(" ")[0] for letter in word)
    return {name for name in names if name in ALIKE}
