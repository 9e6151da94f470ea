"""What of AWS shows in a trace. Not here: what a span may hold (tests/telemetry)."""

from incident_response.adapters.aws.forms import IS_NEW, at
from incident_response.adapters.aws.items import Items
from incident_response.adapters.aws.signed import SignedDynamo
from incident_response.adapters.aws.tables import Key
from incident_response.telemetry import span
from tests.aws.harness import AwsPorts
from tests.ports import samples
from tests.telemetry_reading import everything_measured, spans

KEY = Key("A", "B")


async def test_every_call_of_aws_within_a_trace_has_a_span_named_after_it(
    ports: AwsPorts,
) -> None:
    table = ports.incidents_table.name
    with span("test", parent="") as around:
        await Items(SignedDynamo(ports.clients.signing), table).put(at(KEY), IS_NEW)
        await Items(ports.clients.dynamodb, table).get(KEY)
        await ports.queue("events").send([samples.message("id-1")])
    found = spans(f"{around.get_span_context().trace_id:032x}")
    assert [one.name for one in found if one.name != "test"] == [
        "aws dynamodb PutItem",
        "aws dynamodb GetItem",
        "aws sqs SendMessageBatch",
    ]


async def test_outside_of_a_trace_a_call_has_none(ports: AwsPorts) -> None:
    before = everything_measured().count("aws dynamodb GetItem")
    await Items(ports.clients.dynamodb, ports.incidents_table.name).get(KEY)
    assert everything_measured().count("aws dynamodb GetItem") == before
