# as: workflows/resolution.py
# rule: address

HOST = b"api.statuspage.io".decode()
