# as: sandbox/app.py
# rule: import

from incident_response.adapters.statuspage import StatuspagePage
