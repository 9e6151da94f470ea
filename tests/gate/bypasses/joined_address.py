# as: workflows/resolution.py
# rule: address

HOST = "api.status" + "page" + ".io"
