# as: bootstrap/processor.py
# rule: dynamic

import importlib

def adapter(name):
    return importlib.import_module("incident_response.adapters." + name)
