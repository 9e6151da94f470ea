# as: adapters/statuspage.py
# rule: mint

from incident_response.domain.approval import ApprovedDraft

def approve(message):
    return ApprovedDraft(object(), "inc-1", "1.1.1", message)
