"""Who may send alerts: three schemes, each a pure check of bytes against the keys in force.

Every key is tried, each in constant time, and the answer does not tell which part of a request was
wrong. Not here: where keys come from (``ports.secret_store``), the HTTP answer.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

Headers = Sequence[tuple[bytes, bytes]]
"""Header lines as they came, in order, duplicates and letter case kept."""

_HEX_SHA256 = re.compile(rb"[0-9a-fA-F]{64}")
# Not int(): that takes signs, spaces, underscores and the digits of every script; float() takes
# NaN, which is outside no window.
_UNIX_SECONDS = re.compile(rb"[0-9]{10}")
_BEARER = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +([\x21-\x7e]+)")


class Verdict(StrEnum):
    """What became of a check; everything but ``AUTHENTIC`` is answered alike."""

    AUTHENTIC = "authentic"
    MISSING = "missing"
    """No credential, or more than one of a kind."""
    MALFORMED = "malformed"
    STALE = "stale"
    """Rightly signed, and outside the time window."""
    MISMATCH = "mismatch"
    """Well-formed, and made with none of the keys: the keys may have been rotated."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a check may look at."""

    headers: Headers
    body: bytes = b""
    received_at: datetime | None = None
    """Needed where the scheme signs a time."""

    def sole(self, name: str) -> bytes | None:
        """The value of the header ``name`` without spaces around it; None unless it came once."""
        wanted = name.lower().encode()
        values = [value for key, value in self.headers if key.lower() == wanted]
        return values[0].strip(b" \t") if len(values) == 1 else None


class Authenticator(Protocol):
    """One scheme."""

    def check(self, request: SignedRequest, keys: Sequence[bytes]) -> Verdict:
        """Whether ``request`` was made by somebody who has one of ``keys``. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class BodyHmac:
    """Hex HMAC-SHA256 over the raw body: what a signing proxy or a drill sends."""

    header: str = "X-Grafana-OnCall-Signature"

    def check(self, request: SignedRequest, keys: Sequence[bytes]) -> Verdict:
        """See ``Authenticator``; nothing here limits how long a captured request is good for."""
        signature = request.sole(self.header)
        if signature is None:
            return Verdict.MISSING
        return _check_hex(signature, request.body, keys)


@dataclass(frozen=True, slots=True)
class TimestampedHmac:
    """Hex HMAC-SHA256 over ``timestamp:body`` with a window: Grafana Alerting's contact point."""

    header: str = "X-Grafana-Alerting-Signature"
    timestamp_header: str = "X-Grafana-Alerting-Timestamp"
    window: timedelta = timedelta(seconds=300)
    """How far the sender's clock may be off, either way, the ends included."""

    def check(self, request: SignedRequest, keys: Sequence[bytes]) -> Verdict:
        """See ``Authenticator``. A request that names no ``received_at`` is stale."""
        signature, timestamp = request.sole(self.header), request.sole(self.timestamp_header)
        if signature is None or timestamp is None:
            return Verdict.MISSING
        if not _UNIX_SECONDS.fullmatch(timestamp):
            return Verdict.MALFORMED
        verdict = _check_hex(signature, timestamp + b":" + request.body, keys)
        if verdict is Verdict.AUTHENTIC and not self._is_fresh(timestamp, request.received_at):
            return Verdict.STALE
        return verdict

    def _is_fresh(self, timestamp: bytes, now: datetime | None) -> bool:
        return now is not None and (
            abs(now.timestamp() - int(timestamp)) <= self.window.total_seconds()
        )


@dataclass(frozen=True, slots=True)
class BearerToken:
    """``Authorization: Bearer <key>``: what OnCall and Alertmanager themselves can send."""

    header: str = "Authorization"

    def check(self, request: SignedRequest, keys: Sequence[bytes]) -> Verdict:
        """See ``Authenticator``; tokens are compared by digest, so their length is not told."""
        value = request.sole(self.header)
        if value is None:
            return Verdict.MISSING
        token = _BEARER.fullmatch(value)
        if token is None:
            return Verdict.MALFORMED
        given = hashlib.sha256(token[1]).digest()
        return _any_equal(given, [hashlib.sha256(key).digest() for key in keys if key])


@dataclass(frozen=True, slots=True)
class AnyScheme:
    """Any one of several schemes, for a sender that cannot be made to use one."""

    schemes: tuple[Authenticator, ...]

    def check(self, request: SignedRequest, keys: Sequence[bytes]) -> Verdict:
        """See ``Authenticator``; all are tried, and the verdict that came nearest counts."""
        verdicts = {scheme.check(request, keys) for scheme in self.schemes}
        nearest = (Verdict.AUTHENTIC, Verdict.STALE, Verdict.MISMATCH, Verdict.MALFORMED)
        return next((verdict for verdict in nearest if verdict in verdicts), Verdict.MISSING)


def _check_hex(signature: bytes, message: bytes, keys: Sequence[bytes]) -> Verdict:
    if not _HEX_SHA256.fullmatch(signature):
        return Verdict.MALFORMED
    given = bytes.fromhex(signature.decode("ascii"))
    # An empty key is no key: anybody can sign with it.
    return _any_equal(given, [hmac.digest(key, message, "sha256") for key in keys if key])


def _any_equal(given: bytes, expected: Sequence[bytes]) -> Verdict:
    """Compares with all of them before it says anything."""
    matches = [hmac.compare_digest(given, one) for one in expected]
    return Verdict.AUTHENTIC if any(matches) else Verdict.MISMATCH
