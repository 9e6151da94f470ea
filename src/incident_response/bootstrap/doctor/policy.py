"""Whether the policy can be read, as the processor reads it at its start."""

from incident_response.bootstrap.doctor.check import ONLY_PROCESSOR, Check, Found, Patient, fine
from incident_response.bootstrap.policy import load_policy


async def _look(patient: Patient) -> Found:
    file = patient.settings.policy_file
    severities = load_policy(patient.settings).severities
    where = f"in {file}" if file else "in the shipped policy"
    return fine(f"{len(severities)} severities {where}")


check = Check(
    name="Policy",
    remedy="incident-response policy check says it line by line",
    processes=ONLY_PROCESSOR,
    look=_look,
)
