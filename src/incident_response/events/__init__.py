"""One queue event a file, and the table of them.

Each module exports ``event``. A handler may be called twice and at any age: it looks at the state
first. Not here: what the program can do (workflows).
"""

from incident_response.events.alert_quarantined import event as alert_quarantined
from incident_response.events.alert_received import event as alert_received
from incident_response.events.escalation_due import event as escalation_due
from incident_response.events.status_update_nudge import event as status_update_nudge

EVENTS = (alert_received, alert_quarantined, status_update_nudge, escalation_due)
