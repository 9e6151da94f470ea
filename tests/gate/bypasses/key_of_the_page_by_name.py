# as: bootstrap/alert_intake.py
# rule: name

FIELD = "statuspage_api_key"
