# as: adapters/slack/errors.py

def status(error):
    return getattr(error.response, "status_code", 0)
