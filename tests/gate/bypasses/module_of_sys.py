# as: workflows/resolution.py
# rule: dynamic

import sys

def approval():
    return sys.modules["incident_response.domain." + "approval"]
