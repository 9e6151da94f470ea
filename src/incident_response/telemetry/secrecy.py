"""The values that must never be read anywhere: blotted out of every log line and span.

The last of three guards. The first is that secrets are ``SecretStr`` and say ``**********`` of
themselves; the second that spans and metrics take only what is named. This one catches what a
library or an error's text lets through. Not here: what looks like a secret without being one of
ours (``domain.secret_shapes``).
"""

import json
import re
from urllib.parse import quote

SHORTEST = 8
"""Characters; a shorter value could be part of ordinary words and is not blotted out."""
BLOT = "[secret]"

_known: set[str] = set()
_pattern: re.Pattern[str] | None = None


def conceal(*secrets: str) -> None:
    """From now on none of these values is logged or traced by this process."""
    global _pattern
    forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
    if forms <= _known:
        return
    _known.update(forms)
    longest_first = sorted(_known, key=len, reverse=True)
    _pattern = re.compile("|".join(map(re.escape, longest_first)))


def blotted(text: str) -> str:
    """``text`` without any value that was given to ``conceal``."""
    return text if _pattern is None else _pattern.sub(BLOT, text)


def _forms(secret: str) -> set[str]:
    """As it stands, in a Python literal, either of them inside JSON, in an address."""
    plain = {secret, repr(secret)[1:-1]}
    return plain | {json.dumps(form)[1:-1] for form in plain} | {quote(secret, safe="")}
