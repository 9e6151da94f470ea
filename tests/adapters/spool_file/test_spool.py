import asyncio
import fcntl
import os
import random
import resource
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

import pytest
from structlog.testing import capture_logs

from incident_response.adapters.spool_file.spool import FileSpool
from incident_response.domain.alert import IntakeRecord
from incident_response.domain.errors import UnavailableError
from tests.ports import samples

ROOT = Path(__file__).parents[3]
LINE = len(b"+00000000 \n") + len(samples.record("group-0").model_dump_json().encode())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "webhook.spool"


def draining(path: Path) -> Path:
    return path.with_name("webhook.spool.draining")


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def rewrite(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(b"".join(lines))


def left_behind(path: Path) -> list[str]:
    return [each.name for each in path.parent.iterdir()]


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """As on a disk that becomes full in the middle of a write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def bad(path: Path) -> bytes:
    return path.with_name("webhook.spool.bad").read_bytes()


async def append(spool: FileSpool, *keys: str) -> None:
    for key in keys:
        await spool.append(samples.record(key))


async def drained(spool: FileSpool) -> list[str]:
    """The group keys of what it hands over."""
    found: list[str] = []

    async def put(record: IntakeRecord) -> None:
        assert record == samples.record(record.alert.group_key)
        found.append(record.alert.group_key)

    await spool.drain(put)
    return found


async def appended_until_killed(path: Path, name: str, *, lines: int) -> list[str]:
    """What the process was told is kept, when it is killed at some moment after ``lines``."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(Path(__file__).with_name("busy_appender.py")), str(path), name),
        stdout=PIPE,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
    )
    assert process.stdout is not None
    told = [(await process.stdout.readline()).decode() for _ in range(lines)]
    process.kill()
    told += (await process.stdout.read()).decode().splitlines(keepends=True)
    await process.wait()
    return [line.strip() for line in told if line.endswith("\n")]


async def test_everything_acknowledged_is_found_after_kill_9_of_two_writers_at_once(
    path: Path,
) -> None:
    moments = random.Random(7)
    told: list[str] = []
    for number in range(3):
        pair = (
            appended_until_killed(path, f"{number}{name}", lines=moments.randint(1, 200))
            for name in "ab"
        )
        told += [key for keys in await asyncio.gather(*pair) for key in keys]
    found = await drained(FileSpool(path))
    assert set(told) <= set(found)
    assert len(found) == len(set(found))
    for writer in {key.rpartition("-")[0] for key in found}:
        own = [int(key.rpartition("-")[2]) for key in found if key.rpartition("-")[0] == writer]
        assert own == list(range(len(own))), "in the order of their arrival"


async def test_files_are_the_owners_alone_and_gone_when_all_was_taken(path: Path) -> None:
    spool = FileSpool(path)
    await append(spool, "a")
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert await drained(spool) == ["a"]
    assert left_behind(path) == []


@pytest.mark.parametrize("kept", [1, 9, 40, LINE - 1])
async def test_a_torn_last_line_is_set_aside_and_said(path: Path, kept: int) -> None:
    await append(FileSpool(path), "a", "b", "group-0")
    *whole, last = lines_of(path)
    rewrite(path, [*whole, last[:kept]])
    with capture_logs() as logs:
        assert await drained(FileSpool(path)) == ["a", "b"]
    assert bad(path) == last[:kept] + b"\n"
    (entry,) = logs
    assert entry["event"] == "torn spool line set aside"
    assert "Checkout" not in str(entry)


async def test_what_is_appended_after_a_torn_line_is_whole(path: Path) -> None:
    await append(FileSpool(path), "a", "torn")
    whole, torn = lines_of(path)
    rewrite(path, [whole, torn[:-7]])
    await append(FileSpool(path), "b")
    assert await drained(FileSpool(path)) == ["a", "b"]
    assert bad(path) == torn[:-7] + b"\n"


def flip_in_content(line: bytes) -> bytes:
    return line.replace(b"Checkout", b"Chackout")


def lose_line_end(line: bytes) -> bytes:
    return line[:-1] + b" "


def other_model(_line: bytes) -> bytes:
    content = b'{"is": "of a version to come"}'
    return b"+%08x %b\n" % (crc32(content), content)


@pytest.mark.parametrize(
    ("spoil", "left"),
    [
        (flip_in_content, ["a", "c"]),
        (lambda line: b"?" + line[1:], ["a", "c"]),
        (lambda line: b"-" + line[1:30] + line[31:], ["a", "c"]),
        (lambda line: b"\0" * len(line) + b"\n", ["a", "c"]),
        (lambda line: line[:50] + b"\n" + line[51:], ["a", "c"]),
        (lambda line: b"\n", ["a", "c"]),
        (other_model, ["a", "c"]),
        (lose_line_end, ["a"]),
    ],
)
async def test_a_spoilt_line_in_the_middle_is_kept_aside_and_the_others_are_taken(
    path: Path, spoil: Callable[[bytes], bytes], left: list[str]
) -> None:
    await append(FileSpool(path), "a", "b", "c")
    lines = lines_of(path)
    lines[1] = spoil(lines[1])
    rewrite(path, lines)
    with capture_logs() as logs:
        assert await drained(FileSpool(path)) == left
    assert bad(path) == b"".join(lines[1 : 4 - len(left)])
    assert {entry["event"] for entry in logs} == {"unreadable spool line set aside"}


async def test_what_was_set_aside_is_not_set_aside_again_after_a_refusal(path: Path) -> None:
    await append(FileSpool(path), "a", "b")
    rewrite(path, [b"nonsense\n", *lines_of(path)])

    async def refuse(_record: IntakeRecord) -> None:
        raise UnavailableError

    for _ in range(3):
        with pytest.raises(UnavailableError):
            await FileSpool(path).drain(refuse)
    assert await drained(FileSpool(path)) == ["a", "b"]
    assert bad(path) == b"nonsense\n"


async def test_a_full_spool_says_so_and_takes_again_when_it_was_drained(path: Path) -> None:
    spool = FileSpool(path, max_bytes=2 * LINE)
    await append(spool, "group-0", "group-1")
    with pytest.raises(UnavailableError, match="full"):
        await append(spool, "group-2")
    assert await drained(spool) == ["group-0", "group-1"]
    await append(spool, "group-3")
    assert await drained(spool) == ["group-3"]


async def test_what_is_being_drained_counts_into_the_bound(path: Path) -> None:
    spool = FileSpool(path, max_bytes=2 * LINE)
    await append(spool, "group-0", "group-1")

    async def refuse(_record: IntakeRecord) -> None:
        raise UnavailableError("the store is down")

    with pytest.raises(UnavailableError, match="store"):
        await spool.drain(refuse)
    assert draining(path).exists()
    with pytest.raises(UnavailableError, match="full"):
        await append(spool, "group-2")


async def test_of_appends_at_once_those_that_fit_are_kept(path: Path) -> None:
    spool = FileSpool(path, max_bytes=3 * LINE)
    appends = (append(spool, f"group-{n}") for n in range(5))
    results = await asyncio.gather(*appends, return_exceptions=True)
    assert [type(r) for r in results] == [type(None)] * 3 + [UnavailableError] * 2
    assert await drained(spool) == ["group-0", "group-1", "group-2"]


async def test_a_folder_that_is_gone_is_unavailable(path: Path) -> None:
    spool = FileSpool(path.parent / "gone" / path.name)
    with pytest.raises(UnavailableError):
        await append(spool, "a")
    assert await drained(spool) == []


async def test_a_disk_that_becomes_full_leaves_no_half_line(path: Path) -> None:
    spool = FileSpool(path)
    await append(spool, "group-0")
    with files_no_longer_than(LINE + 100), pytest.raises(UnavailableError, match="too large"):
        await append(spool, "group-1")
    assert os.stat(path).st_size == LINE
    await append(spool, "group-2")
    assert await drained(spool) == ["group-0", "group-2"]


async def test_a_spool_that_cannot_be_read_is_unavailable_and_keeps_its_records(
    path: Path,
) -> None:
    await append(FileSpool(path), "a")
    draining(path).mkdir()
    with pytest.raises(UnavailableError):
        await drained(FileSpool(path))
    draining(path).rmdir()
    assert await drained(FileSpool(path)) == ["a"]


async def test_two_spools_on_one_file_lose_nothing_while_both_append_and_drain(
    path: Path,
) -> None:
    spools = [FileSpool(path), FileSpool(path)]
    found: list[str] = []

    async def drain_on(spool: FileSpool) -> None:
        for _ in range(20):
            found.extend(await drained(spool))

    async with asyncio.TaskGroup() as tasks:
        for name, spool in zip("xy", spools, strict=True):
            tasks.create_task(append(spool, *(f"{name}-{n}" for n in range(50))))
            tasks.create_task(drain_on(spool))
    found += await drained(spools[0])
    assert sorted(found) == sorted(f"{name}-{n}" for name in "xy" for n in range(50))
    assert left_behind(path) == []


async def test_what_another_process_drains_is_left_to_it_until_it_lets_go(path: Path) -> None:
    await append(FileSpool(path), "a")
    os.rename(path, draining(path))
    other = os.open(draining(path), os.O_RDWR)
    fcntl.flock(other, fcntl.LOCK_EX)
    assert await drained(FileSpool(path)) == []
    os.close(other)
    assert await drained(FileSpool(path)) == ["a"]


async def test_what_a_crash_left_half_drained_comes_before_what_came_later(path: Path) -> None:
    spool = FileSpool(path)
    await append(spool, "a", "b")

    async def crash(record: IntakeRecord) -> None:
        if record.alert.group_key == "b":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await spool.drain(crash)
    await append(FileSpool(path), "c")
    assert await drained(FileSpool(path)) == ["b", "c"]


async def test_an_append_that_waits_for_a_lock_can_be_given_up_and_stops_nobody(
    path: Path,
) -> None:
    spool = FileSpool(path)
    await append(spool, "a")
    other = os.open(path, os.O_RDWR)
    fcntl.flock(other, fcntl.LOCK_EX)
    for key in ("in the thread", "behind it"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await append(spool, key)
    os.close(other)
    await append(spool, "b")
    found = await drained(spool)
    assert found[0] == "a"
    assert found[-1] == "b"
    assert "behind it" not in found
