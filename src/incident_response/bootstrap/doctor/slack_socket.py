"""Whether Slack would give the app-level token a socket.

No socket is opened: Slack would send it a share of what people do, and the processor would not
see that.
"""

from incident_response.bootstrap.doctor.check import (
    ONLY_PROCESSOR,
    Check,
    Found,
    Patient,
    fine,
    wrong,
)


async def _look(patient: Patient) -> Found:
    if patient.slack is None or not patient.slack.access.app_token:
        return wrong("SLACK_APP_TOKEN is not set", "docs/slack-app.md says where it comes from")
    await patient.slack.would_open_socket()
    return fine("Slack gives us one whenever we ask")


check = Check(
    name="Slack socket",
    remedy="SLACK_APP_TOKEN is an app-level token (xapp-…) with connections:write, and Socket Mode"
    " is on",
    processes=ONLY_PROCESSOR,
    look=_look,
)
