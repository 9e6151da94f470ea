"""A believable incident and its briefing, and strategies for hostile ones."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from incident_response.adapters.policy_yaml import shipped_policy
from incident_response.domain.alert import AlertState, Link
from incident_response.domain.briefing import Briefing, Part, PartState
from incident_response.domain.checklist import STANDARD_CHECKLIST, ChecklistItem
from incident_response.domain.context import (
    ChangeExcerpt,
    Commit,
    LogExcerpt,
    LogLine,
    Reading,
    ServiceHealth,
    TraceExcerpt,
    TraceSummary,
)
from incident_response.domain.incident import Incident, IncidentStatus, Room
from incident_response.domain.model import ChannelId, EventId, IncidentId, UserId
from incident_response.domain.response import Call, Escalation, Impact, Postmortem, Resolution
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity

BEGAN = datetime(2026, 3, 2, 10, 28, tzinfo=UTC)
NOW = BEGAN + timedelta(minutes=4)
POLICY = shipped_policy()
ADA, BEN = UserId("U0ADA"), UserId("U0BEN")
ROOM = Room(channel_id=ChannelId("C0ROOM"), name="inc-20260302-checkout-errors-0a1b2c")
INCIDENT = Incident(
    incident_id=IncidentId("inc-0a1b2c3d4e5f"),
    title="Checkout errors above 5 %",
    summary="5xx share of checkout-api is 4.2 %.\nThreshold is 1 %.",
    severity=Severity.P1,
    source="grafana-oncall",
    service="checkout-api",
    team="payments",
    links=(Link(title="Alert", url="https://grafana.tidewater.test/alerts/7?a=1&b=2"),),
    created_at=BEGAN + timedelta(seconds=20),
    started_at=BEGAN,
    group_id="0" * 32,
    alert_changed_at=BEGAN,
)
ASSEMBLED = INCIDENT.model_copy(
    update={
        "status": IncidentStatus.ASSEMBLED,
        "room": ROOM,
        "responders": (ADA, BEN),
        "proposed_commander": ADA,
        "assembled_at": BEGAN + timedelta(seconds=25),
    }
)
COMMANDED = ASSEMBLED.model_copy(
    update={
        "roles": {Role.COMMANDER: BEN, Role.SCRIBE: ADA},
        "escalation": Escalation(acknowledged_by=BEN, acknowledged_at=BEGAN),
    }
)
RESOLVED = COMMANDED.model_copy(
    update={"status": IncidentStatus.RESOLVED, "resolved_at": BEGAN + timedelta(hours=1)}
)
BRIEFING = Briefing(
    parts=(
        Part(step="metrics", label="Metrics", state=PartState.READY),
        Part(step="traces", label="Traces", state=PartState.EMPTY, reason="none failed"),
        Part(step="owners", label="Code owners", state=PartState.PENDING),
        Part(step="logs", label="Logs", state=PartState.FAILED, reason="timed out after 3 s"),
    ),
    health=ServiceHealth(
        error_rate=Reading(now=0.042, before=0.003),
        p99_seconds=Reading(now=1.84, before=0.31),
        url="https://grafana.tidewater.test/d/checkout",
    ),
    changes=ChangeExcerpt(
        repository="tidewater/checkout",
        commits=(
            Commit(
                sha="9f8e7d6c5b4a",
                title="Retry card payments twice",
                author="Ben",
                at=BEGAN - timedelta(minutes=30),
                url="https://github.test/tidewater/checkout/commit/9f8e7d6c5b4a",
            ),
        ),
        owners=("@tidewater/payments",),
    ),
    unresolved=("Cleo (no chat account with cleo@tidewater.test)",),
)

HOSTILE = (
    "<!channel>",
    "<!here|x>",
    "<@U0EVE>",
    "<#C0EVE>",
    "<https://evil.test|bank.test>",
    "&lt;!here&gt;",
    "https://evil.test/x",
    "http://evil.test",
    "www.evil.test",
    "mallory@evil.test",
    "evil.com",
    "@here",
    "@channel",
    "@everyone",
    "#general",
    "*bold*",
    "_it_",
    "~no~",
    "`code`",
    "```",
    "\n```\n",
    ">",
    ">>> ",
    "\n> quote",
    "&",
    "&amp;",
    "<",
    "|",
    "\u202e",
    "\u2066",
    "\u200b",
    "\x00",
    "\x1b[31m",
    "\r\n",
    "\u2028",
    "\ud800",
    "\udc00",
    "👩‍👩‍👧",
    "🔥",
    "é",
    " ",
    "{x}",
    "{0}",
    "%s",
    ":fire:",
    "word",
    "\ufeff",
    "(",
    ")",
    "a" * 500,
    "&" * 300,
    '"' * 200,
    "\\",
)
hostile = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=12), max_size=12).map("".join)
urls = st.sampled_from(
    (
        "https://grafana.test/a?b=1&c=2",
        "http://wiki.test/x|y>z<w",
        "HTTPS://GRAFANA.TEST/",
        "",
        "//x.test",
        "javascript:alert(1)",
        "https://good.test\\@evil.test/",
        "https://a b.test",
        "https://bücher.test/",
        "https://u:p@evil.test/",
        "https://[::1]:3000/",
        "https://x.test:99999/",
        "https://",
        "data:text/html,x",
        "https://long.test/" + "a" * 900,
        "https://longer.test/" + "a" * 4000,
        "https://x.test/\n<!here>",
        "mailto:a@b.test",
        "https://x.test/\u202egnp",
    )
)
users = st.sampled_from(
    ["U0ADA", "W0BEN", "U0CLEO", "u0eve", "U1> <!channel>", "C0ROOM", "", "U"]
).map(UserId)
times = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
floats = st.none() | st.floats(allow_nan=True, allow_infinity=True)
links = st.builds(Link, title=hostile, url=urls)
readings = st.builds(Reading, now=floats, before=floats)
items = st.builds(
    ChecklistItem,
    key=st.sampled_from(["other_1", "other_2"]),
    text=hostile,
    checked_by=st.none() | users,
    checked_at=st.none() | times,
)
resolutions = st.builds(Resolution, by=users, at=times, summary=hostile)
postmortems = st.builds(
    Postmortem,
    issue_id=hostile,
    identifier=hostile,
    url=st.just("https://tracker.test/OPS-1"),
    review_due_at=times,
)
ticks = st.tuples(st.none() | users, times)


@st.composite
def checklists(draw: Any) -> tuple[ChecklistItem, ...]:
    standard = []
    for item in STANDARD_CHECKLIST:
        by, at = draw(ticks)
        standard.append(item.model_copy(update={"checked_by": by, "checked_at": by and at}))
    extra = draw(st.lists(items, max_size=2, unique_by=lambda item: item.key))
    return (*standard, *extra)


calls = st.builds(
    Call,
    number=st.integers(1, 3),
    key=hostile,
    levels=st.lists(hostile, max_size=5).map(tuple),
    at=times,
    by=st.none() | users,
    empty=st.lists(hostile, max_size=2).map(tuple),
    why=hostile,
    users=st.lists(users, max_size=40).map(tuple),
    unresolved=st.lists(hostile, max_size=20).map(tuple),
)
incidents = st.builds(
    Incident,
    incident_id=st.from_regex(r"inc-[0-9a-f]{12}", fullmatch=True),
    title=hostile,
    summary=hostile,
    severity=st.sampled_from(Severity),
    status=st.sampled_from(IncidentStatus),
    source=hostile,
    service=hostile,
    team=hostile,
    links=st.lists(links, max_size=10).map(tuple),
    declared_by=st.none() | users,
    created_at=times,
    started_at=times,
    assembled_at=st.none() | times,
    resolved_at=st.none() | times,
    last_update_at=st.none() | times,
    group_id=st.just("g"),
    alert_state=st.sampled_from(AlertState),
    alert_changed_at=times,
    alert_count=st.integers(1, 2000),
    room=st.none()
    | st.builds(
        Room, channel_id=st.sampled_from([ChannelId("C0ROOM"), ChannelId("<!here>")]), name=hostile
    ),
    roles=st.dictionaries(st.sampled_from(Role), users),
    proposed_commander=st.none() | users,
    responders=st.lists(users, max_size=40).map(tuple),
    checklist=checklists(),
    escalation=st.builds(
        Escalation,
        level=st.integers(0, 5),
        armed_at=st.none() | times,
        calls=st.lists(calls, max_size=3).map(tuple),
        acknowledged_by=st.none() | users,
        acknowledged_at=st.none() | times,
    ),
    impacts=st.lists(st.sampled_from(Impact), unique=True).map(tuple),
)
parts = st.builds(
    Part,
    step=st.sampled_from(["metrics", "logs", "traces", "commits", "invite"]),
    label=hostile,
    state=st.sampled_from(PartState),
    reason=hostile,
)
briefings = st.builds(
    Briefing,
    parts=st.lists(parts, max_size=15).map(tuple),
    health=st.none()
    | st.builds(ServiceHealth, error_rate=readings, p99_seconds=readings, url=urls),
    logs=st.none()
    | st.builds(
        LogExcerpt,
        lines=st.lists(st.builds(LogLine, at=times, text=hostile), max_size=8).map(tuple),
        url=urls,
    ),
    traces=st.none()
    | st.builds(
        TraceExcerpt,
        url=urls,
        traces=st.lists(
            st.builds(
                TraceSummary,
                trace_id=hostile,
                root=hostile,
                at=times,
                url=urls,
                duration_seconds=st.floats(0, 1e6),
            ),
            max_size=5,
        ).map(tuple),
    ),
    changes=st.none()
    | st.builds(
        ChangeExcerpt,
        repository=hostile,
        owners=st.lists(hostile, max_size=12).map(tuple),
        commits=st.lists(
            st.builds(Commit, sha=hostile, title=hostile, author=hostile, at=times, url=urls),
            max_size=7,
        ).map(tuple),
    ),
    unresolved=st.lists(hostile, max_size=14).map(tuple),
)


def event_id(digit: str = "a") -> EventId:
    return EventId(digit * 64)
