# as: workflows/publishing.py
# rule: subclass

from incident_response.domain import approval

class Mine(approval.ApprovedDraft):
    def __init__(self, message):
        self.message = message
