"""The company's code: what was committed when, and who owns what.

What belongs here: commits as a function of repository and time, and CODEOWNERS texts. What does
not: GitHub's wire (`github.py`).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from incident_response.sandbox.company import Company, Person, Service
from incident_response.sandbox.vendors.world import wobble

_SLOT = 75 * 60  # seconds; one commit in each, so that any last two hours hold one
_HISTORY = 30 * 86400.0

# What was changed, and the one file it was changed in.
_CHANGES = {
    "checkout-api": (
        (
            "Raise PSP client timeout to 3 s\n\nThe gateway's p99 moved last week.",
            "src/clients/psp.py",
        ),
        ("Shrink the database pool per pod from 60 to 40", "deploy/values.yaml"),
        ("Reserve stock before authorising the payment", "src/handlers/checkout.py"),
        ("Index orders by basket", "migrations/0042_orders_by_basket.sql"),
        ("Retry authorisations once on a dropped connection", "src/clients/psp.py"),
    ),
    "search-api": (
        ("Route suggestions to the new ranking model", "src/ranking/route.py"),
        ("Rebalance shard products-3", "deploy/values.yaml"),
        ("Drop the unused facets cache", "src/facets.py"),
    ),
    "billing-worker": (
        ("Settle invoices in batches of 200", "src/settle.py"),
        ("Log the invoice id when settlement fails", "src/settle.py"),
    ),
    "edge-gateway": (
        ("Lower upstream idle timeout to 30 s", "deploy/values.yaml"),
        ("Describe how to rotate the edge certificates", "README.md"),
        ("Send X-Request-Id to every upstream", "src/filters/request_id.lua"),
    ),
}
_OTHER_CHANGES = (("Update dependencies", "requirements.txt"),)


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit on the default branch; `at` is epoch seconds, `path` the one path it touched."""

    sha: str
    parent: str
    at: float
    author: Person
    message: str
    path: str


def commits(company: Company, service: Service, *, until: float) -> Iterator[Commit]:
    """Yield the repository's commits not later than `until`, newest first, 30 days deep."""
    authors = [p for p in company.members(service.team) if not (p.deleted or p.is_bot)]
    changes = _CHANGES.get(service.name, _OTHER_CHANGES)
    for slot in range(int(until // _SLOT), int((until - _HISTORY) // _SLOT), -1):
        at = float(int((slot + wobble(service.repo, slot)) * _SLOT))
        if at <= until:
            message, path = changes[slot % len(changes)]
            yield Commit(
                sha=_sha(service, slot),
                parent=_sha(service, slot - 1),
                at=at,
                author=authors[int(wobble(service.repo, slot, "author") * len(authors))],
                message=message,
                path=path,
            )


def codeowners(company: Company, service: Service) -> tuple[str, str] | None:
    """Return path and text of the repository's CODEOWNERS; None: it has none."""
    if service.telemetry is None:
        return None
    org = service.repo.partition("/")[0]
    lead = next(p for p in company.members(service.team) if not p.deleted)
    text = (
        f"# Owners of {service.repo}; the last matching pattern wins.\n"
        f"*                    @{org}/{service.team}\n"
        f"/deploy/             @{org}/platform @{org}/{service.team}\n"
        f"/migrations/         @{lead.handle} {lead.email}\n"
        f"*.md\n"
    )
    path = "CODEOWNERS" if service.team == "discovery" else ".github/CODEOWNERS"
    return path, text


def _sha(service: Service, slot: int) -> str:
    return hashlib.blake2b(f"{service.repo}|{slot}".encode(), digest_size=20).hexdigest()
