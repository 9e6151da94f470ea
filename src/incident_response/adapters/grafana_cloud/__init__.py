"""Grafana Cloud (or the same products self-hosted): metrics, logs and traces.

Each product has an address and credentials of its own, and fails by itself. Not here: Grafana
OnCall, which is another vendor.
"""

from incident_response.adapters.grafana_cloud.loki import LokiLogSource
from incident_response.adapters.grafana_cloud.mimir import MimirMetricsSource
from incident_response.adapters.grafana_cloud.tempo import TempoTraceSource

__all__ = ["LokiLogSource", "MimirMetricsSource", "TempoTraceSource"]
