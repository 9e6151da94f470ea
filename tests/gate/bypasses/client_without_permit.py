# as: adapters/statuspage.py
# rule: permit

from incident_response.adapters.http import VendorHttp

def client(http):
    return VendorHttp("Statuspage", http=http)
