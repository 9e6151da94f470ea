"""Whether the collector takes what is sent to it: nothing, but with its address, its headers and
its certificate. A collector that takes nothing fails no incident, and so is easily overlooked.
"""

import asyncio

from incident_response.bootstrap.doctor.check import Check, Found, Patient, fine, off, wrong
from incident_response.bootstrap.otlp import refused


async def _look(patient: Patient) -> Found:
    endpoint = patient.settings.otel_exporter_otlp_endpoint
    if not endpoint:
        return off(
            "nothing is sent", "to send traces and metrics, set OTEL_EXPORTER_OTLP_ENDPOINT"
        )
    reason = await asyncio.to_thread(refused, patient.settings)
    return wrong(reason) if reason else fine(f"{endpoint} takes traces and metrics")


check = Check(
    name="Telemetry",
    remedy="OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS as the collector wants"
    " them, and a way to it (docs/telemetry.md)",
    look=_look,
)
