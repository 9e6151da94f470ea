# as: workflows/resolution.py
# rule: address

def path(page_id, which):
    return f"/v1/pages/{page_id}/inc{'idents'}/{which}"
