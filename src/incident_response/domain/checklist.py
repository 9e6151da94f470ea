"""The pinned checklist: eleven items from the first minute to the reviewed postmortem.

Not here: how it is drawn (blocks) or who may tick it (workflows).
"""

import re
from datetime import datetime

from incident_response.domain.errors import NotFoundError
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


def items_named(items: tuple[ChecklistItem, ...], named: str) -> tuple[ChecklistItem, ...]:
    """The items that a person means: ``3``, ``3, 4`` (from 1, in order), or words of one item.

    Raises ``NotFoundError``, which says what there is, if a number is none of them or the words
    fit none or several.
    """
    numbers = re.split(r"[\s,]+", named.strip(" ,"))
    if all(number.isascii() and number.isdigit() for number in numbers):
        return tuple(_numbered(items, number) for number in dict.fromkeys(numbers))
    word = named.strip().casefold()
    found = tuple(item for item in items if word in item.text.casefold())
    if len(found) > 1:
        which = "; ".join(item.text for item in found)
        raise NotFoundError(f"“{named[:60]}” may be several items: {which}")
    if not word or not found:
        raise NotFoundError(f"the checklist has no item “{named[:60]}”; name it by its number")
    return found


def _numbered(items: tuple[ChecklistItem, ...], number: str) -> ChecklistItem:
    if len(number) > 3 or not 1 <= int(number) <= len(items):
        raise NotFoundError(f"the checklist has items 1 to {len(items)}, no {number[:12]}")
    return items[int(number) - 1]
