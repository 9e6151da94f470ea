# as: commands/status.py
# rule: import

from incident_response.domain.approval import approved_to_send as helper
