"""The main job as somebody meets it who has read nothing: alert, room, command, checklist, status,
declare.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.rooms import (
    conversations,
    fire_an_alert,
    open_the_room,
    opened,
    said,
    type_command,
)

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "images" / "war-room.png"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[str]:
    with opened(tmp_path) as address:
        yield address


def test_the_whole_story(
    page: Page, workspace: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    page.set_viewport_size({"width": 1440, "height": 1500})
    page.goto(workspace)
    expect(page.locator("#connection")).to_have_text("Live")

    # A signed alert becomes a room with the right people, facts and a pinned checklist.
    fire_an_alert(page)
    open_the_room(page)
    facts = said(page, "13.8 % of checkout requests answer 5xx")
    expect(facts).to_contain_text("Error rate")
    expect(facts).to_contain_text("two hours ago")
    expect(facts).to_contain_text("Newest error lines")
    expect(facts).to_contain_text("status=503")
    expect(facts).to_contain_text("Newest commits in tidewater/checkout-api")
    expect(facts).to_contain_text("What is missing")
    expect(facts).to_contain_text("Derek Vaughn: their chat account is deactivated")
    checklist = page.locator("#messages article.message", has_text="0 of 11 done")
    expect(checklist).to_contain_text("Pinned by Incident Response")
    expect(said(page, "you are first on call: please take command")).to_be_visible()

    # Take command: the room shows it everywhere, and the commander is told what to do.
    said(page, "first on call").get_by_role("button", name="Take command").click()
    expect(said(page, re.compile("@Maya is in command"))).to_be_visible()
    expect(said(page, "You decide and coordinate")).to_be_visible()
    expect(page.get_by_role("button", name="Take command")).to_have_count(0)

    # Check off an item: who and when stand behind it.
    page.get_by_label("Severity assessed").check()
    ticked = page.locator("#messages article.message", has_text="1 of 11 done")
    expect(ticked).to_contain_text("@Maya")
    expect(page.get_by_label("Severity assessed")).to_be_checked()

    # Ask where it stands.
    type_command(page, "/inc status")
    answer = said(page, "Only visible to you").filter(has_text="Responders")
    expect(answer).to_contain_text("1 of 11")
    keep_picture(page, pytestconfig, tmp_path)

    # A slip of the fingers gets the nearest verb.
    type_command(page, "/inc statsu")
    expect(said(page, "Only visible to you").filter(has_text="statsu")).to_contain_text("status")

    declare(page)


def declare(page: Page) -> None:
    """Open an incident by hand, with one required field, and land in its room."""
    type_command(page, "/inc declare")
    form = page.get_by_role("dialog", name="Declare an incident")
    form.get_by_role("button", name="Declare").click()
    expect(form.get_by_role("alert").first).to_be_visible()
    form.get_by_label("What is wrong?").fill("Invoices show the wrong tax")
    form.get_by_label("How bad is it?").select_option("P2")
    form.get_by_role("button", name="Declare").click()
    expect(form).to_have_count(0)
    expect(said(page, "Declared: ")).to_be_visible()
    room = conversations(page).get_by_role("link", name=re.compile("inc-.*invoices-show"))
    room.click()
    expect(said(page, re.compile("P2 · Invoices show the wrong tax"))).to_be_visible()


def keep_picture(page: Page, pytestconfig: pytest.Config, tmp_path: Path) -> None:
    """A picture of the room; kept for the README when asked for with ``--keep-picture``."""
    path = PICTURE if pytestconfig.getoption("--keep-picture") else tmp_path / PICTURE.name
    page.locator("#messages article.message", has_text="13.8 %").scroll_into_view_if_needed()
    page.mouse.move(5, 5)
    page.screenshot(path=path)
    assert path.stat().st_size > 50_000


def test_a_dead_vendor_is_a_row_with_a_button_that_mends_it(page: Page, workspace: str) -> None:
    page.goto(workspace)
    page.get_by_role("button", name="Workbench").click()
    page.get_by_role("button", name="Log search is down").click()
    page.get_by_role("button", name="Fire alert").click()
    expect(page.get_by_text("Alert sent")).to_be_visible()
    open_the_room(page)
    facts = said(page, "What is missing").first
    retry = facts.get_by_role("button", name="Retry")
    expect(retry).to_be_visible()
    expect(facts).to_contain_text("Error logs: Loki has a problem of its own (503)")
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_text("Everything works.")).to_be_visible()
    retry.click()
    expect(facts).to_contain_text("Newest error lines", timeout=15_000)
    expect(facts).not_to_contain_text("Error logs")
