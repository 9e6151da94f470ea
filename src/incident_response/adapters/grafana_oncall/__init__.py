"""Grafana OnCall (and Grafana Cloud IRM, its successor) as the source of who is on call, and as
the pager.

Not here: receiving its alerts (alert_sources).
"""

from incident_response.adapters.grafana_oncall.on_call import GrafanaOnCall

__all__ = ["GrafanaOnCall"]
