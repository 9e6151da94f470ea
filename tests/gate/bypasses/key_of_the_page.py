# as: bootstrap/processor.py
# rule: name

def key(settings):
    return settings.statuspage_api_key.get_secret_value()
