import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.slack.envelopes import NOT_CONFIRMED, NOT_RECORDED
from incident_response.adapters.slack.receiver import SlackReceiver
from incident_response.adapters.system_clock import SystemClock
from incident_response.domain.errors import UnavailableError, UnknownOutcomeError
from incident_response.domain.model import Json
from incident_response.ports.inbox import Envelope, EnvelopeKind, Inbox, Prepared
from incident_response.sandbox.slack.socket_mode import SocketSettings
from tests.adapters.slack.local_slack import (
    ADA,
    APP,
    BEN,
    GENERAL,
    QUICK,
    LocalSlack,
    local_slack,
    slack_client,
)

MODAL: Json = {
    "type": "modal",
    "callback_id": "declare",
    "notify_on_close": True,
    "title": {"type": "plain_text", "text": "Declare"},
    "submit": {"type": "plain_text", "text": "Declare"},
    "blocks": [
        {
            "type": "input",
            "block_id": "title",
            "label": {"type": "plain_text", "text": "Title"},
            "element": {"type": "plain_text_input", "action_id": "title"},
        }
    ],
}
TYPED: Json = {"title": {"title": {"type": "plain_text_input", "value": "Checkout is down"}}}


async def until(holds: Callable[[], bool], *, within: float = 5.0) -> None:
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in another program
            await asyncio.sleep(0.01)


async def keep_all(_: Envelope) -> Prepared:
    return Prepared()


@dataclass
class Recorder:
    """An inbox that can fail, around a real one."""

    inbox: Inbox
    error: Exception | None = None
    is_stuck: bool = False
    puts: list[Envelope] = field(default_factory=list)
    was_new: list[bool] = field(default_factory=list)

    async def put(self, envelope: Envelope) -> bool:
        self.puts.append(envelope)
        if self.is_stuck:
            await asyncio.get_running_loop().create_future()
        if self.error is not None:
            raise self.error
        is_new = await self.inbox.put(envelope)
        self.was_new.append(is_new)
        return is_new

    async def claim(self, *, limit: int, visibility: timedelta, wait: timedelta) -> list[Envelope]:
        return await self.inbox.claim(limit=limit, visibility=visibility, wait=wait)

    async def extend(self, envelope: Envelope, visibility: timedelta) -> None:
        await self.inbox.extend(envelope, visibility)

    async def done(self, key: str) -> None:
        await self.inbox.done(key)

    async def bury(self, key: str, reason: str) -> None:
        await self.inbox.bury(key, reason)

    async def buried(self, *, limit: int) -> list[tuple[Envelope, str]]:
        return await self.inbox.buried(limit=limit)

    async def open_count(self) -> int:
        return await self.inbox.open_count()

    async def stored(self) -> list[Envelope]:
        """Everything that is in the inbox now."""
        minute = timedelta(minutes=1)
        return await self.inbox.claim(limit=1000, visibility=minute, wait=timedelta())


@dataclass
class Bench:
    slack: LocalSlack
    inbox: Recorder
    receiver: SlackReceiver


@asynccontextmanager
async def receiving(
    prepare: Callable[[Envelope], Awaitable[Prepared]] = keep_all,
    *,
    settings: SocketSettings = QUICK,
    sockets: int = 2,
    spacing: float = 0.2,
    ping: float = 0.5,
    app_token: str = APP.app_token,
) -> AsyncIterator[Bench]:
    clock = SystemClock()
    backend = EmbeddedBackend.open(None, clock=clock)
    async with local_slack(sockets=settings) as slack:
        access = replace(slack.access(), app_token=app_token)
        async with slack_client(access) as client:
            inbox = Recorder(backend.inbox)
            receiver = SlackReceiver(
                client,
                inbox=inbox,
                prepare=prepare,
                clock=clock,
                commands=("/incident-response", "/inc"),
                sockets=sockets,
                spacing_seconds=spacing,
                ping_seconds=ping,
            )
            async with asyncio.TaskGroup() as tasks:
                await receiver.start(tasks)
                try:
                    yield Bench(slack, inbox, receiver)
                finally:
                    await receiver.stop()
    await backend.close()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with receiving() as bench:
        await until(lambda: bench.receiver.is_live)
        yield bench


async def open_modal(bench: Bench, *, user: str = ADA) -> str:
    trigger = bench.slack.server.triggers.issue(user)
    views = bench.slack.workspace.views
    bench.slack.server.triggers.exchange(trigger)
    return views.open(dict(MODAL), user=user).id


# --- what arrives is durable before it is acknowledged -------------------------------------------


async def test_a_command_is_in_the_inbox_when_it_is_acknowledged(bench: Bench) -> None:
    outcome = await bench.slack.people.slash(
        user=ADA, channel=GENERAL, command="/incident-response", text="status"
    )

    assert outcome.ok
    (envelope,) = await bench.inbox.stored()
    assert envelope.kind is EnvelopeKind.COMMAND
    assert envelope.payload["text"] == "status"
    assert envelope.payload["user_id"] == ADA
    assert "token" not in envelope.payload


async def test_a_click_is_in_the_inbox_when_it_is_acknowledged(bench: Bench) -> None:
    assert (await bench.slack.click(bench.slack.post_button())).ok

    (envelope,) = await bench.inbox.stored()
    assert envelope.kind is EnvelopeKind.ACTION
    assert envelope.payload["type"] == "block_actions"


async def test_a_submission_is_in_the_inbox_when_it_is_acknowledged(bench: Bench) -> None:
    view_id = await open_modal(bench)

    submitted = await bench.slack.people.submit(user=ADA, view_id=view_id, values=TYPED)

    assert submitted.kind == "closed"
    (envelope,) = await bench.inbox.stored()
    assert (envelope.kind, envelope.payload["type"]) == (EnvelopeKind.VIEW, "view_submission")


async def test_a_closed_modal_is_told(bench: Bench) -> None:
    view_id = await open_modal(bench)

    await bench.slack.people.close(user=ADA, view_id=view_id)

    await until(lambda: bench.inbox.was_new == [True])
    (envelope,) = await bench.inbox.stored()
    assert (envelope.kind, envelope.payload["type"]) == (EnvelopeKind.VIEW, "view_closed")


async def test_both_kinds_of_shortcut_arrive(bench: Bench) -> None:
    message = await bench.slack.people.say(user=ADA, channel=GENERAL, text="it is slow")
    people = bench.slack.people

    assert (
        await people.open_shortcut(user=ADA, callback_id="declare", channel=GENERAL, ts=message.ts)
    ).ok
    assert (await people.open_shortcut(user=ADA, callback_id="declare_anywhere")).ok

    shortcuts = [e for e in bench.inbox.puts if e.kind is EnvelopeKind.SHORTCUT]
    assert [e.payload["type"] for e in shortcuts] == ["message_action", "shortcut"]


async def test_events_arrive_and_our_own_doings_do_not(bench: Bench) -> None:
    bench.slack.post_button()
    await bench.slack.people.say(user=ADA, channel=GENERAL, text="hello")
    room = bench.slack.workspace.channels.create("inc-1", actor=APP.bot_user_id, is_private=True)
    bench.slack.workspace.channels.invite(room, [BEN], actor=APP.bot_user_id)

    await until(lambda: len(bench.inbox.puts) >= 3)
    events = [e.payload["event"] for e in await bench.inbox.stored()]
    told = {(e["type"], e["user"]) for e in events if isinstance(e, dict)}
    assert told == {("message", ADA), ("message", BEN), ("member_joined_channel", BEN)}


async def test_a_payload_delivered_twice_is_kept_once(bench: Bench) -> None:
    message = bench.slack.post_button()
    bench.slack.strike("socket", "duplicate_delivery")

    assert (await bench.slack.click(message)).ok

    await until(lambda: len(bench.inbox.was_new) == 2)
    assert bench.inbox.was_new == [True, False]
    assert len(await bench.inbox.stored()) == 1


async def test_two_clicks_of_one_person_are_two_things(bench: Bench) -> None:
    message = bench.slack.post_button()

    await bench.slack.click(message)
    await bench.slack.click(message)

    assert bench.inbox.was_new == [True, True]


async def test_a_command_that_is_not_ours_is_answered_and_not_kept(bench: Bench) -> None:
    outcome = await bench.slack.people.slash(user=ADA, channel=GENERAL, command="/other", text="")

    assert outcome.message is not None
    assert outcome.message.text == "Please use /inc or /incident-response."
    assert bench.inbox.puts == []


# --- what is decided before the acknowledgement --------------------------------------------------


async def test_what_was_done_at_once_is_not_kept_and_its_answer_goes_back() -> None:
    async def refuse(_: Envelope) -> Prepared:
        answer: Json = {"response_action": "errors", "errors": {"title": "Say more"}}
        return Prepared(keep=False, answer=answer)

    async with receiving(refuse) as bench:
        await until(lambda: bench.receiver.is_live)
        view_id = await open_modal(bench)
        submitted = await bench.slack.people.submit(user=ADA, view_id=view_id, values=TYPED)

        assert submitted.errors == {"title": "Say more"}
        assert await bench.inbox.open_count() == 0


async def test_what_cannot_be_prepared_is_refused_visibly() -> None:
    async def broken(_: Envelope) -> Prepared:
        raise UnavailableError("no modal")

    async with receiving(broken) as bench:
        await until(lambda: bench.receiver.is_live)
        outcome = await bench.slack.people.slash(
            user=ADA, channel=GENERAL, command="/inc", text="declare"
        )

        assert outcome.message is not None
        assert outcome.message.text == NOT_RECORDED
        assert await bench.inbox.open_count() == 0


# --- what cannot be recorded ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UnavailableError("disk full"), NOT_RECORDED),
        (RuntimeError("a defect"), NOT_RECORDED),
        (UnknownOutcomeError("no answer"), NOT_CONFIRMED),
    ],
)
async def test_a_command_that_cannot_be_recorded_says_so(
    bench: Bench, error: Exception, said: str
) -> None:
    bench.inbox.error = error

    outcome = await bench.slack.people.slash(
        user=ADA, channel=GENERAL, command="/inc", text="status"
    )

    assert outcome.message is not None
    assert outcome.message.text == said
    assert outcome.message.ephemeral_to == ADA


async def test_a_submission_that_cannot_be_recorded_says_so_in_the_modal(bench: Bench) -> None:
    bench.inbox.error = UnavailableError("disk full")
    view_id = await open_modal(bench)

    submitted = await bench.slack.people.submit(user=ADA, view_id=view_id, values=TYPED)

    assert submitted.errors == {"title": NOT_RECORDED}


async def test_a_click_that_cannot_be_recorded_says_so_to_the_person(bench: Bench) -> None:
    bench.inbox.error = UnavailableError("disk full")

    assert (await bench.slack.click(bench.slack.post_button())).ok

    (whisper,) = bench.slack.people.ephemerals_for(ADA, GENERAL)
    assert whisper.text == NOT_RECORDED


async def test_a_click_whose_loss_cannot_be_told_is_not_acknowledged(bench: Bench) -> None:
    bench.inbox.error = UnavailableError("disk full")
    bench.slack.strike("response_url", "server_error")

    outcome = await bench.slack.click(bench.slack.post_button())

    assert outcome.error == "operation_timeout"


async def test_an_inbox_that_hangs_is_given_up_in_time_to_say_so(bench: Bench) -> None:
    bench.inbox.is_stuck = True

    outcome = await bench.slack.people.slash(
        user=ADA, channel=GENERAL, command="/inc", text="status"
    )

    assert outcome.message is not None
    assert outcome.message.text == NOT_CONFIRMED


async def test_an_event_that_cannot_be_recorded_is_delivered_again() -> None:
    impatient = replace(QUICK, ack_seconds=0.2)
    async with receiving(settings=impatient) as bench:
        await until(lambda: bench.receiver.is_live)
        bench.inbox.error = UnavailableError("disk full")
        await bench.slack.people.say(user=ADA, channel=GENERAL, text="hello")
        await until(lambda: len(bench.inbox.puts) == 1)
        bench.inbox.error = None

        await until(lambda: bench.inbox.was_new == [True])
        assert {envelope.key for envelope in bench.inbox.puts} == {bench.inbox.puts[0].key}


async def test_what_comes_from_another_workspace_is_refused_and_not_kept(bench: Bench) -> None:
    payload: Json = {
        "type": "block_actions",
        "team": {"id": "T00ELSEWHERE"},
        "user": {"id": "U0FAR", "team_id": "T00ELSEWHERE"},
        "trigger_id": "1.2.3",
        "actions": [{"action_id": "take_command", "type": "button", "block_id": "deeds"}],
    }

    ack = await bench.slack.server.sockets.deliver("interactive", lambda: dict(payload))

    assert ack.error is None
    assert bench.inbox.puts == []


# --- sockets ---------------------------------------------------------------------------------


async def both_live(bench: Bench) -> None:
    await until(lambda: bench.receiver.state.live_sockets == 2)


async def test_it_is_ready_once_slack_has_greeted_a_socket(bench: Bench) -> None:
    await both_live(bench)

    state = bench.receiver.state
    assert state.is_ready
    assert state.problems == ()
    assert state.connections == 2
    assert bench.slack.server.sockets.connected == 2


NOT_A_MOMENT = replace(QUICK, queue_seconds=0.0)
"""A Slack that gives a click up at once if no socket takes it."""


async def test_no_click_is_lost_while_socket_after_socket_is_refreshed() -> None:
    async with receiving(settings=NOT_A_MOMENT, spacing=0.0) as bench:
        message = bench.slack.post_button()
        for _ in range(6):
            await both_live(bench)
            bench.slack.strike("socket", "disconnect", reason="refresh_requested")
            outcomes = [await bench.slack.click(message) for _ in range(10)]
            assert [outcome.error for outcome in outcomes] == [None] * 10

        assert bench.inbox.was_new == [True] * 60
        await both_live(bench)
        numbers = [socket["number"] for socket in bench.slack.server.sockets.describe()]
        assert max(numbers) >= 8


async def test_sockets_that_are_warned_together_are_renewed_one_after_the_other(
    bench: Bench,
) -> None:
    await both_live(bench)
    sockets = bench.slack.server.sockets
    before = {socket["number"] for socket in sockets.describe()}

    await sockets.disconnect("warning")

    fewest = sockets.connected
    async with asyncio.timeout(5):
        while before & {socket["number"] for socket in sockets.describe()}:
            await asyncio.sleep(0)
            fewest = min(fewest, sockets.connected)
    assert fewest == 1


async def test_clicks_go_on_while_slack_refreshes_everything_at_once(bench: Bench) -> None:
    await both_live(bench)
    message = bench.slack.post_button()

    async with asyncio.TaskGroup() as tasks:
        clicks = [tasks.create_task(bench.slack.click(message)) for _ in range(10)]
        await bench.slack.server.sockets.disconnect("refresh_requested")
        clicks += [tasks.create_task(bench.slack.click(message)) for _ in range(10)]

    assert [click.result().error for click in clicks] == [None] * 20
    assert bench.inbox.was_new == [True] * 20


async def test_sockets_that_were_cut_come_back(bench: Bench) -> None:
    await both_live(bench)

    assert bench.slack.server.sockets.drop() == 2

    await until(lambda: not bench.receiver.is_live)
    assert not bench.receiver.state.is_ready
    assert len(bench.receiver.state.problems) == 2
    await both_live(bench)
    assert len(bench.receiver.state.problems) == 0
    assert (await bench.slack.click(bench.slack.post_button())).ok


async def test_the_second_socket_connects_later_than_the_first() -> None:
    async with receiving(spacing=1.0) as bench:
        await both_live(bench)

        first, second = (s["opened_at"] for s in bench.slack.server.sockets.describe())
        assert abs(second - first) >= 0.9


async def test_a_slack_without_addresses_is_not_asked_in_a_hot_loop() -> None:
    async with receiving() as bench:
        await both_live(bench)
        bench.slack.strike("apps.connections.open", "server_error", times=None)
        asked = bench.slack.calls("apps.connections.open")
        bench.slack.server.sockets.drop()

        await until(lambda: not bench.receiver.is_live)
        await asyncio.sleep(2.0)

        assert 1 <= bench.slack.calls("apps.connections.open") - asked <= 10
        assert "apps.connections.open" in " ".join(bench.receiver.state.problems)
        bench.slack.faults.clear()
        await until(lambda: bench.receiver.is_live)


async def test_a_slack_that_is_down_at_the_start_is_not_asked_in_a_hot_loop() -> None:
    async with receiving() as bench:
        bench.slack.strike("apps.connections.open", "server_error", times=None)

        await until(lambda: bench.slack.calls("apps.connections.open") > 0)
        await asyncio.sleep(1.5)

        assert 2 <= bench.slack.calls("apps.connections.open") <= 8
        bench.slack.faults.clear()
        await until(lambda: bench.receiver.is_live)


async def test_a_socket_whose_address_is_no_good_asks_for_another(bench: Bench) -> None:
    await both_live(bench)
    asked = bench.slack.calls("apps.connections.open")
    with bench.slack.telling_a_wrong_address():
        bench.slack.server.sockets.drop()
        await until(lambda: bench.slack.calls("apps.connections.open") > asked)

    await both_live(bench)


async def test_a_slack_that_has_too_many_sockets_is_not_pressed() -> None:
    async with receiving(settings=replace(QUICK, max_sockets=1), spacing=0.0) as bench:
        await until(lambda: "too_many_websockets" in " ".join(bench.receiver.state.problems))
        asked = bench.slack.calls("apps.connections.open")

        await asyncio.sleep(1.0)

        assert bench.slack.calls("apps.connections.open") - asked <= 1
        assert bench.receiver.state.is_ready


async def test_a_refused_app_token_makes_it_not_ready_and_says_why() -> None:
    async with receiving(app_token="xapp-wrong") as bench:
        await until(lambda: "not valid" in " ".join(bench.receiver.state.problems))

        assert not bench.receiver.state.is_ready
        await asyncio.sleep(1.0)
        assert bench.slack.calls("apps.connections.open") <= 2


async def test_a_refused_bot_token_makes_it_not_ready_and_says_why() -> None:
    clock = SystemClock()
    backend = EmbeddedBackend.open(None, clock=clock)
    async with (
        local_slack() as slack,
        slack_client(slack.access(bot_token="xoxb-wrong")) as client,
        asyncio.TaskGroup() as tasks,
    ):
        receiver = SlackReceiver(client, inbox=backend.inbox, prepare=keep_all, clock=clock)
        await receiver.start(tasks)
        await until(lambda: "not valid" in " ".join(receiver.state.problems))

        assert not receiver.state.is_ready
        assert slack.server.sockets.connected == 0
        await receiver.stop()
    await backend.close()


async def test_stopping_acknowledges_what_has_arrived_and_leaves_no_socket_behind() -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(_: Envelope) -> Prepared:
        began.set()
        await go_on.wait()
        return Prepared()

    async with receiving(slowly) as bench:
        await both_live(bench)
        async with asyncio.TaskGroup() as tasks:
            clicking = tasks.create_task(bench.slack.click(bench.slack.post_button()))
            await began.wait()
            stopping = tasks.create_task(bench.receiver.stop())
            await asyncio.sleep(0.1)
            assert not stopping.done()
            go_on.set()

        assert clicking.result().ok
        assert bench.inbox.was_new == [True]
        assert bench.slack.server.sockets.connected == 0
        assert not bench.receiver.is_live
        assert bench.slack.server.sockets.describe() == []
