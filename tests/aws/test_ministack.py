"""The stand-in of the AWS tests, held to what AWS documents where ministack alone differs."""

from tests.aws.ministack import Ministack


async def test_x(ministack: Ministack) -> None:
    await ministack.pass_time(5)
