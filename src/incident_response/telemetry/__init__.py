"""How the program speaks of itself: logs, metrics and spans, and what none of them may hold.

Knows the OpenTelemetry API only, which does nothing by itself. Not here: what is worth saying
(everywhere else), where it is sent (``bootstrap.otlp``).
"""

from incident_response.telemetry.logs import configure_logging
from incident_response.telemetry.metrics import (
    METRICS,
    Metric,
    count_alert,
    count_clean_audit,
    count_draft,
    count_model_use,
    count_nudge,
    count_opened,
    count_postmortem,
    count_publish,
    count_redactions,
    count_resolved,
    count_step_failure,
    measure_approval,
    measure_assembly,
    measure_dead_letters,
    measure_queue_age,
    measure_queue_depth,
    measure_sockets,
)
from incident_response.telemetry.secrecy import blotted, conceal
from incident_response.telemetry.tracing import (
    Kind,
    about,
    annotate,
    note_failure,
    note_incident,
    outgoing,
    span,
    traceparent,
)

__all__ = [
    "METRICS",
    "Kind",
    "Metric",
    "about",
    "annotate",
    "blotted",
    "conceal",
    "configure_logging",
    "count_alert",
    "count_clean_audit",
    "count_draft",
    "count_model_use",
    "count_nudge",
    "count_opened",
    "count_postmortem",
    "count_publish",
    "count_redactions",
    "count_resolved",
    "count_step_failure",
    "measure_approval",
    "measure_assembly",
    "measure_dead_letters",
    "measure_queue_age",
    "measure_queue_depth",
    "measure_sockets",
    "note_failure",
    "note_incident",
    "outgoing",
    "span",
    "traceparent",
]
