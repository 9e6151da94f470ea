"""What is known of the status page before it is needed: its components, its name, its reach.

A form and a draft cannot wait for it: the page takes one request a second, which belongs to
messages. Not here: what is published there (publishing).
"""

import structlog

from incident_response.domain.draft import Component
from incident_response.domain.errors import IncidentResponseError
from incident_response.ports.clock import Clock
from incident_response.ports.page_board import PageBoard, PageInfo

LEARN_SECONDS = 900.0
LEARN_AGAIN_SECONDS = 30.0

log = structlog.get_logger(__name__)


class KnownPage:
    """As last read; empty until then, and where no page is connected."""

    def __init__(self, *, page_board: PageBoard | None, clock: Clock) -> None:
        self._page_board = page_board
        self._clock = clock
        self.components: tuple[Component, ...] = ()
        self.info: PageInfo | None = None
        self.subscribers: int | None = None

    @property
    def is_connected(self) -> bool:
        """Whether there is one."""
        return self._page_board is not None

    async def keep_learned(self) -> None:
        """Read the page at start and every quarter of an hour.

        Runs until cancelled; while the page does not answer, what was known stays.
        """
        while self._page_board is not None:
            await self._clock.sleep(await self.learn())

    async def learn(self) -> float:
        """Read it once; the seconds until it should be read again."""
        try:
            if self._page_board is not None:
                self.components = await self._page_board.components()
                self.info = await self._page_board.about()
                self.subscribers = await self._page_board.subscribers()
        except IncidentResponseError as error:
            log.warning("page not learned", reason=str(error))
            return LEARN_AGAIN_SECONDS
        return LEARN_SECONDS
