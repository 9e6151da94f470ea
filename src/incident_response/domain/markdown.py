"""Markdown out of untrusted text: it shows itself, and nothing in it takes effect.

No image, no HTML, no mention; a link only where one was meant, and then to exactly its http or
https address. What is written here reads the same in Linear, GitHub and a terminal. Not here:
what is said (postmortem), Slack's own mrkdwn (blocks.text).
"""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from incident_response.domain.plain_text import clean

_WORD_JOINER = "\u2060"
"""Invisible and unbreakable: parts an address or a name from what would make it a link."""
_ACTIVE = re.compile(r"[\\`*_\[\]<>|~&$^]")
"""What has an effect inside a line; CommonMark takes a backslash before each of them."""
_LINKED = re.compile(r":(?=//)|[@#](?=\w)|(?<=\w)\.(?=[^\W\d_])")
"""Where bare addresses, ``@name`` and ``#1`` are broken, since many readers link them."""
_BLOCK_START = re.compile(r"^(?:[#+=-]|:(?=:)|(\d{1,9})(?=[.)]))")
"""What begins a heading, a list, a line or a directive at the start of a line."""
_LONGEST_URL = 3_000
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")
_UNFIT_FOR_URL = re.compile(r"[\s\\\x00-\x20\x7f]")
_TICKS = re.compile(r"`+")


def escape(text: str) -> str:
    """Untrusted text as one line that shows itself."""
    line = _LINKED.sub(lambda mark: mark[0] + _WORD_JOINER, clean(text))
    return _inert_start(_ACTIVE.sub(lambda mark: f"\\{mark[0]}", line))


def paragraphs(text: str) -> str:
    """Untrusted text with its paragraphs; a single line break is kept as one."""
    blocks = clean(text, lines=True).split("\n\n")
    shown = ("  \n".join(filter(None, map(escape, block.split("\n")))) for block in blocks)
    return "\n\n".join(filter(None, shown))


def bullets(lines: Iterable[str]) -> str:
    """Finished lines as a list."""
    return "\n".join(f"- {line}" for line in lines)


def quote(text: str) -> str:
    """Untrusted text with its lines, as a quotation."""
    lines = (escape(line) for line in clean(text, lines=True).split("\n"))
    return "\n".join(f"> {line}".rstrip() for line in lines)


def fenced(lines: Sequence[str]) -> str:
    """Untrusted lines in a box that nothing inside can end."""
    content = [clean(line) for line in lines]
    longest = max((len(run) for line in content for run in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((f"{fence}text", *content, fence))


def link(url: str, label: str) -> str:
    """A link to exactly ``url``; only the label where that is no http or https address."""
    shown = escape(label)
    address = web_address(url)
    return f"[{shown or escape(address)}](<{address}>)" if address else shown


def web_address(url: str) -> str:
    """``url`` if it is an http or https address with a clear host, else empty; what would end a
    link early is percent-encoded.
    """
    if len(url) > _LONGEST_URL or _UNFIT_FOR_URL.search(url) or clean(url) != url:
        return ""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        parts.port  # noqa: B018 - reading it is what checks it
    except (UnicodeError, ValueError):
        return ""
    if parts.scheme not in ("http", "https") or _HOST.fullmatch(host) is None:
        return ""
    return url.replace("<", "%3C").replace(">", "%3E").replace("`", "%60")


def _inert_start(line: str) -> str:
    return _BLOCK_START.sub(lambda start: f"{start[1]}\\" if start[1] else f"\\{start[0]}", line)
