"""A secret store that can be slow, broken and counted. Not here: keeping anything safe."""

import asyncio

from incident_response.domain.errors import NotFoundError
from incident_response.ports.secret_store import SecretVersions


class FakeSecretStore:
    """``ports.secret_store.SecretStore`` in memory."""

    def __init__(self, **secrets: SecretVersions) -> None:
        self.secrets = secrets
        self.reads = 0
        self.failure: Exception | None = None
        """What a read raises, if anything."""
        self.gate = asyncio.Event()
        """A read waits for this."""
        self.gate.set()

    async def read(self, name: str) -> SecretVersions:
        """Counts, waits, fails or tells."""
        self.reads += 1
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        if name not in self.secrets:
            raise NotFoundError(f"there is no secret {name!r}")
        return self.secrets[name]
