"""Whether both tables are there and as they should be, and the processor may read them.

They are described, as ``infra check`` does, for which the processor's role has three rights to
each table that only this needs; and an item that means nothing and each index are read. Nothing is
written: that the processor can write it says itself (``/readyz``).
"""

from incident_response.adapters.aws.items import Items
from incident_response.adapters.aws.session import AwsClients
from incident_response.adapters.aws.table_resource import TableResource
from incident_response.adapters.aws.tables import PROBE, Kind, Table, audit_table, incidents_table
from incident_response.bootstrap.doctor.aws import on_aws, with_clients
from incident_response.bootstrap.doctor.check import (
    ONLY_PROCESSOR,
    Check,
    Found,
    Patient,
    fine,
    wrong,
)

_NOTHING = Kind(PROBE.partition, PROBE.partition)


@with_clients
async def _look(patient: Patient, clients: AwsClients) -> Found:
    settings = patient.settings
    tables = incidents_table(settings.incidents_table), audit_table(settings.audit_table)
    problems = [
        f"{table.name}: {problem}"
        for table in tables
        for problem in await TableResource(table).wrong(clients)
    ]
    if problems:
        return wrong("; ".join(problems))
    for table in tables:
        await _read(Items(clients.dynamodb, table.name), table)
    return fine(f"{' and '.join(table.name for table in tables)} are as they should be")


async def _read(items: Items, table: Table) -> None:
    await items.get(PROBE)
    for index in table.indexes:
        await items.find(index, _NOTHING, limit=1)


check = Check(
    name="Tables",
    remedy="INCIDENTS_TABLE and AUDIT_TABLE as the stack's outputs say, the template's"
    " ProcessorPolicy for the role; incident-response infra apply sets right what it can"
    " (docs/aws-resources.md)",
    processes=ONLY_PROCESSOR,
    applies=on_aws,
    look=_look,
)
