"""Whether the collector takes what is sent to it: nothing, but with its address, its headers and
its certificate. A collector that takes nothing fails no incident, and so is easily overlooked.
"""

import asyncio
import importlib

from incident_response.bootstrap.doctor.check import Check, Found, Patient, fine, off, wrong


async def _look(patient: Patient) -> Found:
    endpoint = patient.settings.otel_exporter_otlp_endpoint
    if not endpoint:
        return off(
            "nothing is sent", "to send traces and metrics, set OTEL_EXPORTER_OTLP_ENDPOINT"
        )
    otlp = importlib.import_module("incident_response.bootstrap.otlp")
    refused: str = await asyncio.to_thread(otlp.refused, patient.settings)
    return wrong(refused) if refused else fine(f"{endpoint} takes traces and metrics")


check = Check(
    name="Telemetry",
    remedy="OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS as the collector wants"
    " them, and a way to it (docs/telemetry.md)",
    look=_look,
)
