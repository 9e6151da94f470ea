"""Structured logs, one event a line: each names its trace and its incident, none a secret.

Not here: what is worth saying (everywhere else).
"""

import logging
import sys
from typing import Literal

import structlog
from opentelemetry import trace

from incident_response.telemetry.secrecy import blotted


def configure_logging(*, level: str, form: Literal["json", "console"]) -> None:
    """Log to standard error from ``level`` on, as JSON lines or as lines for people.

    What libraries log through the standard library goes the same way, from WARNING on. A value
    that was given to ``conceal`` is blotted out of either.
    """
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_trace,
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
        _Discreet(
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


def _with_trace(
    _logger: structlog.types.WrappedLogger, _name: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    """``trace_id`` and ``span_id`` of the current span, so that a line leads to its trace."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
        event["span_id"] = trace.format_span_id(context.span_id)
    return event


class _Discreet(structlog.stdlib.ProcessorFormatter):
    """Blots secrets out of the finished line, wherever in it they came from."""

    def format(self, record: logging.LogRecord) -> str:
        return blotted(super().format(record))
