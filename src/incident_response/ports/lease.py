"""Who may do the long work of an incident now. Not here: what the work is."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as it was taken."""

    name: str
    owner: str
    fence: int
    """Grows with every taking: a write under an older fence is refused."""


class LeaseStore(Protocol):
    """Gives each name to one owner at a time."""

    async def acquire(self, name: str, *, owner: str, ttl: timedelta) -> Lease | None:
        """The lease with a new fence, None while another owner holds it.

        An owner that holds it takes it anew.
        """
        ...

    async def renew(self, lease: Lease, *, ttl: timedelta) -> None:
        """Hold on for ``ttl`` from now. Raises ``LeaseLostError`` if it was taken over."""
        ...

    async def release(self, lease: Lease) -> None:
        """Let go; nothing happens if it was taken over."""
        ...
