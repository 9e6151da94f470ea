import asyncio

from structlog.testing import capture_logs

from incident_response.sandbox.tasks import Tasks


async def test_stop_cancels_what_still_runs_and_waits_for_its_end() -> None:
    ended = asyncio.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    tasks = Tasks()
    tasks.start(forever(), name="forever")
    await asyncio.sleep(0)
    await tasks.stop()
    assert ended.is_set()


async def test_a_failure_is_logged_and_stops_nothing_else() -> None:
    done = asyncio.Event()

    async def fails() -> None:
        raise LookupError("no")

    async def works() -> None:
        done.set()

    tasks = Tasks()
    with capture_logs() as logs:
        tasks.start(fails(), name="fails")
        await asyncio.sleep(0)
        tasks.start(works(), name="works")
        await done.wait()
        await asyncio.sleep(0)
    assert [(log["event"], log["task"]) for log in logs] == [("background_task_failed", "fails")]


async def test_nothing_starts_after_stop() -> None:
    ran = asyncio.Event()

    async def late() -> None:
        ran.set()

    tasks = Tasks()
    await tasks.stop()
    tasks.start(late(), name="late")
    await asyncio.sleep(0)
    assert not ran.is_set()
