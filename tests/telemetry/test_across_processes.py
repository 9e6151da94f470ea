"""One alert, two processes, one trace; measured from the moment it came in."""

import json
from itertools import chain
from pathlib import Path

from incident_response.telemetry import metrics
from tests.telemetry.collector import Span
from tests.telemetry.site import site

KEY = "a-key-of-this-test-and-no-other"
SERVER, CONSUMER = 2, 5
STEPS = {
    *("create_room", "post_facts", "post_checklist", "pin_checklist", "set_topic"),
    *("add_bookmarks", "announce", "invite", "invite_late", "propose_commander"),
    *("schedule_nudge", "schedule_page_reminder", "schedule_escalation", "call_further"),
    *("resolve_on_call", "resolve_directory", "fetch_metrics", "fetch_logs", "fetch_traces"),
    *("fetch_changes", "mark_assembled", "complete_facts"),
}


async def test_an_alert_is_one_trace_from_webhook_to_every_step(tmp_path: Path) -> None:
    async with site(tmp_path, key=KEY) as there:
        assert (await there.fire()).status == 202
        await there.room()
        await there.stopped()
        sent = there.collector
        taken, worked, plan = (
            one(sent.named(name))
            for name in ("take in alert", "process incident-events", "plan assemble")
        )
        assert (taken.service, taken.kind) == ("incident-response-webhook", SERVER)
        assert (worked.service, worked.kind) == ("incident-response-processor", CONSUMER)
        assert taken.parent_id == ""
        assert worked.parent_id == taken.span_id
        assert plan.parent_id == worked.span_id
        steps = [span for span in sent.spans if span.name.startswith("assemble ")]
        assert {span.name.partition(" ")[2] for span in steps} == STEPS
        assert {span.parent_id for span in steps} == {plan.span_id}
        assert {s.trace_id for s in (taken, worked, plan, *steps)} == {taken.trace_id}
        calls = {span.name for span in sent.spans if span.parent_id in {s.span_id for s in steps}}
        assert calls >= {"slack conversations.create", "slack chat.postMessage", "GET WorkOS"}
        logged = [json.loads(line) for line in chain(there.webhook.lines, there.processor.lines)]
        ours = [line for line in logged if line.get("trace_id") == taken.trace_id]
        incident_id = plan.attributes["incident_response.incident.id"]
        assert {line["event"] for line in ours} >= {"alert taken in"}
        assert {line["incident_id"] for line in ours if "incident_id" in line} <= {incident_id}
        (assembly,) = sent.points[metrics.ASSEMBLY]
        assert (assembly.count, assembly.attributes) == (1, {"severity": "P1"})
        assert 0 < assembly.value < 60
        assert assembly.bounds == metrics.ASSEMBLY_BUCKETS
        (aged,) = sent.points[metrics.QUEUE_AGE]
        assert aged.attributes == {"queue": "incident-events"}
        assert aged.count >= 1
        assert len(sent.points[metrics.SOCKETS]) == 1
        assert {p.attributes["queue"]: p.value for p in sent.points[metrics.DEAD_LETTERS]} == {
            "incident-events": 0,
            "nudge-events": 0,
            "sla-check": 0,
        }
        assert {p.value for p in sent.points[metrics.QUEUE_DEPTH]} == {0}
        (beat,) = sent.points[metrics.AUDITOR_HEARTBEAT]
        assert beat.value >= 1
        (alerts,) = sent.points[metrics.ALERTS]
        assert alerts.attributes == {"source": "grafana-oncall", "outcome": "accepted"}


def one(found: list[Span]) -> Span:
    (span,) = found
    return span
