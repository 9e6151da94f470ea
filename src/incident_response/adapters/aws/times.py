"""Moments as DynamoDB keeps them: texts that sort as they follow each other, and whole seconds.

Not here: reading the clock.
"""

from datetime import datetime

from incident_response.adapters.aws.tables import EXPIRES_AT
from incident_response.adapters.times import micros


def sortable(moment: datetime) -> str:
    """Microseconds since 1970, in twenty digits."""
    return f"{micros(moment):020d}"


def expiring(moment: datetime) -> dict[str, int]:
    """The attribute that lets DynamoDB delete an item some time after ``moment``."""
    return {EXPIRES_AT: micros(moment) // 1_000_000}
