"""How the program speaks of itself: structured logs, one event a line, and metrics.

Not here: what is worth saying (everywhere else), where metrics are sent (nowhere by themselves:
whoever runs the process sets a provider).
"""

import logging
import sys
from collections.abc import Mapping
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


# Metrics of drafting. Without a provider they cost nothing, and counting never raises.

_meter = metrics.get_meter("incident_response")
MODEL_TOKENS = "incident_response.model.tokens"
MODEL_COST = "incident_response.model.cost"
DRAFTS = "incident_response.drafts"
REDACTIONS = "incident_response.redactions"
_model_tokens = _meter.create_counter(
    MODEL_TOKENS, unit="{token}", description="Tokens read and written, by model, task and kind"
)
_model_cost = _meter.create_counter(
    MODEL_COST, unit="USD", description="What models cost by the list price, by model and task"
)
_drafts = _meter.create_counter(
    DRAFTS, unit="{draft}", description="Drafts by task, by whom, and why by the template"
)
_redactions = _meter.create_counter(
    REDACTIONS, unit="{find}", description="Things taken out of what goes to a model, by kind"
)


def count_model_use(*, model: str, task: str, tokens: Mapping[str, int], cost_usd: float) -> None:
    """One answer of a model; ``tokens`` by kind: ``input``, ``output``, ``cached``."""
    for kind, number in tokens.items():
        _add(_model_tokens, number, {"model": model, "task": task, "kind": kind})
    _add(_model_cost, cost_usd, {"model": model, "task": task})


def count_draft(*, task: str, by: str, why: str = "") -> None:
    """One draft, by ``model`` or ``template``; ``why`` is an error's code."""
    _add(_drafts, 1, {"task": task, "by": by, "why": why})


def count_redactions(kinds: Mapping[str, int]) -> None:
    """What was taken out of one brief, by kind."""
    for kind, number in kinds.items():
        _add(_redactions, number, {"kind": str(kind)})


def _add(counter: metrics.Counter, amount: float, attributes: Mapping[str, str]) -> None:
    try:
        counter.add(amount, attributes)
    except Exception as error:  # noqa: BLE001 - nothing that counts may stop what is counted
        _log.warning("not counted", error=type(error).__name__)


_log = structlog.get_logger(__name__)
AUDITOR_HEARTBEAT = "incident_response.auditor.heartbeat"
"""Counts the rounds in which every ledger held: alarm when it stops."""
_heartbeat = _meter.create_counter(
    AUDITOR_HEARTBEAT, unit="{round}", description="Rounds in which every ledger held"
)


def count_clean_audit() -> None:
    """A round of the auditor that found nothing."""
    _add(_heartbeat, 1, {})
