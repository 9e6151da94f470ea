"""Where keys are kept, with the one before for the time of a rotation.

Not here: what they sign.
"""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SecretVersions:
    """The key in force and the one before it; never shown in a repr."""

    version: str
    current: bytes = field(repr=False)
    previous: bytes | None = field(default=None, repr=False)

    @property
    def accepted(self) -> tuple[bytes, ...]:
        """Every key that is valid now."""
        return (self.current,) if self.previous is None else (self.current, self.previous)


class SecretStore(Protocol):
    """Reads secrets by name."""

    async def read(self, name: str) -> SecretVersions:
        """Raises ``NotFoundError`` if there is none, ``UnavailableError`` if it cannot be read
        now.
        """
        ...
