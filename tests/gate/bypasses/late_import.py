# as: workflows/nudge.py
# rule: import

def page():
    import incident_response.ports.status_page as where
    return where
