"""Says in one line why a port cannot be listened on, and which setting or option to change.

Not here: listening itself.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from incident_response.domain.errors import InvalidConfigurationError


@contextmanager
def listening(host: str, port: int, *, setting: str) -> Iterator[None]:
    """Around what listens on ``host`` and ``port``, where ``setting`` says so.

    Raises ``InvalidConfigurationError`` in place of ``OSError``.
    """
    try:
        yield
    except OSError as error:
        reason = "it is in use already" if error.errno == errno.EADDRINUSE else error.strerror
        raise InvalidConfigurationError(
            f"cannot listen on {host}:{port} ({setting}): {reason}"
        ) from error
