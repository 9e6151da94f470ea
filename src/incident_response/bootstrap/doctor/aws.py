"""What the checks of AWS share: clients while they look, and what holds of each of them.

Not here: any check.
"""

from collections.abc import Awaitable, Callable

from incident_response.adapters.aws.session import AwsClients, credential_source
from incident_response.bootstrap.aws import open_aws
from incident_response.bootstrap.doctor.check import Found, Patient, off, wrong
from incident_response.domain.errors import IncidentResponseError, RetryableError
from incident_response.settings import Settings

Look = Callable[[Patient, AwsClients], Awaitable[Found]]

UNREACHABLE = (
    "AWS has to be reachable over HTTPS (DNS, egress rules, VPC endpoints); AWS_REGION is where"
    " everything is, AWS_ENDPOINT_URL is not set but for trials"
)


def on_aws(settings: Settings) -> bool:
    """Whether a check of AWS makes sense."""
    return settings.backend == "aws"


def with_clients(look: Look) -> Callable[[Patient], Awaitable[Found]]:
    """``look`` with clients of its own. Without a region and credentials it is off: the check
    *AWS* says that they are missing, once.
    """

    async def looked(patient: Patient) -> Found:
        if not await _can_ask(patient.settings):
            return off("not looked at without AWS_REGION and credentials")
        try:
            async with open_aws(patient.settings) as clients:
                return await look(patient, clients)
        except RetryableError as error:
            return wrong(str(error), UNREACHABLE)

    return looked


async def _can_ask(settings: Settings) -> bool:
    if not settings.aws_region:
        return False
    try:
        return bool(await credential_source(settings.aws_region, settings.aws_endpoint_url))
    except IncidentResponseError:  # told by the check that is about them
        return False
