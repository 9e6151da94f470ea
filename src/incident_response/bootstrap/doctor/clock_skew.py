"""Whether this machine's clock agrees with Slack's.

A wrong clock refuses signed alerts, puts slots and ledger entries at wrong times, and breaks the
signatures of AWS.
"""

from datetime import datetime, timedelta

from incident_response.bootstrap.doctor.check import (
    ONLY_PROCESSOR,
    Check,
    Found,
    Patient,
    fine,
    off,
    wrong,
)

MOST = timedelta(seconds=30)
"""A tenth of what signatures of alerts and of AWS allow (five minutes), so that it is mended in
time."""
TOLD_IN = timedelta(seconds=1)
"""A ``Date`` header knows only whole seconds."""


async def _look(patient: Patient) -> Found:
    if patient.slack is None:
        return off("not compared without a bot token")
    asked_at = patient.clock.now()
    told_at = (await patient.slack.granted()).told_at
    if told_at is None:
        return off("Slack did not say what time it is")
    skew = skew_of(told_at, asked_at=asked_at, answered_at=patient.clock.now())
    if abs(skew) > MOST:
        which = "ahead of" if skew > timedelta() else "behind"
        return wrong(f"it is {abs(skew).total_seconds():.0f} s {which} Slack's")
    return fine(f"within {max(abs(skew), TOLD_IN).total_seconds():.0f} s of Slack's")


def skew_of(told_at: datetime, *, asked_at: datetime, answered_at: datetime) -> timedelta:
    """How far ahead our clock is at least (negative: behind), nothing if that cannot be told.

    The other side looked at its clock at some moment between asking and answer.
    """
    if answered_at < told_at:
        return answered_at - told_at
    if asked_at > told_at + TOLD_IN:
        return asked_at - told_at - TOLD_IN
    return timedelta()


check = Check(
    name="Clock",
    remedy="have the machine's clock kept by NTP (timedatectl, chronyc tracking)",
    processes=ONLY_PROCESSOR,
    look=_look,
)
