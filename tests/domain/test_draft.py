import hashlib
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_response.domain.draft import (
    BODY_LIMIT,
    NAME_ROOM,
    ROOM_LIMIT,
    ROW_ROOM,
    TITLE_LIMIT,
    Approval,
    Author,
    Component,
    ComponentStatus,
    Draft,
    DraftContent,
    DraftState,
    PageImpact,
    PageMessage,
    PageStatus,
    PageThread,
    written_units,
)
from incident_response.domain.errors import RefusedError
from incident_response.domain.model import UserId
from tests.fakes.clock import START

CHECKOUT = Component(component_id="c1", name="Checkout", status=ComponentStatus.MAJOR_OUTAGE)
STATES = set(DraftState)


def content(**changes: object) -> DraftContent:
    values: dict[str, object] = {
        "title": "Payments fail",
        "body": "We look into it.",
        "status": PageStatus.INVESTIGATING,
        "impact": PageImpact.MAJOR,
        "components": (CHECKOUT,),
    }
    return DraftContent.model_validate(values | changes)


def message(**changes: object) -> PageMessage:
    return content(**changes).message(page_id="page1", page_incident_id="p7")


def draft(state: DraftState = DraftState.PENDING, **changes: object) -> Draft:
    made = Draft(number=2, revision=3, message=message(), drafted_at=START, state=state)
    return made.model_copy(update=changes)


def approval(attempt: int) -> Approval:
    by = UserId(f"U{attempt}")
    return Approval(by=by, at=START, digest="d", right="commander", attempt=attempt)


def test_a_message_carries_all_of_its_content_to_the_page_it_was_made_for() -> None:
    assert message().model_dump() == {
        "page_id": "page1",
        "page_incident_id": "p7",
        **content().model_dump(),
    }
    assert content().message(page_id="page1").page_incident_id == ""


def test_the_digest_is_that_of_every_field_and_the_code_is_its_beginning() -> None:
    text = json.dumps(message().model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    assert message().digest == hashlib.sha256(text.encode()).hexdigest()
    assert message().code == message().digest[:6]
    others = [
        message(title="Else"),
        message(body="Else"),
        message(status=PageStatus.RESOLVED),
        message(impact=PageImpact.NONE),
        message(components=()),
        message(components=(CHECKOUT.model_copy(update={"status": ComponentStatus.OPERATIONAL}),)),
        content().message(page_id="page2", page_incident_id="p7"),
        content().message(page_id="page1"),
    ]
    assert len({one.digest for one in (message(), *others)}) == len(others) + 1


@given(st.text(max_size=200), st.text(max_size=400))
def test_what_is_made_a_message_shows_everything_it_holds(title: str, body: str) -> None:
    try:
        made = message(title=title, body=body)
    except RefusedError:
        return
    assert made.composed() == made
    for text in (made.title, made.body):
        assert unicodedata.is_normalized("NFC", text)
        hidden = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co")}
        assert hidden <= set("\n\t\u200c\u200d")
    assert made.title == " ".join(made.title.split())


def test_texts_that_only_look_different_are_the_same_message() -> None:
    plain = message(title="Café down", body="Ça va")
    assert message(title=" Cafe\u0301\n down\u200b", body="C\u0327a va\u202e") == plain


@pytest.mark.parametrize("text", ["", "  \n ", "\u200b\u202e", "\u200d \u2800"])
def test_an_empty_title_or_text_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="title is empty: write what customers shall read"):
        message(title=text)
    with pytest.raises(RefusedError, match="text is empty"):
        message(body=text)


def test_a_text_is_refused_that_would_not_be_shown_whole() -> None:
    assert len(message(title="t" * TITLE_LIMIT).title) == TITLE_LIMIT
    assert len(message(body="b" * BODY_LIMIT).body) == BODY_LIMIT
    with pytest.raises(RefusedError, match=r"title has 151 characters.* 150 .*shorten it by 1"):
        message(title="t" * 151)
    with pytest.raises(RefusedError, match=r"text has 5,003 characters.* 5,000 .*shorten it by 3"):
        message(body="b" * 5_003)


def test_characters_that_are_not_shown_do_not_count() -> None:
    assert message(title="t" * TITLE_LIMIT + "\u200b" * 9).title == "t" * TITLE_LIMIT


def test_a_component_has_one_status() -> None:
    other = CHECKOUT.model_copy(update={"status": ComponentStatus.OPERATIONAL})
    search = Component(component_id="c2", name="Search")
    assert message(components=(CHECKOUT, search)).components == (CHECKOUT, search)
    with pytest.raises(RefusedError, match=r"^Checkout is there twice"):
        message(components=(CHECKOUT, search, other))


def test_which_states_are_settled_under_way_or_wait_for_somebody() -> None:
    assert {s for s in STATES if s.is_settled} == {DraftState.PUBLISHED, DraftState.REJECTED}
    under_way = STATES - {DraftState.PUBLISHED, DraftState.REJECTED, DraftState.PENDING}
    assert {s for s in STATES if s.is_under_way} == under_way
    assert {s for s in STATES if draft(s).may_be_edited} == {DraftState.PENDING}
    waiting = {DraftState.PENDING, DraftState.NEEDS_HUMAN}
    assert {s for s in STATES if draft(s).waits_for_approval} == waiting
    stuck = draft(DraftState.APPROVED, is_stuck=True)
    assert stuck.may_be_edited
    assert stuck.waits_for_approval


def test_approvals_count_for_the_attempt_under_way_or_else_for_the_next() -> None:
    approvals = (approval(1), approval(2))
    sent = draft(DraftState.SENDING, attempt=1, approvals=approvals)
    assert sent.given == (approvals[0],)
    asked_again = draft(DraftState.NEEDS_HUMAN, attempt=1, approvals=approvals)
    assert asked_again.given == (approvals[1],)
    assert draft().given == ()


def test_a_key_names_draft_revision_and_attempt() -> None:
    assert draft(attempt=4).key == "2.3.4"


def test_a_text_is_named_by_its_digest_or_by_at_least_its_code() -> None:
    one = draft()
    digest = one.message.digest
    assert one.is_named_by(digest)
    assert one.is_named_by(f" {digest[:6].upper()} ")
    assert not one.is_named_by(digest[:5])
    assert not one.is_named_by("")
    assert not one.is_named_by(digest[1:8])
    assert not one.is_named_by(digest + "0")


def refusal(**changes: object) -> str:
    with pytest.raises(RefusedError) as refused:
        message(**changes)
    return str(refused.value)


def test_every_refusal_says_what_is_wrong_and_what_to_do() -> None:
    assert refusal(title=" ") == "The title is empty: write what customers shall read."
    gap = "The text has a gap of more than 200 blanks: close it."
    for blank in (" ", "\u2800", "\u3164", "\u200c", "\u200d"):
        assert refusal(body="a" + blank * 201 + "b") == gap
        assert len(message(body="a" + blank * 200 + "b").body) == 202
        assert refusal(body=blank) == "The text is empty: write what customers shall read."
    assert refusal(title="t" * 151) == (
        "The title has 151 characters, and at most 150 are shown whole: shorten it by 1."
    )
    other = Component(component_id="c2", name="Search")
    assert refusal(components=(other, CHECKOUT, CHECKOUT, other)) == (
        "Checkout, Search is there twice: give each component one status."
    )


def test_title_text_and_components_have_to_fit_into_one_message_together() -> None:
    part = Component(component_id="c1", name="N" * 150)
    fixed = written_units("Payments fail") + NAME_ROOM + ROW_ROOM
    assert (NAME_ROOM, ROW_ROOM) == (100, 30)
    quotes, rest = divmod(ROOM_LIMIT - fixed, 2)
    full = '"' * quotes + "x" * rest
    assert message(body=full, components=(part,)).body == full
    assert refusal(body=full + "x", components=(part,)) == (
        "The message takes 6,001 of the 6,000 signs that can be shown whole: shorten the text,"
        " or choose fewer components."
    )


def test_signs_are_counted_as_slack_counts_them() -> None:
    assert written_units("") == 0
    assert written_units("abc") == 3
    assert written_units('a"\n\\') == 7
    assert written_units("é") == 1
    assert written_units("🔥") == 2
    assert written_units("\ud800") == 1


def test_the_pages_words_are_statuspages() -> None:
    assert [*PageStatus] == ["investigating", "identified", "monitoring", "resolved"]
    assert [*PageImpact] == ["none", "minor", "major", "critical"]
    assert [*ComponentStatus] == [
        "operational",
        "degraded_performance",
        "partial_outage",
        "major_outage",
        "under_maintenance",
    ]


def test_what_is_stored_keeps_its_names() -> None:
    for words in (DraftState, Author):
        assert [word.value for word in words] == [word.name.lower() for word in words]


def test_a_first_draft_and_a_first_approval_begin_at_nothing() -> None:
    fresh = Draft(number=1, message=message(), drafted_at=START)
    assert (fresh.revision, fresh.attempt, fresh.looks, fresh.trouble) == (1, 0, 0, "")
    assert (fresh.key, fresh.is_stuck, fresh.author) == ("1.1.0", False, Author.PERSON)
    approval = Approval(by=UserId("U0ADA"), at=START, digest="d", right="commander")
    assert approval.attempt == 1
    thread = PageThread()
    assert (thread.page_incident_id, thread.url, thread.title, thread.drafts) == ("", "", "", 0)
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        PageThread(drafts=-1)
    plain = PageMessage(
        page_id="p", title="t", body="b", status=PageStatus.RESOLVED, impact=PageImpact.NONE
    )
    assert plain.page_incident_id == ""
