"""The timeline in pages, and what was put into it.

Rows stand in rich text, where nothing is parsed. Not here: what a row says (domain.timeline), the
forms (timeline_forms).
"""

from collections.abc import Iterable, Sequence
from typing import Final

from incident_response.blocks import action_ids, kit, rich, words
from incident_response.blocks.text import Safe, bold, code, excerpt, join, say
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json
from incident_response.domain.timeline import TimelineRow
from incident_response.ports.chat import Message

PER_PAGE: Final = 12
"""Rows of a page: as many as fit Slack's limit for a message if every row is long."""
ROW: Final = 200
"""Characters of one told text in a row."""


def pages(rows: Sequence[TimelineRow]) -> int:
    """How many pages there are, at least one."""
    return max(1, -(-len(rows) // PER_PAGE))


def timeline_page(
    incident: Incident, rows: Sequence[TimelineRow], *, page: int | None = None
) -> Message:
    """One page, oldest first; the newest page unless one is named."""
    last = pages(rows)
    shown = min(max(1, page or last), last)
    heading = join(
        [
            say("{title}", title=bold(excerpt(f"Timeline of {words.title(incident)}", 200))),
            say("page {n} of {all}", n=shown, all=last) if last > 1 else Safe(),
        ]
    )
    part = rows[(shown - 1) * PER_PAGE : shown * PER_PAGE]
    body = [_rows(part, shown)] if part else []
    hint = say(
        "{add} puts something in, {move} corrects when it was; # is the number.",
        add=code("timeline add [time] text"),
        move=code("timeline move # time"),
    )
    return kit.message(
        heading,
        [
            kit.section(heading, block_id="timeline"),
            *body,
            kit.actions(*_buttons(incident, shown, last), block_id="timeline.buttons"),
            kit.context(hint, block_id="timeline.hint"),
        ],
    )


def row_text(row: TimelineRow, limit: int) -> list[Json]:
    """A row's words as rich text, people as mentions."""
    return [
        rich.plain_words(part, limit) if isinstance(part, str) else rich.person(part.user_id)
        for part in row.parts
    ]


def event_added(text: str, shown_at: str) -> Message:
    """Tells who added it that it is there."""
    told = say("✅ In the timeline at {at}: {text}", at=shown_at, text=excerpt(text, ROW))
    return kit.paragraph(told, block_id="timeline.added")


def event_moved(seq: int, shown_at: str) -> Message:
    """Tells who corrected it."""
    told = say("✅ Event {seq} stands at {at} now.", seq=code(f"#{seq}"), at=shown_at)
    return kit.paragraph(told, block_id="timeline.moved")


def _rows(rows: Iterable[TimelineRow], page: int) -> Json:
    return kit.rich_text(*map(_row, rows), block_id=f"timeline.{page}")


def _row(row: TimelineRow) -> Json:
    corrected = [rich.words(" (time corrected)")] if row.is_moved else []
    return rich.section(
        rich.text(f"#{row.seq}", 10, code=True),
        rich.words(" "),
        rich.time(row.at),
        rich.words("  "),
        *row_text(row, ROW),
        *corrected,
    )


def _buttons(incident: Incident, page: int, last: int) -> list[Json]:
    buttons = []
    if page > 1:
        buttons.append(_turn("Earlier", action_ids.TIMELINE_EARLIER, incident, page - 1))
    if page < last:
        buttons.append(_turn("Later", action_ids.TIMELINE_LATER, incident, page + 1))
    value = action_ids.encode_value(incident.incident_id)
    buttons.append(kit.button("Add event", action_id=action_ids.ADD_EVENT, value=value))
    buttons.append(kit.button("Correct a time", action_id=action_ids.MOVE_EVENT, value=value))
    return buttons


def _turn(label: str, action_id: str, incident: Incident, page: int) -> Json:
    value = action_ids.encode_value(incident.incident_id, choice=str(page))
    return kit.button(label, action_id=action_id, value=value)
