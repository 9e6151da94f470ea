"""Words for whom an incident hurts.

Not here: the buttons (controls), what raising an impact does (workflows).
"""

from incident_response.blocks import kit
from incident_response.blocks.text import say
from incident_response.domain.response import Impact
from incident_response.ports.chat import Message


def raised_already(impact: Impact) -> Message:
    """Tells one person that somebody said so before, so that nobody was called again."""
    text = say(
        "The impact on {impact} has been raised already; nobody was called again.",
        impact=impact.value,
    )
    return kit.paragraph(text, block_id="impact")
