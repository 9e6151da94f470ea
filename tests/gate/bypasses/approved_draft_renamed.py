# as: workflows/publishing.py
# rule: mint

from incident_response.domain.approval import ApprovedDraft

Message = ApprovedDraft
