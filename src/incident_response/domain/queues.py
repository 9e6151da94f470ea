"""The queues by name. Not here: what lies in them, where they are."""

INCIDENT_QUEUE = "incident-events"
"""Alerts that were taken in."""
NUDGE_QUEUE = "nudge-events"
"""Reminders and escalations that are due."""
AFTERCARE_QUEUE = "sla-check"
"""What follows an incident: its review, how it went, the end of its room (the specification's name
of the queue).
"""
QUEUES = (INCIDENT_QUEUE, NUDGE_QUEUE, AFTERCARE_QUEUE)
