"""Whether there are a region and credentials of AWS, whatever they may be used for.

No service is asked who we are: one that is not needed otherwise need not be reachable.
"""

from incident_response.adapters.aws.session import credential_source
from incident_response.bootstrap.doctor.aws import on_aws
from incident_response.bootstrap.doctor.check import Check, Found, Patient, fine, wrong


async def _look(patient: Patient) -> Found:
    region, elsewhere = patient.settings.aws_region, patient.settings.aws_endpoint_url
    if not region:
        return wrong("AWS_REGION is not set", "set it to the region of the tables and queues")
    source = await credential_source(region, elsewhere)
    if not source:
        return wrong("there are no AWS credentials")
    where = f"{region} at {elsewhere}" if elsewhere else region
    return fine(f"{where}, credentials from {source}")


check = Check(
    name="AWS",
    remedy="give the process a role (on Kubernetes by its service account, docs/deployment.md);"
    " for trials set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    applies=on_aws,
    look=_look,
)
