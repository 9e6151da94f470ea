"""One bounded way to talk JSON over HTTP to a vendor: deadlines, limits, breaker, memory.

Other adapters import from here and only from here. Not here: any vendor's paths, shapes or words.
"""

from incident_response.adapters.http.answers import Answer
from incident_response.adapters.http.breaker import Breaker, BreakerState, CircuitOpenError
from incident_response.adapters.http.client import Credentials, Params, VendorHttp
from incident_response.adapters.http.memory import Recollection, Remembered
from incident_response.adapters.http.session import path_segment, vendor_session
from incident_response.adapters.http.vendor import Bounds, Vendor
from incident_response.adapters.http.wire import ANYTHING, Text, Wire

__all__ = [
    "ANYTHING",
    "Answer",
    "Bounds",
    "Breaker",
    "BreakerState",
    "CircuitOpenError",
    "Credentials",
    "Params",
    "Recollection",
    "Remembered",
    "Text",
    "Vendor",
    "VendorHttp",
    "Wire",
    "path_segment",
    "vendor_session",
]
