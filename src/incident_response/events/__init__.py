"""One queue event a file, and the table of them.

Each module exports ``event``. A handler may be called twice and at any age: it looks at the state
first. Not here: what the program can do (workflows).
"""

from incident_response.events.alert_quarantined import event as alert_quarantined
from incident_response.events.alert_received import event as alert_received
from incident_response.events.escalation_due import event as escalation_due
from incident_response.events.page_draft_due import event as page_draft_due
from incident_response.events.pulse_follow_up import event as pulse_follow_up
from incident_response.events.room_archive_due import event as room_archive_due
from incident_response.events.sla_check import event as sla_check
from incident_response.events.status_update_nudge import event as status_update_nudge

EVENTS = (
    alert_received,
    alert_quarantined,
    status_update_nudge,
    escalation_due,
    page_draft_due,
    room_archive_due,
    sla_check,
    pulse_follow_up,
)
