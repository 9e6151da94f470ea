# as: blocks/kit.py
# rule: import

import incident_response.adapters.statuspage
