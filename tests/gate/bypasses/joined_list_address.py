# as: workflows/resolution.py
# rule: address

HOST = ".".join(["api", "statuspage", "io"])
