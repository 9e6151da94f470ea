"""Whether the key that seals the ledgers is set, and is the one that they were sealed with.

Of the newest incident's ledger the first entry is checked; all of them are by ``incident-response
audit verify``. The embedded backend makes a key of its own if none is set.
"""

from incident_response.adapters.aws.backend import AwsRecords
from incident_response.adapters.aws.session import AwsClients
from incident_response.bootstrap.backend import ledger_key
from incident_response.bootstrap.doctor.aws import on_aws, with_clients
from incident_response.bootstrap.doctor.check import (
    ONLY_PROCESSOR,
    Check,
    Found,
    Patient,
    fine,
    wrong,
)
from incident_response.domain.errors import LedgerBrokenError
from incident_response.domain.ledger import LedgerEntry, Seal
from incident_response.domain.model import IncidentId


async def _look(patient: Patient) -> Found:
    if ledger_key(patient.settings) is None:
        return wrong("LEDGER_KEY is not set: it seals the ledgers", "docs/secrets.md")
    return await _compared(patient)


@with_clients
async def _compared(patient: Patient, clients: AwsClients) -> Found:
    settings, key = patient.settings, ledger_key(patient.settings)
    assert key is not None, "looked at before"
    tables = settings.incidents_table, settings.audit_table
    records = AwsRecords(clients, tables=tables, clock=patient.clock)
    for incident in await records.incidents.recent(open_only=False, limit=1):
        first = await records.ledger.entries(incident.incident_id, limit=1)
        return _matched(Seal(key), incident.incident_id, first)
    return fine("it is set; there is no ledger yet to compare it with")


def _matched(seal: Seal, incident_id: IncidentId, first: list[LedgerEntry]) -> Found:
    if not first:
        return wrong(f"the ledger of {incident_id} is empty")
    try:
        seal.verify(incident_id, first)
    except LedgerBrokenError as error:
        return wrong(f"it is not the one of the ledger of {incident_id}: {error}")
    return fine(f"it is set, and is the one of the ledger of {incident_id}")


check = Check(
    name="Ledger key",
    remedy="set LEDGER_KEY to the key that the ledgers were begun with (docs/secrets.md); if it"
    " is, ask incident-response audit verify",
    processes=ONLY_PROCESSOR,
    applies=on_aws,
    look=_look,
)
