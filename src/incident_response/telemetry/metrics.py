"""Every metric: its name, unit, attributes, and the one function that writes it.

Without a provider they cost nothing, and writing never raises. Attributes take few, known values:
no ids, no text of anybody's. docs/telemetry.md says what each is for and is held to this file. Not
here: when something is counted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import structlog

_UNITS = {"s": "_seconds", "USD": "_USD"}
"""What Prometheus makes of a unit; one in braces is only a note and adds nothing."""

ASSEMBLY_BUCKETS = (1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600, 900)
"""Seconds: a room stands within a few, and is promised within 300."""
APPROVAL_BUCKETS = (5, 10, 20, 30, 60, 90, 120, 180, 300, 600, 900, 1200, 1800, 3600)
"""Seconds: people read before they approve; a text older than 1800 is to be read again."""
QUEUE_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600)
"""Seconds: a tenth of one as a rule, an hour after an outage."""

log = structlog.get_logger(__name__)


class MetricKind(StrEnum):
    """How its values add up."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric as it is sent."""

    name: str
    kind: MetricKind
    unit: str
    """As UCUM has it: ``s``, or a note in braces such as ``{draft}``."""
    description: str
    attributes: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def prometheus(self) -> str:
        """Its name in Prometheus and Mimir; a histogram's has ``_bucket``, ``_sum``, ``_count``
        after it.
        """
        total = "_total" if self.kind is MetricKind.COUNTER else ""
        return self.name.replace(".", "_") + _UNITS.get(self.unit, "") + total


Write = Callable[[float, Mapping[str, str]], None]
_writers: dict[str, Write] = {}
_known: dict[str, Metric] = {}


def _counter(name: str, unit: str, description: str, *attributes: str) -> str:
    return _kept(
        Metric(
            name=name,
            kind=MetricKind.COUNTER,
            unit=unit,
            description=description,
            attributes=attributes,
        )
    )


def _gauge(name: str, unit: str, description: str, *attributes: str) -> str:
    return _kept(
        Metric(
            name=name,
            kind=MetricKind.GAUGE,
            unit=unit,
            description=description,
            attributes=attributes,
        )
    )


def _histogram(name: str, description: str, *attributes: str, buckets: tuple[float, ...]) -> str:
    """Of seconds."""
    return _kept(
        Metric(
            name=name,
            kind=MetricKind.HISTOGRAM,
            unit="s",
            description=description,
            attributes=attributes,
            buckets=buckets,
        )
    )


def _kept(metric: Metric) -> str:
    _known[metric.name] = metric
    return metric.name


ALERTS = _counter(
    "incident_response.alert.count",
    "{alert}",
    "Authentic alerts that reached the webhook, by what became of them",
    "source",
    "outcome",
)
OPENED = _counter(
    "incident_response.opened.count", "{incident}", "Incidents opened", "severity", "source"
)
ASSEMBLY = _histogram(
    "incident_response.assembly.duration",
    "From the alert's arrival at the webhook until the room stands",
    "severity",
    buckets=ASSEMBLY_BUCKETS,
)
STEP_FAILURES = _counter(
    "incident_response.step.failures", "{step}", "Steps of plans given up", "plan", "step"
)
DIRECTORY_FAILURES = _counter(
    "incident_response.directory.failures",
    "{lookup}",
    "Rooms for which the directory could not say who belongs to the team",
)
APPROVAL = _histogram(
    "incident_response.approval.latency",
    "From a draft's being shown until the approval that sends it",
    "severity",
    buckets=APPROVAL_BUCKETS,
)
PUBLISHES = _counter(
    "incident_response.publish.count",
    "{message}",
    "What became of messages to customers after their approval",
    "outcome",
)
NUDGES = _counter("incident_response.nudge.count", "{reminder}", "Reminders sent", "to")
RESOLVED = _counter(
    "incident_response.resolved.count", "{incident}", "Incidents resolved", "severity"
)
POSTMORTEMS = _counter(
    "incident_response.postmortem.count", "{postmortem}", "Postmortems filed", "severity"
)
QUEUE_AGE = _histogram(
    "incident_response.queue.age",
    "From a message's being sent until it is received, at each delivery",
    "queue",
    buckets=QUEUE_BUCKETS,
)
QUEUE_DEPTH = _gauge(
    "incident_response.queue.depth", "{message}", "Messages waiting or in flight", "queue"
)
DEAD_LETTERS = _gauge(
    "incident_response.queue.dead_letters",
    "{message}",
    "Messages given up and not put back, counted to 50",
    "queue",
)
SOCKETS = _gauge(
    "incident_response.socket.connections",
    "{connection}",
    "Sockets to Slack of this process that are live",
)
AUDITOR_HEARTBEAT = _counter(
    "incident_response.auditor.heartbeat",
    "{round}",
    "Rounds of the auditor in which every ledger held",
)
MODEL_TOKENS = _counter(
    "incident_response.model.tokens",
    "{token}",
    "Tokens that models read and wrote",
    "model",
    "task",
    "kind",
)
MODEL_COST = _counter(
    "incident_response.model.cost",
    "USD",
    "What models cost by the list price",
    "model",
    "task",
)
DRAFTS = _counter(
    "incident_response.drafts", "{draft}", "Texts drafted, and by what", "task", "by", "why"
)
REDACTIONS = _counter(
    "incident_response.redactions", "{find}", "Things taken out of what goes to a model", "kind"
)
METRICS = tuple(_known.values())
"""All there are."""


def count_alert(*, source: str, outcome: str) -> None:
    """One authentic alert; ``outcome`` as it was answered, or ``unavailable``."""
    _write(ALERTS, 1, source=source, outcome=outcome)


def count_opened(*, severity: str, source: str) -> None:
    """One incident more."""
    _write(OPENED, 1, severity=severity, source=source)


def measure_assembly(seconds: float, *, severity: str) -> None:
    """A room stands, so long after its alert came in."""
    _write(ASSEMBLY, seconds, severity=severity)


def count_step_failure(*, plan: str, step: str) -> None:
    """A step of a plan (its kind, without the run) was given up."""
    _write(STEP_FAILURES, 1, plan=plan, step=step)
    if step == "resolve_directory":
        _write(DIRECTORY_FAILURES, 1)


def measure_approval(waited: timedelta, *, severity: str) -> None:
    """A draft was approved to the end, so long after it was shown."""
    _write(APPROVAL, waited.total_seconds(), severity=severity)


def count_publish(outcome: str) -> None:
    """What became of an approved message: ``published``, ``confirmed`` (a person saw it on the
    page), ``postponed``, ``refused``, ``uncertain``, ``needs_human`` or ``blocked``.
    """
    _write(PUBLISHES, 1, outcome=outcome)


def count_nudge(*, to: str) -> None:
    """One reminder, to the ``commander`` or the ``room``."""
    _write(NUDGES, 1, to=to)


def count_resolved(*, severity: str) -> None:
    """An incident is over."""
    _write(RESOLVED, 1, severity=severity)


def count_postmortem(*, severity: str) -> None:
    """A postmortem is filed."""
    _write(POSTMORTEMS, 1, severity=severity)


def measure_queue_age(age: timedelta, *, queue: str) -> None:
    """A message was delivered, so long after it was sent."""
    _write(QUEUE_AGE, max(age.total_seconds(), 0.0), queue=queue)


def measure_queue_depth(number: int, *, queue: str) -> None:
    """So many messages wait or are being worked on."""
    _write(QUEUE_DEPTH, number, queue=queue)


def measure_dead_letters(number: int, *, queue: str) -> None:
    """So many messages are given up."""
    _write(DEAD_LETTERS, number, queue=queue)


def measure_sockets(number: int) -> None:
    """So many sockets of this process are live."""
    _write(SOCKETS, number)


def count_clean_audit() -> None:
    """A round of the auditor that found nothing: alarm when the count stops."""
    _write(AUDITOR_HEARTBEAT, 1)


def count_model_use(*, model: str, task: str, tokens: Mapping[str, int], cost_usd: float) -> None:
    """One answer of a model; ``tokens`` by kind: ``input``, ``output``, ``cached``."""
    for kind, number in tokens.items():
        _write(MODEL_TOKENS, number, model=model, task=task, kind=kind)
    _write(MODEL_COST, cost_usd, model=model, task=task)


def count_draft(*, task: str, by: str, why: str = "") -> None:
    """One draft, by ``model`` or ``template``; ``why`` is an error's code."""
    _write(DRAFTS, 1, task=task, by=by, why=why)


def count_redactions(kinds: Mapping[str, int]) -> None:
    """What was taken out of one brief, by kind."""
    for kind, number in kinds.items():
        _write(REDACTIONS, number, kind=str(kind))


def _write(name: str, amount: float, **attributes: str) -> None:
    try:
        if name not in _writers:
            _writers[name] = _instrument(_known[name])
        _writers[name](amount, attributes)
    except Exception as error:  # noqa: BLE001 - nothing that counts may stop what is counted
        log.warning("not counted", metric=name, error=type(error).__name__)


def _instrument(metric: Metric) -> Write:
    """Made for the first value: a process that has counted nothing yet did not wait for the
    import of what counts.
    """
    from opentelemetry import metrics  # noqa: PLC0415 - as it says above

    meter = metrics.get_meter("incident_response")
    name, unit, description = metric.name, metric.unit, metric.description
    match metric.kind:
        case MetricKind.COUNTER:
            return meter.create_counter(name, unit=unit, description=description).add
        case MetricKind.GAUGE:
            return meter.create_gauge(name, unit=unit, description=description).set
        case MetricKind.HISTOGRAM:
            return meter.create_histogram(
                name,
                unit=unit,
                description=description,
                explicit_bucket_boundaries_advisory=metric.buckets,
            ).record
