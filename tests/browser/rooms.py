"""What the stories in the browser do again and again: open a workspace, fire, type, read."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect


@contextmanager
def opened(state_dir: Path) -> Iterator[str]:
    """The address of a workspace that ``incident-response local`` has just opened."""
    command = (sys.executable, "-m", "incident_response.entrypoints.main", "local", "--no-alert")
    free = ("--port", "0", "--webhook-port", "0", "--health-port", "0")
    with subprocess.Popen(
        [*command, *free, "--state-dir", str(state_dir)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "Workspace" in line)
        yield line.split()[-1]
        process.terminate()
        assert process.wait(30) == 0


def said(page: Page, text: str | re.Pattern[str]) -> Locator:
    return page.locator("#messages article.message", has_text=text)


def type_command(page: Page, text: str) -> None:
    field = page.locator("#compose-channel")
    field.fill(text)
    field.press("Enter")


def conversations(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Conversations")


def fire_an_alert(page: Page) -> None:
    page.get_by_role("button", name="Workbench").click()
    page.get_by_role("button", name="Fire alert").click()
    expect(page.get_by_text("Alert sent")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Fire alert")).to_have_count(0)


def open_the_room(page: Page) -> None:
    link = conversations(page).get_by_role("link", name=re.compile("inc-.*checkout"))
    link.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("checkout-api-is-failing")
