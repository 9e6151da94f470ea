"""The pinned checklist: eleven items from the first minute to the reviewed postmortem.

Not here: how it is drawn (blocks) or who may tick it (workflows).
"""

from datetime import datetime

from incident_response.domain.model import UserId, Value


class ChecklistItem(Value):
    """One line, and who ticked it when."""

    key: str
    text: str
    checked_by: UserId | None = None
    checked_at: datetime | None = None

    @property
    def is_checked(self) -> bool:
        """Whether somebody ticked it."""
        return self.checked_by is not None


# The specification's eleven items, in its order.
STANDARD_CHECKLIST: tuple[ChecklistItem, ...] = tuple(
    ChecklistItem(key=key, text=text)
    for key, text in (
        ("room_assembled", "War room assembled"),
        ("commander_confirmed", "Incident commander confirmed"),
        ("responders_joined", "Responders joined"),
        ("severity_assessed", "Severity assessed"),
        ("customer_impact", "Customer impact identified"),
        ("page_draft", "Status page draft created"),
        ("page_published", "Status page message approved and published"),
        ("mitigated", "Impact mitigated"),
        ("all_clear", "All clear confirmed"),
        ("postmortem_draft", "Postmortem draft created"),
        ("postmortem_reviewed", "Postmortem reviewed"),
    )
)
