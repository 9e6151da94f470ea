"""Whether the public channels that the settings name exist."""

from incident_response.adapters.slack.chat import SlackChat
from incident_response.bootstrap.doctor.check import (
    ONLY_PROCESSOR,
    Check,
    Found,
    Patient,
    fine,
    off,
    wrong,
)


async def _look(patient: Patient) -> Found:
    if patient.slack is None:
        return off("not looked for without a bot token")
    settings = patient.settings
    chat = SlackChat(patient.slack, patient.clock)
    names = dict.fromkeys((settings.incidents_channel, settings.operators_channel))
    wanted = [name for name in names if name]
    if missing := [name for name in wanted if await chat.find_channel(name) is None]:
        return wrong(f"there is no public channel {' and no '.join(f'#{n}' for n in missing)}")
    return fine(" and ".join(f"#{name}" for name in wanted))


check = Check(
    name="Slack channels",
    remedy="make it, or name another in INCIDENTS_CHANNEL or OPERATORS_CHANNEL",
    processes=ONLY_PROCESSOR,
    look=_look,
)
