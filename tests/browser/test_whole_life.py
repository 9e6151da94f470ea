"""The whole life of an incident as its commander meets it: alert, command, draft, edit, approval,
the page that customers read, update, end, and the postmortem in the issue tracker.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from incident_response.entrypoints.drill_life import (
    APPROVE,
    EDITED_TEXT,
    FIRST_TEXT,
    SUMMARY,
    UPDATE,
)
from tests.browser.rooms import fire_an_alert, open_the_room, opened, said, type_command

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "approval.png"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[str]:
    with opened(tmp_path) as address:
        yield address


def test_from_the_alert_to_the_postmortem(
    page: Page, workspace: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    page.set_viewport_size({"width": 1440, "height": 1500})
    page.goto(workspace)
    fire_an_alert(page)
    open_the_room(page)
    said(page, "first on call").get_by_role("button", name="Take command").click()
    expect(said(page, re.compile("@Maya is in command"))).to_be_visible()

    # Draft: the card shows all that customers would read.
    type_command(page, f"/inc status draft {FIRST_TEXT}")
    card = said(page, FIRST_TEXT)
    expect(card.get_by_role("button", name=APPROVE)).to_be_visible()

    # A second window that hears of no change keeps the card as it was.
    stale = page.context.new_page()
    stale.route("**/page/events*", lambda route: route.abort())
    stale.goto(page.url)
    expect(said(stale, FIRST_TEXT)).to_be_visible()

    card.get_by_role("button", name="Edit").click()
    form = page.get_by_role("dialog")
    form.get_by_label(re.compile("customers")).fill(EDITED_TEXT)
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    card = said(page, EDITED_TEXT)
    expect(card).to_be_visible()

    # The old window's click is refused, and customers read nothing yet.
    approve(stale, FIRST_TEXT)
    expect(said(page, "text changed")).to_be_visible()
    assert "payments fail" not in public(page, workspace)
    stale.close()
    keep_picture(page, pytestconfig, tmp_path)

    # Approve: the page shows exactly the text that was shown.
    approve(page, EDITED_TEXT)
    expect(said(page, "Customers can read")).to_be_visible(timeout=10_000)
    assert EDITED_TEXT in public(page, workspace)

    # Update, mitigate, resolve.
    type_command(page, f"/inc update {UPDATE}")
    expect(said(page, UPDATE).first).to_be_visible()
    type_command(page, "/inc mitigate")
    type_command(page, f"/inc resolve {SUMMARY}")
    postmortem = page.locator("#messages a[href*='/linear/issue/']").first
    expect(postmortem).to_be_visible(timeout=20_000)

    # The postmortem stands in the issue tracker, with what the room knows.
    address = postmortem.get_attribute("href")
    assert address is not None
    issue = page.context.new_page()
    issue.goto(address)
    expect(issue.locator("article.body")).to_contain_text(SUMMARY)
    expect(issue.locator("article.body")).to_contain_text(EDITED_TEXT)


def approve(page: Page, text: str) -> None:
    """Approve what the card with ``text`` shows, and say yes to what is asked then."""
    said(page, text).get_by_role("button", name=APPROVE).click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("page")
    asked.get_by_role("button", name=re.compile("Publish")).click()


def public(page: Page, workspace: str) -> str:
    """What customers read now."""
    reply = page.request.get(f"{workspace.rstrip('/')}/status")
    assert reply.ok
    return reply.text()


def keep_picture(page: Page, pytestconfig: pytest.Config, tmp_path: Path) -> None:
    """A picture of the card; kept for the README when asked for with ``--keep-picture``."""
    path = PICTURE if pytestconfig.getoption("--keep-picture") else tmp_path / PICTURE.name
    said(page, EDITED_TEXT).scroll_into_view_if_needed()
    page.mouse.move(5, 5)
    page.screenshot(path=path)
    assert path.stat().st_size > 50_000
