"""A process from start to signal: the event loop, Ctrl-C, and errors told in one line.

Not here: what any process does.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable

import structlog
from pydantic import ValidationError

from incident_response.domain.errors import IncidentResponseError
from incident_response.durable.failures import innermost

try:
    import uvloop
except ImportError:  # a platform without it has its own loop
    new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    new_event_loop = uvloop.new_event_loop

Life = Callable[[asyncio.Event], Awaitable[int]]
"""What a process does until the event is set; its exit code."""

log = structlog.get_logger(__name__)


def live(life: Life) -> int:
    """Run ``life`` until it ends or a signal asks it to; 1 and one line if it cannot go on.

    The first SIGINT or SIGTERM asks it to stop, the second ends it at once.
    """
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(_until_signalled(life))
    except Exception as error:  # noqa: BLE001 - the outermost edge: whatever it is, it is told here
        return _tell(innermost(error))
    except KeyboardInterrupt:
        return 130


async def _until_signalled(life: Life) -> int:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def ask() -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, ask)
    return await life(stop)


def _tell(error: BaseException) -> int:
    if isinstance(error, (IncidentResponseError, OSError)):
        sys.stderr.write(f"incident-response: {error}\n")
    elif isinstance(error, ValidationError):
        sys.stderr.write(f"incident-response: a setting is wrong:\n{_problems(error)}\n")
    else:
        log.error("broke", exc_info=error)
    return 1


def _problems(error: ValidationError) -> str:
    return "\n".join(
        f"  {'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()
    )
