import asyncio
from datetime import timedelta

import pytest

from incident_response.adapters.slack.remembered import Remembered
from tests.fakes.clock import FakeClock


class Asked:
    """Answers with the next of its answers, and counts."""

    def __init__(self, *answers: str | Exception | None) -> None:
        self._answers = list(answers)
        self.times = 0

    async def __call__(self) -> str | None:
        self.times += 1
        await asyncio.sleep(0)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_an_answer_is_remembered_for_its_time() -> None:
    clock = FakeClock()
    remembered = Remembered[str](clock, keep=timedelta(minutes=10))
    ask = Asked("old", "new")

    assert await remembered.get("a", ask) == "old"
    clock.advance(599)
    assert await remembered.get("a", ask) == "old"
    clock.advance(1)
    assert await remembered.get("a", ask) == "new"


async def test_that_there_is_nothing_is_remembered_for_a_shorter_time() -> None:
    clock = FakeClock()
    remembered = Remembered[str](clock, keep_none=timedelta(seconds=60))
    ask = Asked(None, "there now")

    assert await remembered.get("a", ask) is None
    clock.advance(59)
    assert await remembered.get("a", ask) is None
    clock.advance(1)
    assert await remembered.get("a", ask) == "there now"


async def test_of_many_who_ask_at_once_one_goes() -> None:
    remembered = Remembered[str](FakeClock())
    ask = Asked("answer")

    answers = await asyncio.gather(*(remembered.get("a", ask) for _ in range(10)))

    assert answers == ["answer"] * 10
    assert ask.times == 1


async def test_an_error_is_not_remembered_and_the_next_in_line_asks() -> None:
    remembered = Remembered[str](FakeClock())
    ask = Asked(RuntimeError("down"), "answer")

    first, second = await asyncio.gather(
        remembered.get("a", ask), remembered.get("a", ask), return_exceptions=True
    )

    assert isinstance(first, RuntimeError)
    assert second == "answer"


async def test_one_who_gives_up_waiting_does_not_keep_the_others_waiting() -> None:
    remembered = Remembered[str](FakeClock())
    go_on = asyncio.Event()

    async def slow() -> str | None:
        await go_on.wait()
        return "answer"

    async with asyncio.TaskGroup() as tasks:
        impatient = tasks.create_task(remembered.get("a", slow))
        patient = tasks.create_task(remembered.get("a", slow))
        await asyncio.sleep(0)
        impatient.cancel()
        go_on.set()

    assert patient.result() == "answer"


async def test_the_oldest_answer_makes_room() -> None:
    remembered = Remembered[str](FakeClock(), limit=2)
    for key in "abc":
        await remembered.get(key, Asked(key))
    kept, forgotten = Asked("new"), Asked("new")

    assert await remembered.get("c", kept) == "c"
    assert await remembered.get("a", forgotten) == "new"


@pytest.mark.parametrize("key", ["a", "b"])
async def test_keys_are_told_apart(key: str) -> None:
    remembered = Remembered[str](FakeClock())
    await remembered.get("a", Asked("a"))
    await remembered.get("b", Asked("b"))

    assert await remembered.get(key, Asked()) == key
