"""The workbench: fire alerts, turn faults on, and see what the vendors were asked.

The switches themselves are the control API's (``sandbox/control.py``); this pane only shows them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from incident_response.sandbox.alert_groups import AlertGroup
from incident_response.sandbox.faults import CALL_KINDS, SOCKET_KINDS
from incident_response.sandbox.page.fault_choices import PRESETS, TARGETS
from incident_response.sandbox.page.icons import icon
from incident_response.sandbox.page.markup import EMPTY, Html, join, tag
from incident_response.sandbox.page.messages import keyed
from incident_response.sandbox.page.viewer import Viewer, ago
from incident_response.sandbox.received import Call
from incident_response.sandbox.vendors.world import World

CALLS_SHOWN: Final = 60
GROUPS_SHOWN: Final = 5
SEVERITIES: Final = (
    ("P1", "P1 · critical"),
    ("P2", "P2 · high"),
    ("P3", "P3 · moderate"),
    ("P4", "P4 · low"),
)
SHAPES: Final = (
    ("oncall_signed", "Grafana OnCall, signed"),
    ("oncall", "Grafana OnCall, as it really sends"),
    ("alertmanager", "Prometheus Alertmanager"),
    ("generic", "Any JSON"),
)
PLACES: Final = (("/status", "Public status page"), ("/linear", "Issue tracker"))
_SECONDS: Final = "latency hang hang_after apply_later delay_delivery"


class Workbench:
    """The pane over one world. It reads; every button goes to the control API."""

    def __init__(self, world: World) -> None:
        self._world = world

    def pane(self, viewer: Viewer) -> Html:
        """Render the pane as it is now."""
        board = self._world.board
        return join(
            self._alerts(viewer),
            _places(),
            _faults(board.active()),
            self._latency(),
            _received(board.received.matching(limit=CALLS_SHOWN), viewer),
        )

    def _alerts(self, viewer: Viewer) -> Html:
        services = [(s.name, s.name) for s in self._world.company.services]
        form = tag(
            "form",
            _choice("Service", "service", services),
            _choice("Severity", "severity", SEVERITIES),
            _choice("Sent as", "shape", SHAPES),
            tag("button", icon("bolt"), "Fire alert", type="submit", class_="btn btn-primary"),
            class_="bench-form",
            **_posts("/control/alerts", "Alert sent"),
        )
        groups = self._world.groups.newest_first()[:GROUPS_SHOWN]
        fired = [_group(group, viewer) for group in groups]
        return join(
            keyed("section", "alert-form", tag("h3", "Fire an alert"), form, class_="card"),
            keyed("section", "alert-groups", tag("ul", fired, class_="bench-list"), class_="card")
            if fired
            else None,
        )

    def _latency(self) -> Html:
        table = self._world.board.latency
        on = table.mode == "seeded"
        words = "Answers take as long as production's" if on else "Answers come at once"
        body = {"mode": "off"} if on else {"mode": "seeded", "seed": 1}
        label = "Make them fast" if on else "Make them slow"
        button = _button(label, "/control/latency", body, method="PUT")
        row = tag("div", tag("span", words), button, class_="row")
        return keyed("section", "latency", tag("h3", "Latency"), row, class_="card")


def _places() -> Html:
    links = [
        tag("a", name, href=path, target="_blank", rel="noopener", class_="btn")
        for path, name in PLACES
    ]
    row = tag("div", links, class_="row")
    return keyed("section", "places", tag("h3", "Look from outside"), row, class_="card")


def _posts(path: str, done: str) -> dict[str, str]:
    return {"data_control_path": path, "data_done": done}


def _choice(label: str, name: str, choices: Iterable[tuple[str, str]]) -> Html:
    options = [tag("option", shown, value=value) for value, shown in choices]
    field = tag("select", options, name=name, class_="select keeps", id=f"bench-{name}")
    return tag("label", tag("span", label), field, class_="bench-field")


def _button(
    label: str, path: str, body: Mapping[str, object] | None, *, method: str, style: str = ""
) -> Html:
    return tag(
        "button",
        label,
        type="button",
        class_=f"btn {style}".strip(),
        data_control_path=path,
        data_control_method=method,
        data_control_body=json.dumps(body) if body is not None else None,
    )


def _group(group: AlertGroup, viewer: Viewer) -> Html:
    since = ago(viewer.now - group.started_at)
    about = tag(
        "span",
        tag("b", group.title),
        tag(
            "span", f"{group.service} · {group.severity} · {group.state} · {since}", class_="muted"
        ),
        class_="bench-about",
    )
    over = group.state == "resolved"
    state, label = ("firing", "Fire again") if over else ("resolved", "Resolve")
    body = {"group_id": group.id, "state": state, "severity": group.severity}
    return tag("li", about, _button(label, "/control/alerts", body, method="POST"))


def _faults(active: list[dict[str, object]]) -> Html:
    presets = [
        _button(label, "/control/faults", fault.model_dump(exclude_defaults=True), method="POST")
        for label, fault in PRESETS
    ]
    clear = _button("Turn all off", "/control/faults", None, method="DELETE") if active else None
    on = [_fault(fault) for fault in active]
    listed = join(tag("ul", on, class_="bench-list"), clear)
    none = tag("p", "Everything works.", class_="muted")
    return join(
        keyed(
            "section",
            "faults",
            tag("h3", f"Faults ({len(active)} on)"),
            listed if active else none,
            tag("div", presets, class_="row"),
            class_="card",
        ),
        keyed("section", "fault-form", _fault_form(), class_="card"),
    )


def _fault(fault: Mapping[str, object]) -> Html:
    left = f"{fault['left']} left" if fault["left"] is not None else "until turned off"
    told = f"{fault['kind']} · {left} · struck {fault['struck']}"
    about = tag(
        "span",
        tag("b", str(fault["target"])),
        tag("span", told, class_="muted"),
        class_="bench-about",
    )
    path = f"/control/faults/{fault['id']}"
    return tag("li", about, _button("Turn off", path, None, method="DELETE"))


def _fault_form() -> Html:
    kinds = [
        (kind, kind.replace("_", " ")) for kind in (*sorted(CALL_KINDS), *sorted(SOCKET_KINDS))
    ]
    target = tag("input", name="target", list="bench-targets", value="oncall.*", required=True,
                 class_="text-input keeps", id="bench-target")  # fmt: skip
    known = tag("datalist", [tag("option", value=name) for name in TARGETS], id="bench-targets")
    fields = join(
        tag("label", tag("span", "Calls of"), target, known, class_="bench-field"),
        _choice("Go wrong by", "kind", kinds),
        _number("Times (empty: until off)", "times", ""),
        _number("First let pass", "skip", ""),
        _number("Seconds", "seconds", _SECONDS),
        _number("Retry-After, s", "retry_after", "rate_limited"),
        tag("button", "Turn on", type="submit", class_="btn"),
    )
    form = tag("form", fields, class_="bench-form", **_posts("/control/faults", "Fault is on"))
    return tag("details", tag("summary", "Another fault…"), form)


def _number(label: str, name: str, kinds: str) -> Html:
    field = tag("input", type="number", min=0, name=name, class_="text-input keeps",
                id=f"bench-{name}")  # fmt: skip
    shown = tag("span", label)
    return tag("label", shown, field, class_="bench-field", data_for_kinds=kinds or None)


def _received(calls: list[Call], viewer: Viewer) -> Html:
    rows = [_call(call, viewer) for call in reversed(calls)]
    clear = _button("Forget these", "/control/received", None, method="DELETE") if rows else None
    none = tag("p", "Nobody has called yet.", class_="muted")
    return join(
        keyed(
            "section",
            "received",
            tag("h3", "What vendors received"),
            clear,
            class_="card head-row",
        ),
        rows if rows else keyed("section", "none", none, class_="card"),
    )


def _call(call: Call, viewer: Viewer) -> Html:
    moment = viewer.at(call.at)
    is_push = call.target == "slack.socket"  # sent by us: there is no status to come
    answered = is_push or (call.status is not None and call.status < 400)
    mark = "call-good" if answered and call.fault is None else "call-bad"
    status = "sent" if is_push else str(call.status) if call.status is not None else "no reply"
    arguments = call.arguments()
    shown = json.dumps(arguments, ensure_ascii=False, indent=1, default=str) if arguments else ""
    return keyed(
        "details",
        f"call-{call.number}",
        tag(
            "summary",
            tag("time", f"{moment:%H:%M:%S}", class_="muted"),
            tag("span", call.target, class_="call-target"),
            tag("span", call.fault, class_="badge") if call.fault else EMPTY,
            tag("span", status, class_=mark),
        ),
        tag("pre", tag("code", shown or "no arguments"), class_="code-block"),
        class_="call",
    )
