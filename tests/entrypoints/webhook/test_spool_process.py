"""The webhook as a process whose store another process holds locked: what it answers, and what is
left of it after a kill.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.alert_intake import SPOOL_NAME
from incident_response.bootstrap.embedded import FILE_NAME
from incident_response.domain.model import EventId
from tests.entrypoints.processes import running, webhook_settings
from tests.entrypoints.webhook.serving import post_to
from tests.fakes.alerts import SPECIFIED

KEY = "a-key-of-this-test-and-no-other"


@contextmanager
def locked(state_dir: Path) -> Iterator[None]:
    """Nobody else can write to the store."""
    connection = sqlite3.connect(state_dir / FILE_NAME, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


async def stored(state_dir: Path, *event_ids: str) -> list[bool]:
    backend = EmbeddedBackend.open(state_dir / FILE_NAME, clock=SystemClock())
    try:
        return [await backend.intake.get(EventId(each)) is not None for each in event_ids]
    finally:
        await backend.close()


async def test_spooled_alerts_survive_kill_9_and_are_stored_when_the_store_is_back(
    tmp_path: Path,
) -> None:
    state_dir = tmp_path / "state"
    env = webhook_settings(state_dir, KEY)
    async with running("webhook", env=env) as webhook:
        status, answer = await post_to(webhook, KEY, "before")
        assert (status, answer["status"]) == (202, "accepted")
        ids = [answer["event_id"]]
        with locked(state_dir):
            for group in ("first", "second"):
                began = monotonic()
                status, answer = await post_to(webhook, KEY, group)
                assert (status, answer["status"]) == (202, "spooled")
                assert monotonic() - began < 4, "before the sender gives up"
                ids.append(answer["event_id"])
            warning = await webhook.logged("alert spooled")
            assert warning["level"] == "warning"
            assert "Checkout is failing" in str(SPECIFIED)
            assert "Checkout is failing" not in webhook.said
            webhook.process.kill()
            await webhook.ended()
    spooled = (state_dir / SPOOL_NAME).read_text(encoding="utf-8")
    assert [spooled.count(f'"event_id":"{each}"') for each in ids] == [0, 1, 1]
    async with running("webhook", env=env) as webhook:
        assert (await webhook.logged("spooled alerts stored"))["count"] == 2
        status, answer = await post_to(webhook, KEY, "first")
        assert (status, answer["status"]) == (202, "accepted"), "known, and not yet worked off"
        assert answer["event_id"] == ids[1]
        assert await webhook.stopped() == 0
        assert "Traceback" not in webhook.said
    assert await stored(state_dir, *ids) == [True] * 3
    assert not list(state_dir.glob(f"{SPOOL_NAME}*"))


async def test_a_running_webhook_stores_what_it_spooled_by_itself(tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    async with running("webhook", env=webhook_settings(state_dir, KEY)) as webhook:
        await post_to(webhook, KEY, "before")
        with locked(state_dir):
            status, answer = await post_to(webhook, KEY, "meanwhile")
            assert (status, answer["status"]) == (202, "spooled")
        assert (await webhook.logged("spooled alerts stored"))["count"] == 1
        assert await webhook.stopped() == 0
    assert await stored(state_dir, answer["event_id"]) == [True]
