"""The page that customers read.

Only the approval gate (``workflows.approval_gate``, ``workflows.publishing``) and adapters may
import this: nothing else can reach a customer. Reading it for people goes through
``ports.page_board``. Not here: any product.
"""

from dataclasses import dataclass
from typing import Protocol

from incident_response.domain.approval import ApprovedDraft


@dataclass(frozen=True, slots=True)
class Publication:
    """A message as it stands on the page."""

    page_incident_id: str
    url: str = ""


class StatusPage(Protocol):
    """Publishes what was approved, and finds it again."""

    async def publish(self, approved: ApprovedDraft) -> Publication:
        """Send it once, with ``approved.key`` as its mark; never retried inside.

        Raises ``UnknownOutcomeError`` if it may be on the page: then only ``find`` may follow.
        ``RateLimitedError``, ``UnavailableError``, ``RefusedError`` and ``NotFoundError`` mean
        that it is not.
        """
        ...

    async def find(self, approved: ApprovedDraft) -> Publication | None:
        """The message with this mark, if the page has it; the oldest if there are several."""
        ...
