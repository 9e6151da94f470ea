"""Opens the form for an update, filled with what there is at once: what was drafted with the last
reminder while that is fresh, else what the ledger tells.

Not here: drafting by a model, which a person who has clicked cannot wait for (nudge, drafting).
"""

from incident_response.blocks.update_form import update_form
from incident_response.domain import reminding
from incident_response.domain.errors import WrongStateError
from incident_response.domain.incident import Incident
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def open_update_form(request: Request, workflows: Workflows, incident: Incident) -> None:
    """Raises ``WrongStateError`` for a closed incident."""
    if incident.is_closed:
        raise WrongStateError("this incident is over")
    draft = reminding.prepared(incident, workflows.clock.now())
    if draft is not None:
        view = update_form(incident, draft.text, is_template=False)
    else:
        since = reminding.silent_since(incident)
        outline = await workflows.drafting.outline(incident, since)
        view = update_form(incident, outline.text, is_template=True)
    await workflows.chat.open_view(request.trigger_id, view)
