import asyncio

import pytest

from incident_response.domain.errors import UnavailableError
from tests.fakes.behaviour import Behaviour


async def test_a_failure_lasts_as_often_as_told() -> None:
    behaviour = Behaviour()
    behaviour.fail_with(UnavailableError("down"), times=2)
    for _ in range(2):
        with pytest.raises(UnavailableError):
            await behaviour.meet()
    assert await behaviour.meet() is False
    assert behaviour.calls == 3


async def test_who_hangs_is_answered_after_the_recovery() -> None:
    behaviour = Behaviour()
    behaviour.hang()
    async with asyncio.TaskGroup() as tasks:
        call = tasks.create_task(behaviour.meet())
        await behaviour.called()
        assert not call.done()
        behaviour.recover()
    assert call.result() is False


async def test_nothing_is_returned_until_the_recovery() -> None:
    behaviour = Behaviour()
    behaviour.return_nothing()
    assert await behaviour.meet() is True
    behaviour.recover()
    assert await behaviour.meet() is False
