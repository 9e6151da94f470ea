# as: workflows/publishing.py
# rule: dynamic

from incident_response.domain.approval import approved_to_send

def coin():
    return approved_to_send.__globals__["_MI" + "NT"]
