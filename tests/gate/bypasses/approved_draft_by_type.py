# as: workflows/nudge.py
# rule: dynamic

def like(base, message):
    return type("Mine", (base,), {"message": message})
