"""Whether anybody may send alerts, where their keys are settings: a webhook without one refuses to
start.
"""

from incident_response.bootstrap.alert_intake import generic_mapping
from incident_response.bootstrap.backend import keys_set
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
    keyed = keys_set(patient.settings)
    if not keyed:
        return wrong("no alert source has a key, so no alert is taken in")
    return fine(f"taken in from {', '.join(keyed)}")


check = Check(
    name="Alert sources",
    remedy="set GRAFANA_ONCALL_WEBHOOK_KEY, ALERTMANAGER_WEBHOOK_KEY or GENERIC_WEBHOOK_KEY",
    processes=ONLY_WEBHOOK,
    applies=lambda settings: settings.backend == "embedded",
    look=_look,
)
