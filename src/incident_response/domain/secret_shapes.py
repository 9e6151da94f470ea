"""What the secrets of the usual vendors look like: shapes that mean a secret wherever they stand.

Every quantifier is bounded. Not here: secrets told by the name before them, and everything that
is private without being a secret (leaks).
"""

import re

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

PEM = re.compile(
    r"-----BEGIN [^-\n]{2,60}-----(?:(?!-----END )[\s\S]){0,20000}(?:-----END [^-\n]{2,60}-----)?"
)
"""A key or certificate; one whose end is cut off reaches as far as a key can."""

WEBHOOK = re.compile(
    r"(?:hooks\.slack\.com/(?:services|workflows|triggers)"
    r"|discord(?:app)?\.com/api/webhooks"
    r"|[\w-]{1,63}\.webhook\.office\.com/webhookb2)/(?P<v>[\w/@-]{8,400})"
)
"""Addresses that let anybody post who knows them."""

_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_HEX = re.compile(r"[0-9a-fA-F]*")


def aws_secrets(text: str) -> list[tuple[int, int]]:
    """Where AWS secret keys stand: 40 characters of base64 that are no hexadecimal digest."""
    return [m.span() for m in _AWS_SECRET.finditer(text) if _is_mixed(m[0])]


def _is_mixed(word: str) -> bool:
    if _HEX.fullmatch(word):
        return False
    kinds = (str.isupper, str.islower, str.isdigit)
    return all(any(kind(c) for c in word) for kind in kinds)
