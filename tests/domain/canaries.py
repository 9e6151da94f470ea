"""Two thousand things that must not leave, each in a line as one finds them, from a fixed seed."""

import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

from incident_response.domain.known_names import KnownNames
from incident_response.domain.leaks import LeakKind

SEED = 20261121
NAMES = (
    "Maya Okafor", "José Álvarez", "Anne-Marie O'Neill", "Will Grace", "Łukasz Wójcik",
    "Priya Raghunathan", "Søren Kjær", "Chloe Nguyen", "Dmitri Volkov", "Aoife Byrne",
)  # fmt: skip
KNOWN = KnownNames(people=frozenset(NAMES))
WIDE = {ord(c): ord(c) + 0xFEE0 for c in string.digits + "@.:/-" + string.ascii_letters}
ARABIC = {ord("0") + n: 0x0660 + n for n in range(10)}


@dataclass(frozen=True)
class Canary:
    """``core`` is what nobody outside may read; ``line`` is how it lies in the material."""

    kind: LeakKind
    maker: str
    core: str
    line: str


def canaries(number: int, seed: int = SEED) -> Iterator[Canary]:
    """The makers in turn, each thing in the next carrier that suits it."""
    rng = Random(seed)
    for n in range(number):
        make = MAKERS[n % len(MAKERS)]
        kind, core, said = make(rng)
        carrier = rng.choice(CARRIERS)
        line = carrier(rng, said) if "\n" not in said and said == core else f"note: {said} (seen)"
        yield Canary(kind, make.__name__, core, line)


# Things

Made = tuple[LeakKind, str, str]


def _text(rng: Random, length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(rng.choice(alphabet) for _ in range(length))


def _mixed(rng: Random, length: int) -> str:
    """Letters of both cases and digits, as secrets have them."""
    return f"{rng.choice('abcdefghjk')}{rng.choice('QRSTUVW')}{rng.randrange(10)}" + _text(
        rng, length - 3
    )


def _plain(kind: LeakKind, core: str) -> Made:
    return kind, core, core


def slack_token(rng: Random) -> Made:
    kind = rng.choice(("xoxb", "xoxp", "xoxa", "xoxr", "xoxs"))
    number = rng.randrange(10**10, 10**12)
    return _plain(LeakKind.SECRET, f"{kind}-{number}-{number + 7}-{_mixed(rng, 24)}")


def slack_app_token(rng: Random) -> Made:
    core = f"xapp-1-A{_text(rng, 10, string.ascii_uppercase)}-{rng.randrange(10**12)}-"
    return _plain(LeakKind.SECRET, core + _text(rng, 40, "0123456789abcdef"))


def aws_key_id(rng: Random) -> Made:
    alphabet = string.ascii_uppercase + "234567"
    return _plain(LeakKind.SECRET, rng.choice(("AKIA", "ASIA")) + _text(rng, 16, alphabet))


def aws_secret(rng: Random) -> Made:
    alphabet = string.ascii_letters + string.digits + "/+"
    return _plain(LeakKind.SECRET, "aB3" + _text(rng, 37, alphabet))


def jwt(rng: Random) -> Made:
    return _plain(LeakKind.SECRET, f"eyJ{_mixed(rng, 24)}.eyJ{_mixed(rng, 40)}.{_mixed(rng, 43)}")


def github_token(rng: Random) -> Made:
    short = f"{rng.choice(('ghp', 'gho', 'ghs'))}_{_mixed(rng, 36)}"
    return _plain(
        LeakKind.SECRET, rng.choice((short, f"github_pat_{_mixed(rng, 22)}_{_mixed(rng, 59)}"))
    )


def grafana_token(rng: Random) -> Made:
    return _plain(LeakKind.SECRET, f"glsa_{_mixed(rng, 32)}_{_text(rng, 8, '0123456789abcdef')}")


def linear_key(rng: Random) -> Made:
    return _plain(LeakKind.SECRET, f"lin_api_{_mixed(rng, 40)}")


def anthropic_key(rng: Random) -> Made:
    return _plain(LeakKind.SECRET, f"sk-ant-api03-{_mixed(rng, 60)}-{_mixed(rng, 8)}AA")


def stripe_key(rng: Random) -> Made:
    return _plain(LeakKind.SECRET, f"{rng.choice(('sk', 'rk'))}_live_{_mixed(rng, 24)}")


def pagerduty_token(rng: Random) -> Made:
    return _plain(LeakKind.SECRET, f"u+{_mixed(rng, 18)}")


def datadog_key(rng: Random) -> Made:
    core = _text(rng, 32, "0123456789abcdef")
    name = rng.choice(("DD_API_KEY=", "dd-api-key: ", '"DD-APPLICATION-KEY": "', "api_key="))
    return LeakKind.SECRET, core, f"{name}{core}"


def pem(rng: Random) -> Made:
    body = [_mixed(rng, 64) for _ in range(4)]
    breaks = rng.choice(("\n", "\\n"))
    whole = breaks.join(
        ("-----BEGIN RSA PRIVATE KEY-----", *body, "-----END RSA PRIVATE KEY-----")
    )
    return LeakKind.SECRET, body[2], whole


def password(rng: Random) -> Made:
    core = _mixed(rng, 12)
    shape = rng.choice(
        (
            "password={}", "password: {}", 'DB_PASSWORD="{}"', "'secret': '{}'", "pwd={};",
            '{{\\"password\\":\\"{}\\"}}', "client_secret={}&grant_type=x", "--password {}",
            "SPRING_DATASOURCE_PASSWORD={}", "the password is {}", "secretKey => '{}'",
            "password:\n  {}", "curl -H 'X-Api-Key: {}'", "<secret={}>",
        )
    )  # fmt: skip
    return LeakKind.SECRET, core, shape.format(core)


def quoted_passphrase(rng: Random) -> Made:
    core = " ".join(_text(rng, 6, string.ascii_lowercase) for _ in range(4))
    return LeakKind.SECRET, core, f'"passphrase": "{core}"'


def userinfo(rng: Random) -> Made:
    core = _mixed(rng, 14)
    scheme = rng.choice(("postgres", "https", "amqp", "redis", "mongodb+srv"))
    user = rng.choice(("svc_orders", "root", ""))
    mark = rng.choice(("", "%40", "%2F", "@", "#"))
    said = f"{scheme}://{user}:{core}{mark}x@db.tidewater.example:5432/orders?sslmode=require"
    return LeakKind.SECRET, core, said


def bearer(rng: Random) -> Made:
    core = _mixed(rng, 32)
    shape = rng.choice(("Authorization: Bearer {}", "authorization=Basic {}==", "token {}"))
    return LeakKind.SECRET, core, shape.format(core)


def cookie(rng: Random) -> Made:
    core = _mixed(rng, 26)
    return LeakKind.SECRET, core, f"Cookie: theme=dark; sid={core}; lang=en"


def signed_url(rng: Random) -> Made:
    core = _text(rng, 64, "0123456789abcdef")
    said = f"https://files.tidewater.example/a.csv?X-Amz-Expires=60&X-Amz-Signature={core}"
    return LeakKind.SECRET, core, said


def slack_webhook(rng: Random) -> Made:
    core = f"T{_text(rng, 9)}/B{_text(rng, 9)}/{_mixed(rng, 24)}"
    return LeakKind.SECRET, core, f"https://hooks.slack.com/services/{core}"


def wrapped_token(rng: Random) -> Made:
    """A token that an e-mail or a terminal has cut in two."""
    first, second = f"xoxb-{rng.randrange(10**11, 10**12)}-{_mixed(rng, 10)}", _mixed(rng, 16)
    return LeakKind.SECRET, second, f"{first}\n{second} was used"


def arn(rng: Random) -> Made:
    core = f"arn:aws:iam::{rng.randrange(10**11, 10**12)}:role/{_text(rng, 8)}-deployer"
    return _plain(LeakKind.AWS_RESOURCE, core)


def aws_account(rng: Random) -> Made:
    core = str(rng.randrange(10**11, 10**12))
    shape = rng.choice(
        ("AWS account {}", "account_id={}", '"accountId": "{}"', "{}.dkr.ecr.us-east-1.x/y:1")
    )
    return LeakKind.ACCOUNT, core, shape.format(core)


def customer_id(rng: Random) -> Made:
    prefix = rng.choice(("acct", "cus", "cust"))
    return _plain(LeakKind.ACCOUNT, f"{prefix}_{_mixed(rng, 14)}")


def account_number(rng: Random) -> Made:
    core = str(rng.randrange(10**7, 10**9))
    shape = rng.choice(
        ("account {}", "customer_id={}", '"tenantId":{}', "Account No. {}", "user #{}", "org: {}")
    )
    return LeakKind.ACCOUNT, core, shape.format(core)


def email(rng: Random) -> Made:
    core = (
        f"{_text(rng, 7, string.ascii_lowercase)}.{_text(rng, 6, string.ascii_lowercase)}"
        f"{rng.choice(('', '+tag'))}"
        f"@{rng.choice(('tidewater.example', 'mail.acme.co.uk', 'x.io'))}"
    )
    return _plain(LeakKind.EMAIL, core)


def disguised_email(rng: Random) -> Made:
    _, core, _ = email(rng)
    disguise: Callable[[str], str] = rng.choice(
        (
            lambda t: t.translate(WIDE),
            lambda t: t.replace("@", "\u200b@\u200b"),
            lambda t: t.replace("@", "%40"),
            lambda t: t.replace("@", "%2540"),
            lambda t: t.replace("@", "&#64;"),
            lambda t: t.replace("@", "\\u0040"),
            lambda t: "\u00ad".join(t),
            lambda t: t.replace("@", "@\n"),
        )
    )
    return LeakKind.EMAIL, core, disguise(core)


def ipv4(rng: Random) -> Made:
    core = ".".join(str(rng.randrange(10, 250)) for _ in range(4))
    shape = rng.choice(("{}", "{}:8443", "[{}]", "{}/24", "peer={}", "({})", "db/{}:5432", "/{}"))
    return LeakKind.IP, core, shape.format(core)


def disguised_ipv4(rng: Random) -> Made:
    _, core, _ = ipv4(rng)
    disguise: Callable[[str], str] = rng.choice(
        (
            lambda t: t.translate(WIDE),
            lambda t: t.translate(ARABIC),
            lambda t: t.replace(".", "%2E"),
            lambda t: t.replace(".", "\u200d."),
            lambda t: t.replace(".", "\u3002"),
        )
    )
    return LeakKind.IP, core, f"from {disguise(core)} at noon"


def ipv6(rng: Random) -> Made:
    groups = [f"{rng.randrange(1, 65536):x}" for _ in range(8)]
    short = f"2001:db8:{groups[0]}::{groups[1]}"
    core = rng.choice((":".join([*groups[:7], "1"]), short, f"fe80::{groups[2]}:9{groups[3][:2]}"))
    return _plain(LeakKind.IP, core)


def internal_host(rng: Random) -> Made:
    name = f"{rng.choice(('db', 'redis', 'kafka'))}-{rng.randrange(100)}"
    core = rng.choice(
        (
            f"{name}.prod.internal", f"{name}.corp", f"{name}.lan", f"{name}.orders.local",
            f"orders-{name}.payments.svc.cluster.local", f"orders-{name}.payments.svc",
            f"ip-10-{rng.randrange(255)}-{rng.randrange(255)}-7.ec2.internal",
            f"ip-10-{rng.randrange(255)}-{rng.randrange(255)}-9",
            f"{name}.c9akciq32.us-east-1.rds.amazonaws.com",
        )
    )  # fmt: skip
    return _plain(LeakKind.HOST, core)


def card(rng: Random) -> Made:
    prefix = rng.choice(("4", "51", "55", "37", "6011", "2221"))
    length = 15 if prefix == "37" else 16
    digits = prefix + _text(rng, length - len(prefix) - 1, string.digits)
    total = sum(
        n - 9 if n > 9 else n
        for n in (int(d) * (2 - place % 2) for place, d in enumerate(reversed(digits)))
    )
    digits += str(-total % 10)
    separator = rng.choice(("", " ", "-"))
    core = separator.join(digits[n : n + 4] for n in range(0, len(digits), 4))
    return _plain(LeakKind.CARD, core)


def disguised_card(rng: Random) -> Made:
    _, core, _ = card(rng)
    core = "".join(c for c in core if c.isdigit())
    halves = f"{core[:4]} {core[4:8]}\n{core[8:12]} {core[12:]}"
    said = rng.choice((core.translate(WIDE), "\u200b".join(core), halves, core.translate(ARABIC)))
    return LeakKind.CARD, core, said


def phone(rng: Random) -> Made:
    n = _text(rng, 4, "23456789")
    core = rng.choice(
        (
            f"+44 20 79{n[:2]} {n}", f"+1 (415) 555-{n}", f"+49 151 2345{n}", f"(212) 555-{n}",
            f"415-555-{n}", f"+33 6 12 34 {n[:2]} {n[2:]}", f"0044 20 7946 {n}", f"020 7946 {n}",
        )
    )  # fmt: skip
    return _plain(LeakKind.PHONE, core)


def named_phone(rng: Random) -> Made:
    core = f"555{_text(rng, 7, string.digits)}"
    return LeakKind.PHONE, core, f"{rng.choice(('phone', 'mobile:', 'tel.', 'msisdn='))} {core}"


def person(rng: Random) -> Made:
    name = rng.choice(NAMES)
    first, _, last = name.partition(" ")
    core = rng.choice((name, name.upper(), f"{last}, {first}", name.lower().replace(" ", ".")))
    return _plain(LeakKind.PERSON, core)


def chat_user(rng: Random) -> Made:
    core = f"U0{_text(rng, 9, string.ascii_uppercase + string.digits)}"
    return LeakKind.PERSON, core, rng.choice((f"<@{core}>", core, f"<@{core}|maya>"))


MAKERS: tuple[Callable[[Random], Made], ...] = (
    slack_token, slack_app_token, aws_key_id, aws_secret, jwt, github_token, grafana_token,
    linear_key, anthropic_key, stripe_key, pagerduty_token, datadog_key, pem, password,
    quoted_passphrase, userinfo, bearer, cookie, signed_url, slack_webhook, wrapped_token, arn,
    aws_account, customer_id, account_number, email, disguised_email, ipv4, disguised_ipv4, ipv6,
    internal_host, card, disguised_card, phone, named_phone, person, chat_user,
)  # fmt: skip


# What they lie in

CARRIERS: tuple[Callable[[Random, str], str], ...] = (
    lambda r, t: (
        f"2026-11-21T07:{r.randrange(60):02}:40.123Z ERROR checkout-api request by {t}"
        " failed after 1203ms status=502"
    ),
    lambda r, t: f'{{"ts":"2026-11-21T07:41:40Z","level":"error","user":"{t}","took_ms":1203}}',
    lambda r, t: f'{{\\"who\\":\\"{t}\\",\\"trace_id\\":\\"4bf92f3577b34da6a3ce929d0e0e4736\\"}}',
    lambda r, t: f"GET https://api.tidewater.example/v1/orders?q={quote(t, safe='')}&page=2 502",
    lambda r, t: f"GET /v1/orders?q={t} HTTP/1.1",
    lambda r, t: f'  File "/srv/app/orders.py", line 88, in load\n    raise Failed({t!r})',
    lambda r, t: f"java.lang.IllegalStateException: no route for {t}\n\tat com.x.A.b(A.java:42)",
    lambda r, t: f"hey, can somebody look at {t}? it fails since 12:05",
    lambda r, t: f"| {t} | 14 % | p99 1.8 s |",
    lambda r, t: f"env:\n  - name: TARGET\n    value: {t}",
    lambda r, t: f"Warning  Failed  2m  kubelet  back-off for ({t})",
    lambda r, t: f"<li>{t}</li>",
    lambda r, t: f"caused by: {t};",
    lambda r, t: f"\x1b[31mERROR\x1b[0m {t}",
    lambda r, t: f"see {t}, then {t}.",
)
