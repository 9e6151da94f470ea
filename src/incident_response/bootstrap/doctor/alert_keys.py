"""Whether anybody may send alerts: a webhook without a key refuses to start."""

from incident_response.alert_sources import ALERT_SOURCES
from incident_response.bootstrap.alert_intake import generic_mapping, has_key
from incident_response.bootstrap.doctor.check import (
    ONLY_WEBHOOK,
    Check,
    Found,
    Patient,
    fine,
    wrong,
)


async def _look(patient: Patient) -> Found:
    generic_mapping(patient.settings)
    keyed = [source.name for source in ALERT_SOURCES if has_key(patient.settings, source)]
    if not keyed:
        return wrong("no alert source has a key, so no alert is taken in")
    return fine(f"taken in from {', '.join(keyed)}")


check = Check(
    name="Alert sources",
    remedy="set GRAFANA_ONCALL_WEBHOOK_KEY, ALERTMANAGER_WEBHOOK_KEY or GENERIC_WEBHOOK_KEY",
    processes=ONLY_WEBHOOK,
    look=_look,
)
