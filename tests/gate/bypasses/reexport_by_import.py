# as: ports/__init__.py
# rule: import

from incident_response.ports.status_page import StatusPage as Page
