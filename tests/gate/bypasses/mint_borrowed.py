# as: workflows/publishing.py
# rule: name

from incident_response.domain.approval import _MINT as coin
