"""Whether schedules can be made, with the role that sends to the queues, and deleted again.

The one check that changes something, since AWS tells in no other way whether it takes the role: it
makes a schedule of a name of its own and deletes it. It is disabled and a year away, so that one
that is left behind never fires, and the next look deletes it. Whether the role may send is seen
only by a schedule that fires.
"""

from datetime import timedelta

from incident_response.adapters.aws.session import AwsClients
from incident_response.bootstrap.aws import aws_queues, aws_scheduler
from incident_response.bootstrap.doctor.aws import on_aws, with_clients
from incident_response.bootstrap.doctor.check import ONLY_PROCESSOR, Check, Found, Patient, fine
from incident_response.domain.queues import NUDGE_QUEUE
from incident_response.ports.scheduler import Schedule

NAME = "doctor"
"""No schedule of an incident is named like this: theirs hold its id."""
AHEAD = timedelta(days=365)


@with_clients
async def _look(patient: Patient, clients: AwsClients) -> Found:
    settings = patient.settings
    queues = aws_queues(settings, clients)
    scheduler = aws_scheduler(settings, clients, queues, clock=patient.clock)
    never = Schedule(
        name=NAME,
        queue=NUDGE_QUEUE,
        type="never.fires",
        group=NAME,
        body={},
        first_at=patient.clock.now() + AHEAD,
        is_enabled=False,
    )
    await scheduler.put(never)
    await scheduler.delete(NAME)
    return fine(f"one was made in {settings.schedule_group} and deleted")


check = Check(
    name="Schedules",
    remedy="SCHEDULE_GROUP and SCHEDULER_ROLE_ARN as the stack's outputs say, a role that"
    " scheduler.amazonaws.com may take, and the template's ProcessorPolicy with iam:PassRole",
    processes=ONLY_PROCESSOR,
    applies=on_aws,
    look=_look,
)
