# as: bootstrap/processor.py
# rule: import

import importlib

def adapter():
    return importlib.import_module("incident_response.adapters.statuspage")
