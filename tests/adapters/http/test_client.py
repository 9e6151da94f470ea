import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, format_trace_id
from pydantic import JsonValue, TypeAdapter

from incident_response.adapters.http import Answer as ReadAnswer
from incident_response.adapters.http import (
    Bounds,
    BreakerState,
    CircuitOpenError,
    Credentials,
    Vendor,
    VendorHttp,
    path_segment,
    vendor_session,
)
from incident_response.domain.errors import (
    AutoPublishNotPermittedError,
    IncidentResponseError,
    InvalidConfigurationError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.telemetry import span
from tests.adapters.scripted import (
    Answer,
    HurriedClock,
    drips,
    hangs,
    resets,
    says,
    says_text,
    vendor_that,
)
from tests.fakes.clock import FakeClock
from tests.telemetry_reading import spans

ACME = Vendor(name="Acme", url_setting="ACME_URL", credential_setting="ACME_KEY")
SECRET = "sk-0123456789abcdef"
ANYTHING = TypeAdapter[JsonValue](JsonValue)
NAMES = TypeAdapter(dict[str, list[str]])
QUICK = Bounds(total_seconds=2.0, attempt_seconds=0.1)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with vendor_session() as session:
        yield session


def client(
    url: str,
    http: aiohttp.ClientSession,
    *,
    clock: FakeClock | None = None,
    bounds: Bounds | None = None,
    permit: type[object] | None = None,
) -> VendorHttp:
    return VendorHttp(
        ACME,
        base_url=url,
        credentials=Credentials(headers={"Authorization": f"Bearer {SECRET}"}, secrets=(SECRET,)),
        http=http,
        clock=clock or HurriedClock(),
        bounds=bounds,
        permit=permit,
    )


async def error_of_read(answer: Answer, http: aiohttp.ClientSession) -> IncidentResponseError:
    async with vendor_that(answer) as (url, _):
        with pytest.raises(IncidentResponseError) as raised:
            await client(url, http).read("/things", NAMES)
    return raised.value


async def error_of_write(
    answer: Answer, http: aiohttp.ClientSession
) -> tuple[IncidentResponseError, int]:
    async with vendor_that(answer) as (url, vendor):
        with pytest.raises(IncidentResponseError) as raised:
            await client(url, http, bounds=QUICK).write("POST", "/things", {}, shape=NAMES)
    return raised.value, len(vendor.requests)


async def test_a_read_asks_below_the_base_address_and_says_who_asks(
    http: aiohttp.ClientSession,
) -> None:
    async with vendor_that(says({"names": ["a"]})) as (url, vendor):
        found = await client(f"{url}/v1/", http).read("/things", NAMES, {"q": "a b&c=1", "n": 2})
    assert found == {"names": ["a"]}
    request = vendor.requests[0]
    assert (request.method, request.path) == ("GET", "/v1/things")
    assert request.query == {"q": "a b&c=1", "n": "2"}
    assert request.headers["Authorization"] == f"Bearer {SECRET}"
    assert request.headers["User-Agent"] == "incident-response"


class Permit:
    """What a client may ask for."""


class Forged(Permit):
    """Something that merely descends from it."""


async def test_a_client_that_asks_for_a_permit_sends_no_write_without_one(
    http: aiohttp.ClientSession,
) -> None:
    async with vendor_that(says({"names": []})) as (url, vendor):
        guarded = client(url, http, permit=Permit)
        for shown in (None, Permit, "Permit", Forged()):
            with pytest.raises(AutoPublishNotPermittedError):
                await guarded.write("POST", "/things", {}, shape=NAMES, permit=shown)
        assert not vendor.requests
        await guarded.write("POST", "/things", {}, shape=NAMES, permit=Permit())
        await guarded.read("/things", NAMES)
    assert [request.method for request in vendor.requests] == ["POST", "GET"]


async def test_a_path_segment_cannot_leave_its_place(http: aiohttp.ClientSession) -> None:
    async with vendor_that(says({})) as (url, vendor):
        await client(url, http).read(f"/things/{path_segment('a/../b?c#d %')}/x", ANYTHING)
    assert vendor.requests[0].path == "/things/a%2F..%2Fb%3Fc%23d%20%25/x"
    for text in ("", ".", ".."):
        with pytest.raises(RefusedError):
            path_segment(text)


async def test_a_token_that_cannot_be_sent_is_refused_at_the_start(
    http: aiohttp.ClientSession,
) -> None:
    with pytest.raises(InvalidConfigurationError, match="ACME_KEY") as raised:
        VendorHttp(
            ACME,
            base_url="https://acme.example",
            credentials=Credentials(headers={"Authorization": f"{SECRET}\n"}, secrets=(SECRET,)),
            http=http,
            clock=HurriedClock(),
        )
    assert SECRET not in str(raised.value)


async def test_a_read_that_fails_is_tried_again_at_most_twice(http: aiohttp.ClientSession) -> None:
    clock = HurriedClock()
    async with vendor_that(says({}, status=503)) as (url, vendor):
        with pytest.raises(UnavailableError, match="problem of its own"):
            await client(url, http, clock=clock).read("/things", NAMES)
    assert len(vendor.requests) == 3
    assert len(clock.slept) == 2
    assert all(0 <= seconds <= 2 for seconds in clock.slept)


async def test_a_read_succeeds_when_the_vendor_recovers(http: aiohttp.ClientSession) -> None:
    answers = (says({}, status=500), resets, says({"names": []}))
    async with vendor_that(*answers) as (url, vendor):
        assert await client(url, http).read("/things", NAMES) == {"names": []}
    assert len(vendor.requests) >= 3


async def test_a_wait_the_vendor_asks_for_is_kept(http: aiohttp.ClientSession) -> None:
    clock = HurriedClock()
    slow_down = says({}, status=429, headers={"Retry-After": "1"})
    async with vendor_that(slow_down, says({"names": []})) as (url, vendor):
        assert await client(url, http, clock=clock).read("/things", NAMES) == {"names": []}
    assert len(vendor.requests) == 2
    assert clock.slept[0] >= 1


async def test_a_wait_that_does_not_fit_ends_the_read(http: aiohttp.ClientSession) -> None:
    slow_down = says({}, status=429, headers={"Retry-After": "60"})
    async with vendor_that(slow_down) as (url, vendor):
        with pytest.raises(RateLimitedError, match="try again in 60 s") as raised:
            await client(url, http).read("/things", NAMES)
    assert raised.value.retry_after == timedelta(seconds=60)
    assert len(vendor.requests) == 1


async def test_nothing_is_sent_while_the_vendor_wants_silence(http: aiohttp.ClientSession) -> None:
    clock = FakeClock()
    slow_down = says({}, status=429, headers={"Retry-After": "60"})
    async with vendor_that(slow_down, says({"names": []})) as (url, vendor):
        acme = client(url, http, clock=clock)
        for _ in range(2):
            with pytest.raises(RateLimitedError):
                await acme.read("/things", NAMES)
        assert len(vendor.requests) == 1
        clock.advance(60)
        assert await acme.read("/things", NAMES) == {"names": []}
    assert acme.breaker.state is BreakerState.CLOSED


@pytest.mark.parametrize(("attempt_seconds", "requests"), [(0.1, 3), (9.0, 1)])
async def test_a_hanging_vendor_costs_no_more_than_its_attempts_and_the_deadline(
    http: aiohttp.ClientSession, attempt_seconds: float, requests: int
) -> None:
    begun = asyncio.get_running_loop().time()
    bounds = Bounds(total_seconds=0.9, attempt_seconds=attempt_seconds)
    async with vendor_that(hangs) as (url, vendor):
        with pytest.raises(UnavailableError, match="did not answer within"):
            await client(url, http, bounds=bounds).read("/things", NAMES)
        assert asyncio.get_running_loop().time() - begun < 1.1
        assert len(vendor.requests) == requests


async def test_a_dripping_answer_ends_with_its_attempt(http: aiohttp.ClientSession) -> None:
    async with vendor_that(drips, says({"names": []})) as (url, vendor):
        assert await client(url, http, bounds=QUICK).read("/things", NAMES) == {"names": []}
        assert len(vendor.requests) == 2


@pytest.mark.parametrize("text", ["<html>log in</html>", "", "[" * 100_000, '{"names": [1]}', "{"])
async def test_an_answer_of_another_shape_is_refused_once(
    http: aiohttp.ClientSession, text: str
) -> None:
    async with vendor_that(says_text(text)) as (url, vendor):
        with pytest.raises(RefusedError, match="check ACME_URL") as raised:
            await client(url, http).read("/things", NAMES)
    assert raised.value.reason == "unexpected_answer"
    assert "html" not in str(raised.value)
    assert len(vendor.requests) == 1


async def test_an_html_error_page_is_not_shown(http: aiohttp.ClientSession) -> None:
    error = await error_of_read(says_text("<h1>Sorry</h1>", status=500), http)
    assert isinstance(error, UnavailableError)
    assert "Sorry" not in str(error)


async def huge(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(64):
        await response.write(b" " * 65_536)
    return response


async def bomb(_: web.Request) -> web.StreamResponse:
    packed = gzip.compress(b" " * 4_000_000)
    return web.Response(body=packed, headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize("answer", [huge, bomb])
async def test_an_endless_answer_is_not_read(http: aiohttp.ClientSession, answer: Answer) -> None:
    small = Bounds(max_answer_bytes=100_000)
    async with vendor_that(answer) as (url, vendor):
        with pytest.raises(RefusedError, match="100,000 bytes") as raised:
            await client(url, http, bounds=small).read("/things", NAMES)
    assert raised.value.reason == "answer_too_large"
    assert len(vendor.requests) == 1


async def test_a_redirect_is_not_followed(http: aiohttp.ClientSession) -> None:
    async with vendor_that(says({})) as (elsewhere, other):
        error = await error_of_read(says({}, status=307, headers={"Location": elsewhere}), http)
    assert isinstance(error, RefusedError)
    assert error.reason == "redirected"
    assert other.requests == []


async def test_a_refused_token_names_the_setting_and_not_the_token(
    http: aiohttp.ClientSession,
) -> None:
    told = says({"message": f"bad token {SECRET}"}, status=401)
    error = await error_of_read(told, http)
    assert str(error) == "Acme refused the token (401): check ACME_KEY"
    forbidden = await error_of_read(says({"detail": f"No: {SECRET}\n!"}, status=403), http)
    assert isinstance(forbidden, RefusedError)
    assert "ACME_KEY" in str(forbidden)
    assert "No: *** !" in str(forbidden)
    assert SECRET not in str(forbidden)


async def test_what_is_not_there_is_told_apart(http: aiohttp.ClientSession) -> None:
    error = await error_of_read(says({"message": "no thing"}, status=404), http)
    assert isinstance(error, NotFoundError)
    assert str(error) == "Acme knows no such thing (404: no thing)"


async def test_a_long_message_of_the_vendor_is_cut(http: aiohttp.ClientSession) -> None:
    error = await error_of_read(
        says_text("x" * 9_000, status=400, content_type="text/plain"), http
    )
    assert isinstance(error, RefusedError)
    assert error.reason == "http_400"
    assert len(str(error)) < 220


async def test_githubs_403_for_a_spent_quota_is_a_rate_limit(http: aiohttp.ClientSession) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800"}
    error = await error_of_read(says({}, status=403, headers=headers), http)
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == timedelta(hours=1)


async def test_a_vendor_that_is_not_there_names_the_address_setting(
    http: aiohttp.ClientSession,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(UnavailableError, match="check ACME_URL"):
        await client(f"http://127.0.0.1:{port}", http).read("/things", NAMES)


@pytest.mark.parametrize("answer", [says({}, status=503), resets, hangs, says_text("<p>OK</p>")])
async def test_a_write_without_a_clear_answer_has_an_unknown_outcome_and_is_sent_once(
    http: aiohttp.ClientSession, answer: Answer
) -> None:
    error, requests = await error_of_write(answer, http)
    assert isinstance(error, UnknownOutcomeError)
    assert "look whether it was done" in str(error)
    assert requests == 1


async def test_a_refused_write_was_not_applied_and_is_sent_once(
    http: aiohttp.ClientSession,
) -> None:
    for status, kind in ((400, RefusedError), (404, NotFoundError), (429, RateLimitedError)):
        error, requests = await error_of_write(says({}, status=status), http)
        assert type(error) is kind
        assert requests == 1


async def test_a_write_that_reaches_nobody_was_not_applied(http: aiohttp.ClientSession) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(UnavailableError):
        await client(f"http://127.0.0.1:{port}", http).write("POST", "/", {}, shape=NAMES)


async def test_a_question_that_is_posted_is_a_read_and_is_asked_again(
    http: aiohttp.ClientSession,
) -> None:
    answers = (says({}, status=503), resets, says({"names": ["c"]}))
    async with vendor_that(*answers) as (url, vendor):
        found = await client(url, http).ask("/find", {"q": "x"}, shape=NAMES)
    assert found == {"names": ["c"]}
    assert {(r.method, r.path, r.body) for r in vendor.requests} == {
        ("POST", "/find", b'{"q": "x"}')
    }
    assert len(vendor.requests) == 3, "a lost answer to a question is no unknown outcome"


async def test_a_question_nobody_answers_changed_nothing(http: aiohttp.ClientSession) -> None:
    async with vendor_that(hangs) as (url, vendor):
        with pytest.raises(UnavailableError):
            await client(url, http, bounds=QUICK).ask("/find", {}, shape=NAMES)
    assert len(vendor.requests) == 3


def tells_its_own(
    answer: ReadAnswer, *, is_write: bool, now: datetime, cleaned: Callable[[str], str]
) -> IncidentResponseError | None:
    content = json.loads(answer.body)
    if "slow_down" in content:
        return RateLimitedError(retry_after=timedelta(seconds=1))
    if "wrong" in content:
        return (UnknownOutcomeError if is_write else RefusedError)(cleaned(content["wrong"]))
    return None


def outspoken(url: str, http: aiohttp.ClientSession) -> VendorHttp:
    return VendorHttp(
        ACME,
        base_url=url,
        credentials=Credentials(secrets=(SECRET,)),
        http=http,
        clock=HurriedClock(),
        own_errors=tells_its_own,
    )


async def test_an_error_that_is_told_inside_an_answer_counts_before_the_status(
    http: aiohttp.ClientSession,
) -> None:
    told = says({"wrong": f"no\n{SECRET}"})
    async with vendor_that(told) as (url, vendor):
        with pytest.raises(RefusedError, match=r"^no \*\*\*$"):
            await outspoken(url, http).ask("/find", {}, shape=NAMES)
        with pytest.raises(UnknownOutcomeError, match=r"^no \*\*\*$"):
            await outspoken(url, http).write("POST", "/do", {}, shape=NAMES)
    assert len(vendor.requests) == 2
    slow = says({"slow_down": True}, status=400)
    async with vendor_that(slow, says({"names": []})) as (url, vendor):
        assert await outspoken(url, http).ask("/find", {}, shape=NAMES) == {"names": []}
    assert len(vendor.requests) == 2


async def test_an_answer_that_tells_no_error_of_its_own_is_judged_by_its_status(
    http: aiohttp.ClientSession,
) -> None:
    async with vendor_that(says({}, status=401)) as (url, _):
        with pytest.raises(RefusedError, match="refused the token"):
            await outspoken(url, http).ask("/find", {}, shape=NAMES)


async def test_a_write_sends_its_body_and_reads_the_answer(http: aiohttp.ClientSession) -> None:
    async with vendor_that(says({"names": ["b"]}, status=201)) as (url, vendor):
        made = await client(url, http).write("PATCH", "/things/1", {"a": [1]}, shape=NAMES)
    assert made == {"names": ["b"]}
    assert vendor.requests[0].method == "PATCH"
    assert vendor.requests[0].body == b'{"a": [1]}'


async def test_an_unchanged_answer_is_confirmed_by_its_etag(http: aiohttp.ClientSession) -> None:
    first = says({"names": ["a"]}, headers={"ETag": '"1"'})
    async with vendor_that(first, says(None, status=304, headers={"ETag": '"1"'})) as (
        url,
        vendor,
    ):
        acme = client(url, http)
        answers = [await acme.read("/things", NAMES) for _ in range(3)]
    assert answers == [{"names": ["a"]}] * 3
    asked = [request.headers.get("If-None-Match") for request in vendor.requests]
    assert asked == [None, '"1"', '"1"']


async def test_no_more_requests_are_under_way_than_allowed(http: aiohttp.ClientSession) -> None:
    async def takes_a_moment(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.01)
        return await says({"names": []})(request)

    async with vendor_that(takes_a_moment) as (url, vendor):
        acme = client(url, http, bounds=Bounds(concurrency=3))
        await asyncio.gather(*(acme.read("/things", NAMES) for _ in range(12)))
    assert len(vendor.requests) == 12
    assert vendor.most_under_way == 3


async def test_who_gets_no_turn_in_time_sends_nothing(http: aiohttp.ClientSession) -> None:
    bounds = Bounds(concurrency=1, total_seconds=0.1, attempt_seconds=1)
    async with vendor_that(hangs) as (url, vendor):
        acme = client(url, http, bounds=bounds)
        results = await asyncio.gather(
            acme.write("POST", "/", {}, shape=NAMES),
            acme.write("POST", "/", {}, shape=NAMES),
            return_exceptions=True,
        )
        assert [type(result) for result in results] == [UnknownOutcomeError, UnavailableError]
        assert len(vendor.requests) == 1


async def test_a_vendor_that_keeps_failing_is_left_alone(http: aiohttp.ClientSession) -> None:
    clock = HurriedClock()
    async with vendor_that(says({}, status=500)) as (url, vendor):
        acme = client(url, http, clock=clock, bounds=Bounds(failures_to_open=3))
        with pytest.raises(UnavailableError):
            await acme.read("/things", NAMES)
        assert len(vendor.requests) == 3
        with pytest.raises(CircuitOpenError, match="left alone"):
            await acme.read("/things", NAMES)
        assert len(vendor.requests) == 3
    assert acme.breaker.state is BreakerState.OPEN


async def test_refusals_do_not_open_the_breaker(http: aiohttp.ClientSession) -> None:
    async with vendor_that(says({}, status=404)) as (url, vendor):
        acme = client(url, http, bounds=Bounds(failures_to_open=2))
        for _ in range(4):
            with pytest.raises(NotFoundError):
                await acme.read("/things", NAMES)
    assert len(vendor.requests) == 4
    assert acme.breaker.state is BreakerState.CLOSED


async def test_ten_who_come_when_it_may_be_well_again_send_one_probe(
    http: aiohttp.ClientSession,
) -> None:
    clock = FakeClock()
    let_go = asyncio.Event()

    async def takes_until_told(request: web.Request) -> web.StreamResponse:
        await let_go.wait()
        return await says({"names": []})(request)

    bounds = replace(QUICK, failures_to_open=1, attempt_seconds=5, total_seconds=5)
    async with vendor_that(says({}, status=500), takes_until_told) as (url, vendor):
        acme = client(url, http, clock=clock, bounds=bounds)
        with pytest.raises(IncidentResponseError):
            await acme.write("POST", "/", {}, shape=NAMES)
        clock.advance(20)
        async with asyncio.TaskGroup() as tasks:
            calls = [tasks.create_task(_outcome_of_read(acme)) for _ in range(10)]
            for number, call in enumerate(asyncio.as_completed(calls), start=1):
                await call
                if number == 9:
                    let_go.set()
        kinds = [call.result() for call in calls]
    assert kinds.count("CircuitOpenError") == 9
    assert kinds.count("answered") == 1
    assert len(vendor.requests) == 2
    assert acme.breaker.state is BreakerState.CLOSED


async def _outcome_of_read(acme: VendorHttp) -> str:
    try:
        await acme.read("/things", NAMES)
    except IncidentResponseError as error:
        return type(error).__name__
    return "answered"


async def test_each_request_within_a_trace_is_a_span_without_address_or_secret(
    http: aiohttp.ClientSession,
) -> None:
    async with vendor_that(says({}, status=503), says({"names": []})) as (url, _):
        with span("asking", parent="") as asking:
            await client(url, http, clock=HurriedClock()).read("/names/ada", NAMES, {"q": "x"})
    assert isinstance(asking, ReadableSpan)
    assert asking.context is not None
    failed, answered, _ = spans(format_trace_id(asking.context.trace_id))
    assert (failed.name, failed.kind) == ("GET Acme", SpanKind.CLIENT)
    assert dict(failed.attributes or {}) == {
        "http.response.status_code": 503,
        "error.type": "unavailable",
    }
    assert dict(answered.attributes or {}) == {"http.response.status_code": 200}
    shown = failed.to_json() + answered.to_json()
    assert not any(word in shown for word in ("ada", url, SECRET))
