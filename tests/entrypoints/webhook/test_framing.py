from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_response.entrypoints.webhook.framing import (
    BodyReader,
    FramingError,
    Head,
    read_head,
)

CHUNKED = Head(0, is_chunked=True)


def head(*lines: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"POST /a HTTP/{version}", *lines, "", ""]).encode()


@given(body=st.binary(max_size=100), behind=st.binary(max_size=50))
def test_a_whole_head_is_measured_and_what_follows_left_alone(body: bytes, behind: bytes) -> None:
    data = head("Host: a", f"Content-Length: {len(body)}")
    assert read_head(data + body + behind) == Head(len(data), len(body))


@pytest.mark.parametrize("size", range(1, len(head("Host: a"))))
def test_part_of_a_head_is_awaited(size: int) -> None:
    assert read_head(head("Host: a")[:size]) is None


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (head("X: " + "a" * (16_384 - 25)), None),
        (head("X: " + "a" * (16_384 - 24)), 431),
        (head(*["X: 1"] * 64), None),
        (head(*["X: 1"] * 65), 431),
        (head("Transfer-Encoding: chunked", version="1.0"), 400),
        (head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), 400),
        (head("Content-Length: 1, 1"), 400),
        (head("Content-Length: 0x1"), 400),
        (head("Content-Length: 1_0"), 400),
        (head("Content-Length: "), 400),
        (head("No colon"), 400),
        (head(": no name"), 400),
        (b"post /a HTTP/1.1\r\n\r\n", 400),
        (b"POST /a HTTP/2.0\r\n\r\n", 400),
        (b"POST /a b HTTP/1.1\r\n\r\n", 400),
        (b"\r\nPOST /a HTTP/1.1\r\n\r\n", 400),
    ],
)
def test_limits_and_doubts(data: bytes, status: int | None) -> None:
    if status is None:
        assert read_head(data) == Head(len(data))
        return
    with pytest.raises(FramingError) as refusal:
        read_head(data)
    assert refusal.value.status == status


@given(pieces=st.lists(st.binary(min_size=1, max_size=40)), cuts=st.lists(st.integers(1, 30)))
def test_a_chunked_body_ends_at_the_same_byte_however_it_is_cut(
    pieces: list[bytes], cuts: list[int]
) -> None:
    body = b"".join(b"%X\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
    reader = BodyReader(CHUNKED)
    data, taken = body + b"POST /next", 0
    for cut in [*cuts, len(data)]:
        if not reader.is_complete:
            taken += reader.take(data[taken : taken + cut])
    assert (reader.is_complete, taken) == (True, len(body))


@given(data=st.binary(min_size=1, max_size=200), cut=st.integers(1, 20))
def test_any_bytes_are_chunks_or_refused(data: bytes, cut: int) -> None:
    reader = BodyReader(CHUNKED)
    with suppress(FramingError):
        for at in range(0, len(data), cut):
            if reader.is_complete:
                break
            assert 0 < reader.take(data[at : at + cut]) <= cut
