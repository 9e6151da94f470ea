"""The modal in which a message to customers is written, the one that asks why it is rejected, and
what was entered in them.

Not here: what becomes of it (actions, workflows.approval_gate).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from incident_response.blocks import action_ids, kit, limits
from incident_response.blocks.form import (
    entered,
    entered_text,
    metadata,
    origin_of,
    question,
)
from incident_response.blocks.page_words import COMPONENT, IMPACT, STATUS
from incident_response.blocks.text import clean, cut, start, units
from incident_response.domain.draft import (
    BODY_LIMIT,
    TITLE_LIMIT,
    Component,
    ComponentStatus,
    Draft,
    DraftContent,
    PageImpact,
    PageStatus,
)
from incident_response.domain.errors import RefusedError
from incident_response.domain.incident import Incident
from incident_response.domain.model import IncidentId, Json, Value

TITLE: Final = "title"
TEXT: Final = "text"
MORE: Final = "text_continued"
STATUS_BLOCK: Final = "page_status"
IMPACT_BLOCK: Final = "page_impact"
REASON: Final = "reason"
LONGEST_REASON: Final = 500
_JOINS = ("\n\n", "\n", " ")
"""Where a long text is parted, the best place first; anywhere if there is none of them."""
_USUAL = tuple(status for status in COMPONENT if status is not ComponentStatus.MAINTENANCE)

K = TypeVar("K", PageStatus, PageImpact)


class FormOrigin(Value):
    """Which text the modal was opened on."""

    incident_id: IncidentId
    code: str
    """The digest of the text: somebody else may have changed it meanwhile."""
    joint: str = ""
    """What stood between the text and its continuation."""


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote; the names of components are those of the list they chose from."""

    origin: FormOrigin
    content: DraftContent


@dataclass(frozen=True, slots=True)
class FieldErrors:
    """What is wrong with which field."""

    errors: dict[str, str]


def page_form(incident: Incident, draft: Draft, parts: Sequence[Component]) -> Json:
    """The modal, filled with the draft; ``parts`` is what is known of the page's components."""
    message = draft.message
    first, joint, rest = _split(message.body)
    origin = FormOrigin(incident_id=incident.incident_id, code=message.digest, joint=joint)
    title: Json = {"type": "plain_text_input", "max_length": TITLE_LIMIT}
    blocks = [
        question(TITLE, "Title", {**title, "initial_value": message.title}),
        question(TEXT, "What customers read", _text(first), hint=_hint()),
        *([question(MORE, "Text, continued", _text(rest), optional=True)] if rest else []),
        question(STATUS_BLOCK, "Status on the page", _choice(STATUS, message.status)),
        question(IMPACT_BLOCK, "Impact", _choice(IMPACT, message.impact)),
        *_component_questions(message.components, parts),
    ]
    return _modal(action_ids.PAGE_FORM, "Message to customers", "Save", origin, blocks)


def read_page_form(view: Json) -> Written | FieldErrors:
    """What was submitted, or what to mend; ``view`` is the payload's ``view``.

    Raises ``RefusedError`` with reason ``superseded`` or ``unreadable`` (see ``action_ids``).
    """
    origin = origin_of(view, FormOrigin)
    status, impact = _chosen(view, STATUS_BLOCK), _chosen(view, IMPACT_BLOCK)
    errors = {
        block: "Choose one."
        for block, value, known in (
            (STATUS_BLOCK, status, {*PageStatus}),
            (IMPACT_BLOCK, impact, {*PageImpact}),
        )
        if value not in known
    }
    if errors:
        return FieldErrors(errors)
    rest = entered_text(view, MORE)
    content = DraftContent(
        title=entered_text(view, TITLE),
        body=entered_text(view, TEXT) + (origin.joint + rest if rest else ""),
        status=PageStatus(status),
        impact=PageImpact(impact),
        components=tuple(_chosen_components(view)),
    )
    errors = _wrong(content)
    return FieldErrors(errors) if errors else Written(origin, content)


def reject_form(incident: Incident, draft: Draft) -> Json:
    """The modal that asks why."""
    origin = FormOrigin(incident_id=incident.incident_id, code=draft.message.digest)
    text: Json = {
        "type": "plain_text_input",
        "multiline": True,
        "max_length": LONGEST_REASON,
        "focus_on_load": True,
    }
    asked = question(REASON, f"Why is “{cut(clean(draft.message.title), 80)}” rejected?", text)
    return _modal(action_ids.PAGE_REJECT_FORM, "Reject the message", "Reject", origin, [asked])


def read_reason(view: Json) -> tuple[FormOrigin, str] | FieldErrors:
    """Which text was rejected and why; raises as ``read_page_form``."""
    origin = origin_of(view, FormOrigin)
    reason = clean(entered_text(view, REASON))
    if not reason:
        return FieldErrors({REASON: "Say in a few words what is wrong with it."})
    return origin, cut(reason, LONGEST_REASON)


# --- questions -------------------------------------------------------------------------------


def _modal(
    callback_id: str, title: str, submit: str, origin: FormOrigin, blocks: Sequence[Json]
) -> Json:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": kit.plain(title, limits.VIEW_TITLE),
        "submit": kit.plain(submit, limits.VIEW_TITLE),
        "close": kit.plain("Cancel", limits.VIEW_TITLE),
        "private_metadata": metadata(origin),
        "blocks": [*blocks],
    }


def _hint() -> str:
    return f"At most {BODY_LIMIT:,} characters. Saving makes a new revision, to be approved anew."


def _text(initial: str) -> Json:
    return {
        "type": "plain_text_input",
        "multiline": True,
        "max_length": limits.INPUT_VALUE,
        "initial_value": initial,
    }


def _split(body: str) -> tuple[str, str, str]:
    """The text in two inputs: the first, what stood between them, the rest."""
    if units(body) <= limits.INPUT_VALUE:
        return body, "", ""
    end = len(start(body, limits.INPUT_VALUE))
    for joint in _JOINS:
        # The rest has to fit as well.
        place = body.rfind(joint, 1, end)
        if place > 0 and units(body[place:]) <= limits.INPUT_VALUE:
            return body[:place], joint, body[place + len(joint) :]
    return body[:end], "", body[end:]


def _choice(words: dict[K, str], chosen: K) -> Json:
    options: dict[K, Json] = {v: kit.option(label, v.value) for v, label in words.items()}
    return {
        "type": "static_select",
        "options": [*options.values()],
        "initial_option": options[chosen],
    }


def _component_questions(chosen: Sequence[Component], parts: Sequence[Component]) -> list[Json]:
    """A list for each state, in which the components that are in it are chosen."""
    known = {part.component_id: part for part in (*chosen, *parts)}
    options = {
        part.component_id: kit.option(part.name or part.component_id, part.component_id)
        for part in [*known.values()][: limits.SELECT_OPTIONS]
    }
    if not options:
        return []
    used = {part.status for part in chosen}
    shown = [status for status in COMPONENT if status in _USUAL or status in used]
    return [
        question(
            _block(status),
            f"Components: {COMPONENT[status]}",
            kit.multi_select(
                "None",
                [*options.values()],
                [options[p.component_id] for p in chosen if p.status is status],
            ),
            optional=True,
        )
        for status in shown
    ]


def _block(status: ComponentStatus) -> str:
    return f"components_{status.value}"


# --- answers ---------------------------------------------------------------------------------


def _chosen(view: Json, block_id: str) -> str:
    option = entered(view, block_id).get("selected_option")
    value = option.get("value") if isinstance(option, dict) else None
    return value if isinstance(value, str) else ""


def _chosen_components(view: Json) -> Iterable[Component]:
    for status in COMPONENT:
        chosen = entered(view, _block(status)).get("selected_options")
        for option in chosen if isinstance(chosen, list) else []:
            value = option.get("value") if isinstance(option, dict) else None
            label = option.get("text") if isinstance(option, dict) else None
            name = label.get("text") if isinstance(label, dict) else None
            if isinstance(value, str) and value:
                shown = name if isinstance(name, str) else value
                yield Component(component_id=value, name=shown, status=status)


def _wrong(content: DraftContent) -> dict[str, str]:
    """The field that keeps the message from being one, and why."""
    twice = _twice(content.components)
    if twice:
        return {_block(twice.status): f"{twice.name} is in two lists: choose one."}
    for block, changed in ((TITLE, {"body": "x"}), (TEXT, {"title": "x"}), (TEXT, {})):
        try:
            content.model_copy(update=changed).message(page_id="page")
        except RefusedError as error:
            return {block: str(error)}
    return {}


def _twice(components: Iterable[Component]) -> Component | None:
    seen: set[str] = set()
    for part in components:
        if part.component_id in seen:
            return part
        seen.add(part.component_id)
    return None
