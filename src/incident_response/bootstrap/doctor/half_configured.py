"""Whether a vendor is off only because one of several settings is missing.

It would be off in silence: its rows are simply not in the room.
"""

from incident_response.bootstrap.doctor.check import (
    ONLY_PROCESSOR,
    Check,
    Found,
    Patient,
    fine,
    wrong,
)
from incident_response.bootstrap.vendors import VENDORS, Vendor
from incident_response.settings import Settings


async def _look(patient: Patient) -> Found:
    halves = [half for vendor in VENDORS if (half := _half(vendor, patient.settings))]
    if halves:
        return wrong("; ".join(halves), "set what is missing, or neither")
    on = sum(vendor.is_configured(patient.settings) for vendor in VENDORS)
    return fine(f"{on} of {len(VENDORS)} are configured, none of them half")


def _half(vendor: Vendor, settings: Settings) -> str:
    """What is missing of a vendor of which something is there; empty for every other."""
    missing = [need.upper() for need in vendor.missing(settings)]
    if not missing or len(missing) == len(vendor.needs):
        return ""
    return f"{vendor.name} is off: {' and '.join(missing)} is not set"


check = Check(name="Vendors", processes=ONLY_PROCESSOR, look=_look)
