"""Plain words for what the status page says. Plain text, still to be escaped."""

from typing import Final

from incident_response.domain.draft import ComponentStatus, PageImpact, PageStatus

STATUS: Final = {
    PageStatus.INVESTIGATING: "Investigating",
    PageStatus.IDENTIFIED: "Identified",
    PageStatus.MONITORING: "Monitoring",
    PageStatus.RESOLVED: "Resolved",
}
IMPACT: Final = {
    PageImpact.NONE: "None",
    PageImpact.MINOR: "Minor",
    PageImpact.MAJOR: "Major",
    PageImpact.CRITICAL: "Critical",
}
COMPONENT: Final = {
    ComponentStatus.MAJOR_OUTAGE: "Major outage",
    ComponentStatus.PARTIAL_OUTAGE: "Partial outage",
    ComponentStatus.DEGRADED: "Degraded performance",
    ComponentStatus.MAINTENANCE: "Under maintenance",
    ComponentStatus.OPERATIONAL: "Operational",
}
"""The worst first."""
