"""The card and the forms of messages to customers: all of the text is shown, whatever it is."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from incident_response.blocks import page_replies
from incident_response.blocks.lookalikes import mixed_words
from incident_response.blocks.page_card import page_card
from incident_response.blocks.page_form import (
    IMPACT_BLOCK,
    MORE,
    STATUS_BLOCK,
    TEXT,
    TITLE,
    FieldErrors,
    Written,
    page_form,
    read_page_form,
    reject_form,
)
from incident_response.blocks.refusals import failed
from incident_response.domain.draft import (
    BODY_LIMIT,
    TITLE_LIMIT,
    Approval,
    Component,
    ComponentStatus,
    Draft,
    DraftContent,
    DraftState,
    PageImpact,
    PageStatus,
    PageThread,
)
from incident_response.domain.errors import NotAnApproverError, RefusedError
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json, UserId
from incident_response.ports.page_board import PageInfo
from tests.blocks import samples, slack_limits
from tests.blocks.reading import buttons, shown
from tests.blocks.samples import ADA, COMMANDED, NOW, POLICY

EXAMPLES = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
PAGE = PageInfo(name="Tidewater", url="https://status.tidewater.test")

texts = st.lists(samples.hostile | st.text(max_size=200), max_size=40).map("".join)
components = st.lists(
    st.builds(
        Component,
        component_id=st.uuids().map(str),
        name=samples.hostile,
        status=st.sampled_from(ComponentStatus),
    ),
    max_size=12,
).map(tuple)


@st.composite
def contents(draw: st.DrawFn) -> DraftContent:
    """What somebody may write, as long as a card can show it."""
    content = DraftContent(
        title=draw(samples.hostile | st.text(max_size=TITLE_LIMIT)),
        body=draw(texts)[:BODY_LIMIT],
        status=draw(st.sampled_from(PageStatus)),
        impact=draw(st.sampled_from(PageImpact)),
        components=draw(components),
    )
    try:
        content.message(page_id="p")
    except RefusedError:
        assume(False)
    return content


def with_draft(content: DraftContent, **changes: Any) -> Incident:
    message = content.message(page_id="p")
    draft = Draft(number=1, message=message, drafted_by=ADA, drafted_at=NOW).model_copy(
        update=changes
    )
    page = PageThread(draft=draft, drafts=1, title=message.title)
    return COMMANDED.model_copy(update={"page": page})


def content(body: str = "Some payments fail.", title: str = "Payments fail") -> DraftContent:
    return DraftContent(
        title=title, body=body, status=PageStatus.INVESTIGATING, impact=PageImpact.MAJOR
    )


def blocks_named(blocks: Any, start: str) -> str:
    """The exact texts of the blocks whose ids begin so, put together."""
    return "".join(b["text"]["text"] for b in blocks if b["block_id"].startswith(start))


@EXAMPLES
@given(written=contents(), state=st.sampled_from(DraftState), trouble=samples.hostile)
def test_a_card_shows_every_sign_that_customers_would_read_and_fits(
    written: DraftContent, state: DraftState, trouble: str
) -> None:
    given_one = Approval(by=ADA, at=NOW, digest="d", right="commander")
    for is_stuck in (False, True):
        incident = with_draft(
            written,
            state=DraftState.APPROVED if is_stuck else state,
            trouble=trouble,
            is_stuck=is_stuck,
            approvals=(given_one,),
        )
        card = page_card(incident, policy=POLICY, page=PAGE)
        message = written.message(page_id="p")
        assert slack_limits.violations(card) == []
        assert blocks_named(card.blocks, "title") == message.title
        assert blocks_named(card.blocks, "text.") == message.body
        assert slack_limits.mentions(card) <= {"@U0ADA", "@U0BEN"}
        assert slack_limits.links(card) <= {PAGE.url}


@EXAMPLES
@given(written=contents())
def test_a_form_that_is_sent_as_it_was_opened_changes_nothing(written: DraftContent) -> None:
    incident = with_draft(written)
    draft = incident.page.draft
    assert draft is not None
    form = page_form(incident, draft, ())
    assert slack_limits.violations(form) == []
    read = read_page_form({**form, "state": {"values": entered_as_opened(form)}})
    assert isinstance(read, Written)
    assert read.origin.code == draft.message.digest
    saved = read.content.message(page_id="p")
    assert (saved.title, saved.body, saved.status, saved.impact) == (
        draft.message.title,
        draft.message.body,
        draft.message.status,
        draft.message.impact,
    )
    before = {part.component_id: part.status for part in draft.message.components}
    assert {part.component_id: part.status for part in saved.components} == before


def entered_as_opened(form: Json) -> Json:
    """The state that Slack sends for a form in which nobody changed anything."""
    values: Json = {}
    blocks: Any = form["blocks"]
    for block in blocks:
        element = block["element"]
        told = {
            "value": element.get("initial_value"),
            "selected_option": element.get("initial_option"),
            "selected_options": element.get("initial_options", []),
        }
        values[block["block_id"]] = {element.get("action_id", block["block_id"]): told}
    return values


@EXAMPLES
@given(text=samples.hostile, written=contents())
def test_whatever_people_are_told_about_a_message_fits_and_calls_only_whom_it_should(
    text: str, written: DraftContent
) -> None:
    for state in DraftState:
        incident = with_draft(written, state=state, trouble=text, is_stuck=False)
        draft = incident.page.draft
        assert draft is not None
        told = [
            page_replies.drafted(draft, note=text),
            page_replies.draft_waits(draft),
            page_replies.answered(incident, policy=POLICY),
            page_replies.not_saved(written, text),
            page_replies.draft_due(incident),
            page_replies.outcome(incident, draft),
        ]
        for message in filter(None, told):
            assert slack_limits.violations(message) == []
            assert slack_limits.mentions(message) <= {"@U0BEN"}
        assert slack_limits.violations(reject_form(incident, draft)) == []


@pytest.mark.parametrize("body", ["x" * BODY_LIMIT, '"' * 4_000, " " * 300])
def test_a_text_that_could_not_be_shown_whole_is_refused_when_it_is_written(body: str) -> None:
    with pytest.raises(RefusedError, match=r"shorten|gap"):
        content(f"a{body}a").message(page_id="p")


def test_the_confirmation_names_page_status_components_and_reach() -> None:
    parts = tuple(Component(component_id=n, name=n.title()) for n in ("api", "web", "app", "shop"))
    written = content().model_copy(update={"components": parts})
    card = page_card(with_draft(written, subscribers=1_234), policy=POLICY, page=PAGE)
    approve: Any = next(b for b in card.blocks if b["block_id"] == "card.buttons")
    asked = approve["elements"][0]["confirm"]["text"]["text"]
    for word in (
        "Tidewater",
        "Investigating",
        "Api, Web, App and 1 more",
        "1,234",
        "Some payments",
    ):
        assert word in asked


def test_a_card_warns_of_words_in_letters_of_two_alphabets() -> None:
    assert mixed_words("p\u0430ypal and paypal, Пример, naïve") == ("p\u0430ypal",)
    assert "Letters of several" in shown(
        page_card(with_draft(content("Pay with p\u0430ypal.")), policy=POLICY)
    )
    assert "Letters of several" not in shown(page_card(with_draft(content()), policy=POLICY))


def test_every_button_names_exactly_the_text_it_stands_under() -> None:
    incident = with_draft(content())
    draft = incident.page.draft
    assert draft is not None
    for _, _, value in buttons(page_card(incident, policy=POLICY)):
        assert draft.message.digest in value


def test_a_form_says_which_field_to_mend() -> None:
    def read(title: str, body: str) -> FieldErrors | Written:
        incident = with_draft(content())
        assert incident.page.draft is not None
        form = page_form(incident, incident.page.draft, ())
        values = entered_as_opened(form)
        values[TITLE] = {TITLE: {"value": title}}
        values[TEXT] = {TEXT: {"value": body}}
        return read_page_form({**form, "state": {"values": values}})

    for title, body, field in ((" ", "x", TITLE), ("x", " ", TEXT), ("x", "y" * 6_000, TEXT)):
        found = read(title, body)
        assert isinstance(found, FieldErrors)
        assert set(found.errors) == {field}


def test_a_long_text_is_edited_in_two_fields_and_comes_back_whole() -> None:
    body = "\n\n".join(["A sentence that is neither long nor short." * 3] * 33)
    incident = with_draft(content(body))
    assert incident.page.draft is not None
    form = page_form(incident, incident.page.draft, ())
    assert MORE in str(form)
    read = read_page_form({**form, "state": {"values": entered_as_opened(form)}})
    assert isinstance(read, Written)
    assert read.content.body == body


def test_a_form_with_nothing_chosen_is_not_taken_for_a_choice() -> None:
    incident = with_draft(content())
    assert incident.page.draft is not None
    form = page_form(incident, incident.page.draft, ())
    found = read_page_form({**form, "state": {"values": {}}})
    assert isinstance(found, FieldErrors)
    assert set(found.errors) == {STATUS_BLOCK, IMPACT_BLOCK}


def test_a_refusal_names_who_may_approve() -> None:
    error = NotAnApproverError("no", commander=UserId("U0ADA"), group="approvers")
    told = failed("approve", error).text
    assert "May: <@U0ADA> or a member of @approvers" in told
    assert "somebody has to take command" in failed("approve", NotAnApproverError("no")).text
