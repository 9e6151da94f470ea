# as: workflows/resolution.py
# rule: address

HOST = "api.%s.io" % "statuspage"
