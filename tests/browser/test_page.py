"""The page as a person uses it, in a real Chromium, with a real bot behind it."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from incident_response.sandbox.faults import Fault
from tests.browser.stage import CARD, Stage


def show(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#connection")).to_have_text("Live")


def field(page: Page) -> Locator:
    return page.locator("#compose-channel")


def write(page: Page, text: str) -> None:
    field(page).fill(text)
    field(page).press("Enter")


def message(page: Page, text: str) -> Locator:
    return page.locator("#messages article.message", has_text=text)


def test_what_one_person_writes_another_sees_at_once(stage: Stage, page: Page) -> None:
    other = page.context.new_page()
    show(other, stage.address("general", "jonas"))
    show(page, stage.address("general", "maya"))
    write(page, "Rolling *back* now @jonas")
    seen = message(other, "Rolling back now")
    expect(seen.locator("strong")).to_have_text("back")
    expect(seen.locator(".mention-me")).to_have_text("@Jonas")
    expect(other.locator("#announcer")).to_contain_text("Rolling back now")


def test_hostile_text_stays_text(stage: Stage, page: Page) -> None:
    show(page, stage.address("general", "maya"))
    write(page, "<img src=x onerror=alert(1)> <script>alert(2)</script>")
    stage.posts("general", text="<javascript:alert(3)|click> <b onclick=alert(4)>")
    expect(message(page, "<img src=x onerror=alert(1)>")).to_be_visible()
    bot = message(page, "click").locator(".body")
    expect(bot.locator("a, b, script, img")).to_have_count(0)


def test_a_stranger_declares_without_reading_anything(stage: Stage, page: Page) -> None:
    show(page, stage.address("general", "maya"))
    field(page).press("/")
    expect(page.get_by_role("option").first).to_contain_text("/room")
    field(page).press("Enter")
    expect(page.get_by_role("option").first).to_contain_text("open")
    field(page).press("Enter")
    field(page).press("Enter")

    form = page.get_by_role("dialog", name="Open a room")
    form.get_by_role("button", name="Open").click()
    expect(form.get_by_role("alert").first).to_have_text("Please complete this required field.")
    expect(form.get_by_label("Title")).to_be_focused()

    form.get_by_label("Title").fill("taken")
    form.get_by_label("Severity").select_option("p1")
    form.get_by_label("People").fill("jon")
    form.get_by_role("option", name="Jonas Lindqvist").click()
    form.get_by_label("Some").check()
    form.get_by_role("button", name="Open").click()
    expect(form.locator(".field-error").first).to_have_text("There is such a room already.")
    expect(form.get_by_label("Title")).to_have_value("taken")

    form.get_by_label("Title").fill("late-invoices")
    form.get_by_role("button", name="Open").click()
    expect(form).to_have_count(0)
    room = page.get_by_role("navigation", name="Conversations").get_by_text("late-invoices")
    room.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("late-invoices")

    values = stage.heard("submit")[-1]
    assert values["people"]["value"]["selected_users"] == [stage.id("jonas")]
    assert values["severity"]["value"]["selected_option"]["value"] == "p1"
    assert values["reach"]["value"]["selected_option"]["value"] == "some"


def test_nothing_being_typed_is_lost_when_something_arrives(stage: Stage, page: Page) -> None:
    show(page, stage.address("general", "maya"))
    field(page).fill("half a sent")
    field(page).evaluate("field => field.setSelectionRange(4, 8)")
    stage.says("jonas", "general", "meanwhile")
    expect(message(page, "meanwhile")).to_be_visible()
    expect(field(page)).to_have_value("half a sent")
    assert field(page).evaluate("f => [f.selectionStart, f.selectionEnd]") == [4, 8]

    write(page, "/room open")
    title = page.get_by_label("Title")
    title.fill("not yet sent")
    stage.says("jonas", "general", "and again")
    expect(message(page, "and again")).to_have_count(1)
    expect(title).to_have_value("not yet sent")
    expect(title).to_be_focused()


def test_a_draft_waits_in_its_channel(stage: Stage, page: Page) -> None:
    show(page, stage.address("general", "maya"))
    field(page).fill("for later")
    page.get_by_role("link", name="eng").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("eng")
    expect(field(page)).to_have_value("")
    page.get_by_role("link", name="general").click()
    expect(field(page)).to_have_value("for later")
    page.reload()
    expect(field(page)).to_have_value("for later")


def test_a_button_with_a_question_asks_it_first(stage: Stage, page: Page) -> None:
    stage.posts("general", blocks=CARD)
    show(page, stage.address("general", "maya"))
    page.get_by_role("button", name="End", exact=True).click()
    asked = page.get_by_role("dialog", name="End it?")
    asked.get_by_role("button", name="Not yet").click()
    expect(asked).to_have_count(0)
    page.get_by_role("button", name="Take command").click()
    expect(page.get_by_text("maya has command")).to_be_visible()
    assert [body["actions"][0]["action_id"] for body in stage.heard("action")] == ["take"]
    page.get_by_role("button", name="End", exact=True).click()
    asked.get_by_role("button", name="End it").click()
    expect(asked).to_have_count(0)
    page.wait_for_function("() => !document.querySelector('[aria-busy]')")
    assert stage.heard("action")[-1]["actions"][0]["value"] == "7"


def test_a_check_off_tells_the_app_and_survives_other_news(stage: Stage, page: Page) -> None:
    stage.posts("general", blocks=CARD)
    show(page, stage.address("general", "maya"))
    page.get_by_label("Tell").check()
    page.get_by_label("Mend").check()
    page.wait_for_function("() => !document.querySelector('[aria-busy]')")
    stage.says("jonas", "general", "fine")
    expect(message(page, "fine")).to_be_visible()
    expect(page.get_by_label("Mend")).to_be_checked()
    chosen = stage.heard("action")[-1]["actions"][0]["selected_options"]
    assert [each["value"] for each in chosen] == ["tell", "mend"]


def test_what_others_check_off_shows_even_where_one_has_checked_oneself(
    stage: Stage, page: Page
) -> None:
    stage.posts("general", blocks=CARD)
    other = page.context.new_page()
    show(other, stage.address("general", "jonas"))
    show(page, stage.address("general", "maya"))
    page.get_by_label("Tell").check()
    expect(other.get_by_label("Tell")).to_be_checked()
    other.get_by_label("Mend").check()
    expect(page.get_by_label("Mend")).to_be_checked()
    other.get_by_label("Tell").uncheck()
    expect(page.get_by_label("Tell")).not_to_be_checked()


def test_choices_of_every_kind_reach_the_app(stage: Stage, page: Page) -> None:
    stage.posts("general", blocks=CARD)
    show(page, stage.address("general", "maya"))
    page.get_by_role("button", name="More actions").first.click()
    page.get_by_role("menuitem", name="Step down").click()
    page.get_by_label("Somebody", exact=True).select_option(label="Claire Dubois")
    service = page.get_by_label("A service", exact=True)
    service.fill("bill")
    page.get_by_role("option", name="billing-worker").click()
    expect(page.locator(".chip")).to_have_text("billing-worker")
    page.wait_for_function("() => !document.querySelector('[aria-busy]')")
    actions = [body["actions"][0] for body in stage.heard("action")]
    assert [action["action_id"] for action in actions] == ["menu", "who", "service"]
    assert actions[0]["selected_option"]["value"] == "step-down"
    assert actions[1]["selected_user"] == stage.id("claire")
    assert actions[2]["selected_option"]["value"] == "billing-worker"


def test_a_thread_opens_beside_the_channel(stage: Stage, page: Page) -> None:
    parent = stage.says("jonas", "general", "who deployed?")
    stage.says("samir", "general", "I did", thread_ts=parent.ts)
    show(page, stage.address("general", "maya"))
    message(page, "who deployed?").get_by_text("1 reply").click()
    pane = page.get_by_role("complementary", name="Side pane")
    expect(pane.locator("article")).to_have_count(2)
    expect(page.locator("#compose-thread")).to_be_focused()
    page.locator("#compose-thread").fill("thanks")
    page.keyboard.press("Enter")
    expect(pane.locator("article")).to_have_count(3)
    expect(message(page, "who deployed?")).to_contain_text("2 replies")
    page.keyboard.press("Escape")
    expect(pane).to_be_hidden()
    expect(field(page)).to_be_focused()


def test_reactions_and_pins(stage: Stage, page: Page) -> None:
    stage.says("jonas", "general", "the plan")
    show(page, stage.address("general", "maya"))
    plan = message(page, "the plan").first
    plan.hover()
    plan.get_by_role("button", name="Add a reaction").click()
    page.get_by_role("button", name="eyes", exact=True).click()
    mine = plan.get_by_role("button", name="Maya reacted with :eyes:")
    expect(mine).to_have_attribute("aria-pressed", "true")
    mine.click()
    expect(mine).to_have_count(0)

    plan.hover()
    plan.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Pin to channel").click()
    expect(plan).to_contain_text("Pinned by Maya")
    page.get_by_role("button", name="About this channel").click()
    expect(page.locator(".pin-card")).to_contain_text("the plan")


def test_one_edits_and_deletes_ones_own_messages_only(stage: Stage, page: Page) -> None:
    stage.says("jonas", "general", "not mine")
    show(page, stage.address("general", "maya"))
    write(page, "tpyo")
    expect(message(page, "tpyo")).to_be_visible()
    field(page).press("ArrowUp")
    page.get_by_label("Edit message").fill("typo")
    page.keyboard.press("Enter")
    expect(message(page, "typo")).to_contain_text("(edited)")

    other = message(page, "not mine")
    other.hover()
    other.get_by_role("button", name="More actions").click()
    expect(page.get_by_role("menuitem", name="Copy link")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Delete message")).to_be_hidden()
    page.keyboard.press("Escape")

    mine = message(page, "typo")
    mine.hover()
    mine.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete message").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(mine).to_have_count(0)


def test_what_only_one_person_is_told_nobody_else_sees(stage: Stage, page: Page) -> None:
    other = page.context.new_page()
    show(other, stage.address("general", "jonas"))
    show(page, stage.address("general", "maya"))
    write(page, "/room secret")
    secret = message(page, "Only you should see this")
    expect(secret).to_contain_text("Only visible to you")
    stage.says("maya", "general", "after that")
    expect(message(other, "after that")).to_be_visible()
    expect(message(other, "Only you should see this")).to_have_count(0)
    secret.hover()
    secret.get_by_role("button", name="Dismiss").click()
    expect(secret).to_have_count(0)


def test_a_message_shortcut_opens_its_form(stage: Stage, page: Page) -> None:
    written = stage.says("jonas", "general", "keep this")
    show(page, stage.address("general", "maya"))
    message(page, "keep this").hover()
    message(page, "keep this").get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Make a note").click()
    expect(page.get_by_role("dialog", name="Open a room")).to_be_visible()
    assert stage.heard("shortcut")[-1]["message"]["ts"] == written.ts


def test_escape_closes_a_form_and_gives_the_focus_back(stage: Stage, page: Page) -> None:
    show(page, stage.address("general", "maya"))
    write(page, "/room open")
    expect(page.get_by_role("dialog", name="Open a room")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Open a room")).to_have_count(0)
    expect(field(page)).to_be_focused()


def test_an_app_that_does_not_answer_is_said_so(stage: Stage, page: Page) -> None:
    show(page, stage.address("general", "maya"))
    write(page, "/room slow")
    expect(page.locator(".toast")).to_contain_text("operation_timeout")
    expect(field(page)).to_have_value("/room slow")


def test_somebody_else_sees_other_channels(stage: Stage, page: Page) -> None:
    room = stage.run(
        stage.sandbox.people.create_channel(
            user=stage.id("maya"), name="behind-doors", is_private=True
        )
    )
    show(page, stage.address("behind-doors", "maya"))
    expect(page.get_by_role("heading", level=1)).to_have_text("behind-doors")
    page.get_by_role("button", name=re.compile("You are Maya")).click()
    page.get_by_role("menuitemradio", name=re.compile("Claire Dubois")).click()
    expect(page.get_by_role("button", name=re.compile("You are Claire"))).to_be_visible()
    expect(page.get_by_text("behind-doors")).to_have_count(0)
    page.goto(f"{stage.sandbox.url}/c/{room.id}?me={stage.id('claire')}")
    expect(page.get_by_role("heading", level=1)).to_have_text("general")


def test_unread_channels_stand_out_until_they_are_read(stage: Stage, page: Page) -> None:
    show(page, stage.address("eng", "maya"))
    stage.says("jonas", "eng", "old news")
    expect(message(page, "old news")).to_be_visible()
    page.get_by_role("link", name="general").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("general")
    stage.says("jonas", "eng", "fresh news")
    unread = page.get_by_role("link", name="eng unread")
    expect(unread).to_be_visible()
    unread.click()
    expect(page.locator(".new-line")).to_be_visible()
    expect(page.locator(".new-line + article")).to_contain_text("fresh news")
    page.get_by_role("link", name="general").click()
    expect(page.get_by_role("link", name="eng", exact=True)).to_be_visible()


def test_the_workbench_turns_faults_on_and_shows_what_was_received(
    stage: Stage, page: Page
) -> None:
    show(page, stage.address("general", "maya", "&pane=workbench"))
    page.get_by_role("button", name="Log search is down").click()
    expect(page.get_by_text("Faults (1 on)")).to_be_visible()
    assert stage.call(stage.sandbox.board.active)[0]["target"] == "loki.*"
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_text("Everything works.")).to_be_visible()

    page.get_by_text("Another fault").click()
    page.get_by_label("Calls of").fill("slack.pins.*")
    page.get_by_label("Go wrong by").select_option("rate_limited")
    page.get_by_label("Retry-After, s").fill("9")
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("Faults (1 on)")).to_be_visible()
    on = stage.call(stage.sandbox.board.active)[0]
    assert (on["kind"], on["retry_after"]) == ("rate_limited", 9)

    stage.posts("general", text="hello")
    expect(page.locator(".call", has_text="slack.chat.postMessage").first).to_contain_text("200")


def test_an_alert_without_a_receiver_says_so(
    stage: Stage, page: Page, complaints: list[str]
) -> None:
    show(page, stage.address("general", "maya", "&pane=workbench"))
    page.get_by_role("button", name="Fire alert").click()
    expect(page.locator(".toast")).to_contain_text("no webhook address is configured")
    assert [said for said in complaints if "409" in said] == complaints
    complaints.clear()


def test_the_apps_home_is_shown(stage: Stage, page: Page) -> None:
    show(page, stage.address("general", "maya"))
    page.get_by_role("link", name="Room Bot").click()
    page.get_by_role("button", name="Home").click()
    expect(page.get_by_role("heading", name="Your rooms")).to_be_visible()


def test_messages_are_walked_by_keyboard(stage: Stage, page: Page) -> None:
    stage.says("jonas", "general", "first")
    stage.says("priya", "general", "second")
    show(page, stage.address("general", "maya"))
    field(page).press("Shift+Tab")
    expect(message(page, "second")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(message(page, "first")).to_be_focused()
    page.keyboard.press("Tab")
    expect(message(page, "first").get_by_role("button", name="Add a reaction")).to_be_focused()


@pytest.mark.parametrize("query", ["", "&pane=workbench", "&pane=about"])
def test_everything_one_can_use_has_a_name(stage: Stage, page: Page, query: str) -> None:
    stage.posts("general", blocks=CARD)
    show(page, stage.address("general", "maya", query))
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, a[href], input, select, textarea")]
            .filter((node) => node.checkVisibility())
            .filter((node) => !(node.getAttribute("aria-label") || node.textContent.trim()
                || [...(node.labels ?? [])].some((label) => label.textContent.trim())))
            .map((node) => node.outerHTML)"""
    )
    assert nameless == []
    for role in ("banner", "main", "contentinfo"):
        assert page.get_by_role(role).count() <= 1
    expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()


def test_light_and_dark_is_remembered(stage: Stage, page: Page) -> None:
    show(page, stage.address("general", "maya"))
    background = "() => getComputedStyle(document.querySelector('.main')).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.get_by_role("button", name="Switch between light and dark").click()
    page.reload()
    assert page.evaluate(background) == "rgb(26, 29, 33)"


def test_a_sandbox_that_goes_slow_does_not_lose_the_page(stage: Stage, page: Page) -> None:
    stage.sandbox.board.add(Fault(target="slack.*", kind="latency", seconds=0.2))
    stage.posts("general", blocks=CARD)
    show(page, stage.address("general", "maya"))
    page.get_by_role("button", name="Take command").click()
    expect(page.get_by_text("maya has command")).to_be_visible()
