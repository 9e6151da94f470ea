import asyncio
from dataclasses import dataclass

from incident_response.adapters.slack.turns import PATIENCE_SECONDS, Turns


@dataclass
class Chair:
    is_live: bool = False


async def seconds_until_turn(turns: Turns, chair: Chair, *others: Chair) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await turns.take(chair, others=others)
    return loop.time() - began


async def test_the_first_connects_at_once() -> None:
    turns = Turns(spacing=60.0)

    assert await seconds_until_turn(turns, Chair(), Chair()) < 0.05


async def test_the_next_one_waits_while_the_first_connects() -> None:
    turns, first, second = Turns(spacing=0.3), Chair(), Chair()
    await turns.take(first, others=[second])

    assert await seconds_until_turn(turns, second, first) >= 0.29


async def test_nobody_waits_long_while_none_works() -> None:
    turns, only = Turns(spacing=60.0), Chair()

    waits = [await seconds_until_turn(turns, only) for _ in range(4)]

    assert waits[0] < 0.05
    assert [
        round(wait, 1) >= least for wait, least in zip(waits[1:], (0.2, 0.5, 1.0), strict=True)
    ]
    assert waits[1] < waits[2] < waits[3] < 1.5


async def test_after_working_for_a_while_the_next_failure_is_a_first_one() -> None:
    turns, only = Turns(spacing=60.0), Chair()
    for _ in range(3):
        await turns.take(only, others=[])

    turns.works()

    assert await seconds_until_turn(turns, only) < 0.05


async def test_a_working_one_is_renewed_at_once_while_another_works() -> None:
    turns = Turns(spacing=60.0)

    assert await seconds_until_turn(turns, Chair(is_live=True), Chair(is_live=True)) < 0.05


async def test_the_only_one_is_renewed_at_once() -> None:
    assert await seconds_until_turn(Turns(spacing=60.0), Chair(is_live=True)) < 0.05


async def test_a_working_one_is_not_given_up_until_another_works() -> None:
    turns, working, broken = Turns(spacing=60.0), Chair(is_live=True), Chair()

    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(seconds_until_turn(turns, working, broken))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        broken.is_live = True

    assert waiting.result() < 1.0


async def test_its_patience_for_the_other_has_an_end() -> None:
    waited = await seconds_until_turn(Turns(spacing=60.0), Chair(is_live=True), Chair())

    assert PATIENCE_SECONDS <= waited < PATIENCE_SECONDS + 1.0


async def test_when_slack_will_not_have_it_everybody_waits() -> None:
    turns = Turns(spacing=0.0)
    turns.hold(0.4)

    waits = await asyncio.gather(
        seconds_until_turn(turns, Chair()),
        seconds_until_turn(turns, Chair(is_live=True), Chair(is_live=True)),
    )

    assert min(waits) >= 0.39
