# as: workflows/nudge.py
# rule: import

from incident_response.workflows.publishing import *
