"""Whether the bot token holds, and may do what the app's manifest asks for.

The scopes are those of ``artifacts/slack-manifest.yaml``, which a test holds to ``BOT_SCOPES``.
"""

from incident_response.bootstrap.doctor.check import (
    ONLY_PROCESSOR,
    Check,
    Found,
    Patient,
    fine,
    wrong,
)
from incident_response.bootstrap.slack_app import BOT_SCOPES

REINSTALL = "add them under OAuth & Permissions of the app, and install it again"


async def _look(patient: Patient) -> Found:
    if patient.slack is None:
        return wrong("SLACK_BOT_TOKEN is not set", "docs/slack-app.md says where it comes from")
    granted = await patient.slack.granted()
    if not granted.scopes:
        return wrong("Slack does not say what the token may do", "set a bot token (xoxb-…)")
    if missing := [scope for scope in BOT_SCOPES if scope not in granted.scopes]:
        return wrong(f"the token lacks {', '.join(missing)}", REINSTALL)
    spare = sorted(granted.scopes - set(BOT_SCOPES))
    beside = f"; it may also {', '.join(spare)}, which nothing here needs" if spare else ""
    return fine(f"@{granted.user} in {granted.team}, all {len(BOT_SCOPES)} scopes{beside}")


check = Check(
    name="Slack token",
    remedy="SLACK_BOT_TOKEN and SLACK_API_URL",
    processes=ONLY_PROCESSOR,
    look=_look,
)
