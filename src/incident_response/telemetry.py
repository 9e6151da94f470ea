"""How the program speaks of itself: structured logs, one event a line.

Not here: what is worth saying (everywhere else).
"""

import logging
import sys
from typing import Literal

import structlog
from opentelemetry import metrics


def configure_logging(*, level: str, form: Literal["json", "console"]) -> None:
    """Log to standard error from ``level`` on, as JSON lines or as lines for people.

    What libraries log through the standard library goes the same way, from WARNING on.
    """
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(form),
            ],
        )
    )
    handler.setLevel(level)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("incident_response").setLevel(level)


def _rendering(form: Literal["json", "console"]) -> list[structlog.types.Processor]:
    if form == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    plain = structlog.dev.plain_traceback  # the pretty one prints local variables, keys among them
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]


AUDITOR_HEARTBEAT = "incident_response.auditor.heartbeat"
"""Counts the rounds in which every ledger held: alarm when it stops."""
_heartbeat = metrics.get_meter("incident_response").create_counter(
    AUDITOR_HEARTBEAT, unit="{round}", description="Rounds in which every ledger held"
)


def count_clean_audit() -> None:
    """A round of the auditor that found nothing."""
    _heartbeat.add(1)
