"""What NetworkPolicies let through, worked out as Kubernetes says: a pod that a policy names may
do what some policy allows; peers of one rule are alternatives, selectors of one peer conditions.
"""

import ipaddress
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.chart.rendering import Object

Labels = dict[str, str]


@dataclass(frozen=True)
class End:
    """One end of a connection: a pod, or only an address outside."""

    labels: Labels = field(default_factory=dict)
    namespace: Labels | None = None
    """Labels of its namespace; None: that of the policies."""
    address: str = ""


def is_let_through(
    policies: list[Object],
    pod: End,
    other: End,
    *,
    way: Literal["ingress", "egress"],
    port: tuple[int | str, str],
) -> bool:
    """Whether ``pod`` may be called by (ingress) or call (egress) ``other`` on a port by number or
    name and its protocol.
    """
    naming = [
        policy["spec"]
        for policy in policies
        if way.capitalize() in policy["spec"]["policyTypes"]
        and _holds(policy["spec"]["podSelector"], pod.labels)
    ]
    return not naming or any(
        _has_port(rule, port)
        and any(_is_peer(peer, other) for peer in rule["from" if way == "ingress" else "to"])
        for spec in naming
        for rule in spec.get(way, [])
    )


def _has_port(rule: Object, port: tuple[int | str, str]) -> bool:
    return any((each["port"], each["protocol"]) == port for each in rule["ports"])


def _holds(selector: Object, labels: Labels) -> bool:
    wanted: dict[str, Any] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items()


def _is_peer(peer: Object, other: End) -> bool:
    if "ipBlock" in peer:
        return bool(other.address) and _is_in(peer["ipBlock"], other.address)
    if other.address:
        return False
    has_namespace = "namespaceSelector" in peer
    if has_namespace != (other.namespace is not None):
        return False
    in_namespace = not has_namespace or _holds(peer["namespaceSelector"], other.namespace or {})
    return in_namespace and _holds(peer.get("podSelector", {}), other.labels)


def _is_in(block: Object, address: str) -> bool:
    found = ipaddress.ip_address(address)
    return found in ipaddress.ip_network(block["cidr"]) and not any(
        found in ipaddress.ip_network(hole) for hole in block.get("except", [])
    )
