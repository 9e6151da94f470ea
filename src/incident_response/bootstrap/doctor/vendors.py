"""A check for each vendor of the table: whether it can be reached, and our token reads there.

What each asks is its adapter's ``ping``; a wrong address or id (such as a team of Linear's that is
no UUID) is already refused where the adapter is made.
"""

from typing import Protocol, runtime_checkable

from incident_response.bootstrap.doctor.check import (
    ONLY_PROCESSOR,
    Check,
    Found,
    Patient,
    fine,
    off,
)
from incident_response.bootstrap.vendors import VENDORS, Vendor


@runtime_checkable
class _Pinged(Protocol):
    """An adapter that can say whether it would work."""

    async def ping(self) -> str: ...


def check_of(vendor: Vendor) -> Check:
    """The check of one vendor."""

    async def look(patient: Patient) -> Found:
        if not vendor.is_configured(patient.settings):
            needs = " and ".join(need.upper() for need in vendor.needs)
            return off("not configured", f"to use it, set {needs}")
        adapter = vendor.connect(patient.settings, patient.connection)
        assert isinstance(adapter, _Pinged), f"{vendor.name} has no ping"
        return fine(await adapter.ping())

    return Check(
        name=vendor.name,
        remedy=f"docs/troubleshooting.md, under “What is missing says {vendor.name}”",
        processes=ONLY_PROCESSOR,
        look=look,
    )


checks = tuple(check_of(vendor) for vendor in VENDORS)
