"""Asks how the response went: one click from one to five.

Not here: when (workflows), asking once more (aftercare).
"""

from typing import Final

from incident_response.blocks import action_ids, kit, words
from incident_response.blocks.text import Safe, say
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json
from incident_response.ports.chat import Message

WORST: Final = 1
BEST: Final = 5
_LABELS: Final = {1: "1 bad", 2: "2", 3: "3", 4: "4", 5: "5 good"}


def pulse(incident: Incident) -> Message:
    """The question, its five buttons, and what was answered so far."""
    text = say("How did we respond to this incident? {so_far}", so_far=_so_far(incident))
    blocks = [kit.section(text, block_id="pulse"), rating_buttons(incident)]
    return kit.message(text, blocks)


def rating_buttons(incident: Incident) -> Json:
    """One button a figure."""
    value = action_ids.encode_value(incident.incident_id)
    buttons = (
        kit.button(label, action_id=rate_action(rating), value=value)
        for rating, label in _LABELS.items()
    )
    return kit.actions(*buttons, block_id="pulse.rate")


def rate_action(rating: int) -> str:
    """The action id of the button for this figure."""
    return f"rate_{rating}"


def rated(rating: int) -> Message:
    """Thanks who rated."""
    text = say("✅ Noted: {rating} of {best}. Rate again to change it.", rating=rating, best=BEST)
    return kit.paragraph(text, block_id="rated")


def _so_far(incident: Incident) -> Safe:
    ratings = incident.ratings.values()
    if not ratings:
        return say("One click, changed as often as you like.")
    mean = f"{sum(ratings) / len(ratings):.1f}"
    return say(
        "So far {mean} of {best} ({n}).",
        mean=mean,
        best=BEST,
        n=words.plural(len(ratings), "rating"),
    )
