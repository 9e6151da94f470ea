"""Linear: where postmortems are filed. See ``tracker``."""

from incident_response.adapters.linear.tracker import LinearTracker

__all__ = ["LinearTracker"]
