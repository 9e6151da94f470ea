"""What secrets look like: the usual vendors' tokens, and values told by the name before them.

Every quantifier is bounded. Not here: what is private without being a secret (private_shapes).
"""

import re
from collections.abc import Iterator

from incident_response.domain.private_shapes import Span, spans_of

_ANYWHERE = (
    r"xox[a-z](?:\.xox[a-z])?-[\w-]{6,300}",  # Slack
    r"xapp-\d-[\w-]{6,300}",
    r"gh[pousr]_[A-Za-z0-9]{16,255}",  # GitHub
    r"github_pat_\w{16,255}",
    r"glpat-[\w-]{16,255}",  # GitLab
    r"glsa_\w{16,500}",  # Grafana
    r"lin_(?:api|oauth|wh)_\w{10,255}",  # Linear
    r"sk-ant-[\w-]{4,300}",  # Anthropic
    r"(?:sk|rk|pk)_(?:live|test)_\w{8,255}",  # Stripe
    r"GOCSPX-[\w-]{20,60}",  # Google
    r"AGE-SECRET-KEY-1[A-Z0-9]{20,80}",
)
"""Marks that are like nothing else, also in the middle of a word."""

_AT_A_START = (
    r"(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{12,124}",  # AWS: ids, then session tokens
    r"(?:FwoGZXIvYXdz|IQoJb3JpZ2lu|FQoGZXIvYXdz)[A-Za-z0-9/+=]{20,2000}",
    r"eyJ[\w-]{8,4000}\.[\w-]{4,8000}(?:\.[\w-]{0,2000})?",  # JWT
    r"gl(?:ptt|dt|rt|soat|cbt)-[\w-]{16,255}",  # GitLab
    r"glc_[\w+/=]{16,500}",  # Grafana
    r"sk-[\w-]{12,300}",  # OpenAI and others
    r"whsec_[\w+/=]{16,255}",
    r"sk_[A-Za-z0-9]{20,255}",  # WorkOS
    r"[uy][+_][A-Za-z0-9_-]{18}(?![\w-])",  # PagerDuty
    r"pdus\+[\w-]{16,255}",
    r"pub[0-9a-f]{32}(?!\w)",  # Datadog's client tokens; its other keys are told by their names
    r"dd(?:api|app|p|w)_[A-Za-z0-9]{20,255}",
    r"npm_[A-Za-z0-9]{30,255}",
    r"pypi-[\w-]{16,500}",
    r"AIza[\w-]{30,60}",  # Google
    r"ya29\.[\w.-]{20,500}",
    r"SG\.[\w-]{16,64}\.[\w-]{16,128}",  # SendGrid
    r"(?:SK|AC)[0-9a-f]{32}(?!\w)",  # Twilio
    r"hv[sbr]\.[\w-]{20,300}",  # Vault
    r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,100}",  # Terraform
    r"do[opr]_v1_[0-9a-f]{64}",  # DigitalOcean
    r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",  # Shopify
    r"NRAK-[A-Z0-9]{27}",  # New Relic
    r"dapi[0-9a-f]{32}(?!\w)",  # Databricks
    r"dckr_(?:pat|oat)_[\w-]{20,100}",  # Docker
    r"hf_[A-Za-z0-9]{30,60}",
    r"ATATT3[\w=-]{20,400}",  # Atlassian
    r"sntry[su]_[\w+/=-]{20,400}",  # Sentry
)
"""Marks that ordinary words may hold, too."""

VENDOR_TOKEN = re.compile(
    "|".join(_ANYWHERE) + "|(?<![A-Za-z0-9])(?:" + "|".join(_AT_A_START) + ")"
)
"""Tokens that begin with their vendor's mark."""

_PEM = re.compile(
    r"-----BEGIN [^-\n]{2,60}-----(?:(?!-----END )[\s\S]){0,20000}(?:-----END [^-\n]{2,60}-----)?"
)
"""A key or certificate; one whose end is cut off reaches as far as a key can."""

_WEBHOOK = re.compile(
    r"(?:hooks\.slack\.com/(?:services|workflows|triggers)"
    r"|discord(?:app)?\.com/api/webhooks"
    r"|[\w-]{1,63}\.webhook\.office\.com/webhookb2)/(?P<v>[\w/@-]{8,400})"
)
"""Addresses that let anybody post who knows them."""

_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_HEX = re.compile(r"[0-9a-fA-F]*")


def _aws_secrets(text: str) -> Iterator[Span]:
    """Where AWS secret keys stand: 40 characters of base64 that are no hexadecimal digest."""
    return (m.span() for m in _AWS_SECRET.finditer(text) if _is_mixed(m[0]))


def _is_mixed(word: str) -> bool:
    if _HEX.fullmatch(word):
        return False
    kinds = (str.isupper, str.islower, str.isdigit)
    return all(any(kind(c) for c in word) for kind in kinds)


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


SECRETS = (
    spans_of(_PEM, needs="-----BEGIN "),
    spans_of(VENDOR_TOKEN),
    spans_of(_WEBHOOK),
    _aws_secrets,
    _named_secrets,
    spans_of(_COOKIE),
    spans_of(_USERINFO, needs="://"),
)
"""Everything that finds secrets."""
