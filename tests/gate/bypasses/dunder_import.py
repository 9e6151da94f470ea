# as: workflows/nudge.py
# rule: dynamic

def adapter(name):
    return __import__(name)
