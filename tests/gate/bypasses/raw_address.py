# as: workflows/resolution.py
# rule: address

URL = "https://api.statuspage.io/v1/pages/p/incidents"
