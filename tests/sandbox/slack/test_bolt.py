import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp

from incident_response.sandbox.faults import Fault
from incident_response.sandbox.slack.connections import SocketSettings
from incident_response.sandbox.slack.people import Container
from incident_response.sandbox.slack.server import SlackSettings
from tests.sandbox.slack.stand import ADA, APP, BEN, BOT, ENG, GENERAL, Stand, open_stand

BUTTON = {"type": "button", "action_id": "open", "text": {"type": "plain_text", "text": "Open"}}
MODAL = {
    "type": "modal",
    "callback_id": "declare",
    "notify_on_close": True,
    "title": {"type": "plain_text", "text": "Declare"},
    "submit": {"type": "plain_text", "text": "Go"},
    "blocks": [
        {
            "type": "input",
            "block_id": "title",
            "label": {"type": "plain_text", "text": "Title"},
            "element": {"type": "plain_text_input", "action_id": "value", "max_length": 20},
        }
    ],
}


def title(text: str) -> dict[str, Any]:
    return {"title": {"value": {"value": text}}}


class Bot:
    """A small product: it does what the tests need and writes down what it heard."""

    def __init__(self, stand: Stand) -> None:
        self.heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.app = AsyncApp(client=stand.client())
        self.handlers = [
            AsyncSocketModeHandler(self.app, APP.app_token, ping_interval=1) for _ in range(2)
        ]
        self._listen()

    async def next(self, kind: str) -> Any:
        async with asyncio.timeout(10):
            while True:
                heard, body = await self.heard.get()
                if heard == kind:
                    return body

    def _hear(self, kind: str, body: Any) -> None:
        self.heard.put_nowait((kind, body))

    def _listen(self) -> None:
        app = self.app

        @app.command("/inc")
        async def inc(ack: Any, body: dict[str, Any], client: Any, respond: Any) -> None:
            if body["text"] == "form":
                await ack()
                await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
            elif body["text"] == "later":
                await ack()
                await respond("said later")
            else:
                await ack(f"heard {body['text']}")
            self._hear("command", body)

        @app.action("open")
        async def opened(ack: Any, body: dict[str, Any], client: Any, respond: Any) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
            await respond(text="You opened it", replace_original=False)
            self._hear("action", body)

        @app.view("declare")
        async def declared(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
            text = view["state"]["values"]["title"]["value"]["value"]
            if text == "bad":
                await ack(response_action="errors", errors={"title": "Say more."})
            elif text == "more":
                await ack(response_action="push", view=MODAL)
            elif text == "other":
                await ack(response_action="update", view=MODAL | {"callback_id": "second"})
            else:
                await ack()
            self._hear("view", body)

        @app.view_closed("declare")
        async def closed(ack: Any, body: dict[str, Any]) -> None:
            await ack()
            self._hear("closed", body)

        @app.shortcut("declare_from_message")
        async def from_message(ack: Any, body: dict[str, Any]) -> None:
            await ack()
            self._hear("shortcut", body)

        @app.shortcut("declare_anywhere")
        async def anywhere(ack: Any, body: dict[str, Any]) -> None:
            await ack()
            self._hear("global", body)

        @app.options("service")
        async def services(ack: Any, body: dict[str, Any]) -> None:
            option = {"text": {"type": "plain_text", "text": body["value"]}, "value": "one"}
            await ack(options=[option])

        for event in ("message", "app_mention", "reaction_added", "member_joined_channel"):
            self._listen_to(event)
        for event in ("pin_added", "app_home_opened", "channel_archive"):
            self._listen_to(event)

    def _listen_to(self, event_type: str) -> None:
        @self.app.event(event_type)
        async def told(body: dict[str, Any]) -> None:
            self._hear(event_type, body)


@pytest.fixture
async def bot(stand: Stand) -> AsyncIterator[Bot]:
    bot = Bot(stand)
    for handler in bot.handlers:
        await handler.connect_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it so
    async with asyncio.timeout(5):
        await stand.slack.sockets.wait_for(len(bot.handlers))
    yield bot
    for handler in bot.handlers:
        await handler.close_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it so


async def test_a_command_is_answered_where_it_was_typed(stand: Stand, bot: Bot) -> None:
    outcome = await stand.slack.people.slash(
        user=ADA, channel=GENERAL, command="/inc", text="status for @ben in #eng"
    )
    assert outcome.ok
    assert outcome.message is not None
    assert outcome.message.text == f"heard status for <@{BEN}|ben> in <#{ENG}|eng>"
    assert outcome.message.ephemeral_to == ADA
    assert stand.slack.people.ephemerals_for(ADA, GENERAL) == [outcome.message]
    assert stand.slack.people.ephemerals_for(BEN, GENERAL) == []


async def test_a_response_url_answers_later(stand: Stand, bot: Bot) -> None:
    await stand.slack.people.slash(user=ADA, channel=ENG, command="/inc", text="later")
    await bot.next("command")
    assert [m.text for m in stand.slack.people.ephemerals_for(ADA, ENG)] == ["said later"]


async def test_commands_take_turns_over_both_sockets(stand: Stand, bot: Bot) -> None:
    for number in range(4):
        await stand.slack.people.slash(user=ADA, channel=GENERAL, command="/inc", text=str(number))
    assert [socket["acked"] for socket in stand.slack.sockets.describe()] == [2, 2]


async def test_a_click_opens_a_modal_which_refuses_corrects_and_closes(
    stand: Stand, bot: Bot
) -> None:
    people = stand.slack.people
    posted = await stand.client().chat_postMessage(
        channel=GENERAL,
        text="Room",
        blocks=[{"type": "actions", "block_id": "b", "elements": [BUTTON]}],
    )
    clicked = await people.click(
        user=ADA,
        container=Container(channel=GENERAL, ts=posted["ts"]),
        action={**BUTTON, "block_id": "b"},
    )
    assert clicked.ok
    body = await bot.next("action")
    assert body["container"]["message_ts"] == posted["ts"]
    [view] = people.views_for(ADA)
    assert people.views_for(BEN) == []

    empty = await people.submit(user=ADA, view_id=view.id, values={})
    assert (empty.kind, list(empty.errors)) == ("errors", ["title"])
    long = await people.submit(user=ADA, view_id=view.id, values=title("x" * 21))
    assert long.kind == "errors"
    refused = await people.submit(user=ADA, view_id=view.id, values=title("bad"))
    assert refused.errors == {"title": "Say more."}
    pushed = await people.submit(user=ADA, view_id=view.id, values=title("more"))
    assert pushed.kind == "pushed"
    stack = people.views_for(ADA)
    assert [v.previous_view_id for v in stack] == [None, view.id]
    await people.close(user=ADA, view_id=stack[1].id)
    closed = await bot.next("closed")
    assert closed["view"]["id"] == stack[1].id
    updated = await people.submit(user=ADA, view_id=view.id, values=title("other"))
    assert updated.view is not None
    assert updated.view.callback_id == "second"
    done = await people.submit(user=ADA, view_id=view.id, values=title("fine"))
    assert (done.kind, done.error) == ("failed", "operation_timeout")  # nobody hears "second"


async def test_a_good_form_closes_the_modal(stand: Stand, bot: Bot) -> None:
    await stand.slack.people.slash(user=ADA, channel=GENERAL, command="/inc", text="form")
    await bot.next("command")
    [view] = stand.slack.people.views_for(ADA)
    done = await stand.slack.people.submit(user=ADA, view_id=view.id, values=title("Down"))
    assert done.kind == "closed"
    assert stand.slack.people.views_for(ADA) == []


async def test_shortcuts_and_suggestions_reach_the_app(stand: Stand, bot: Bot) -> None:
    people = stand.slack.people
    message = await people.say(user=ADA, channel=GENERAL, text="checkout is down")
    assert (
        await people.open_shortcut(
            user=BEN, callback_id="declare_from_message", channel=GENERAL, ts=message.ts
        )
    ).ok
    body = await bot.next("shortcut")
    assert body["message"]["text"] == "checkout is down"
    assert (await people.open_shortcut(user=BEN, callback_id="declare_anywhere")).ok
    await bot.next("global")
    found = await people.suggest(
        user=BEN,
        container=Container(channel=GENERAL, ts=message.ts),
        block_id="b",
        action_id="service",
        value="chec",
    )
    assert found.options[0]["text"]["text"] == "chec"


async def test_events_tell_of_what_people_do(stand: Stand, bot: Bot) -> None:
    people = stand.slack.people
    message = await people.say(user=ADA, channel=GENERAL, text="@incident_bot hello")
    body = await bot.next("app_mention")
    assert body["event"]["text"] == f"<@{BOT}> hello"
    assert body["authorizations"][0]["user_id"] == BOT
    await people.react(user=BEN, channel=GENERAL, ts=message.ts, name="eyes")
    reaction = (await bot.next("reaction_added"))["event"]
    assert (reaction["reaction"], reaction["item"]["ts"]) == ("eyes", message.ts)
    await people.pin(user=BEN, channel=GENERAL, ts=message.ts)
    assert (await bot.next("pin_added"))["event"]["item"]["message"]["ts"] == message.ts
    await people.open_home(user=BEN)
    assert (await bot.next("app_home_opened"))["event"]["user"] == BEN
    channel = await people.create_channel(user=ADA, name="new-room")
    await people.join(user=BEN, channel=channel.id)
    while (await bot.next("member_joined_channel"))["event"]["user"] != BEN:
        pass
    await people.archive(user=BEN, channel=channel.id)
    assert (await bot.next("channel_archive"))["event"]["channel"] == channel.id


async def test_the_app_hears_edits_and_deletions_but_nothing_of_rooms_it_is_not_in(
    stand: Stand, bot: Bot
) -> None:
    people = stand.slack.people
    await people.say(user=ADA, channel=ENG, text="not for bots")
    message = await people.say(user=ADA, channel=GENERAL, text="one")
    assert (await bot.next("message"))["event"]["text"] == "one"
    await people.edit(user=ADA, channel=GENERAL, ts=message.ts, text="two")
    changed = (await bot.next("message"))["event"]
    assert changed["subtype"] == "message_changed"
    assert (changed["previous_message"]["text"], changed["message"]["text"]) == ("one", "two")
    await people.delete(user=ADA, channel=GENERAL, ts=message.ts)
    assert (await bot.next("message"))["event"]["subtype"] == "message_deleted"


async def test_a_refresh_and_a_cut_line_lose_no_command(stand: Stand, bot: Bot) -> None:
    people = stand.slack.people
    await stand.slack.sockets.disconnect("refresh_requested")
    refreshed = await people.slash(user=ADA, channel=GENERAL, command="/inc", text="a")
    assert refreshed.ok
    stand.slack.sockets.drop()
    dropped = await people.slash(user=ADA, channel=GENERAL, command="/inc", text="b")
    assert dropped.ok


async def test_an_event_that_nobody_acknowledged_comes_again(stand: Stand, bot: Bot) -> None:
    stand.faults.add(Fault(target="slack.socket", kind="drop_socket", times=1))
    await stand.slack.people.say(user=ADA, channel=GENERAL, text="hear me")
    body = await bot.next("message")
    assert body["event"]["text"] == "hear me"


async def test_a_swallowed_command_times_out_and_is_not_sent_again(stand: Stand, bot: Bot) -> None:
    stand.faults.add(Fault(target="slack.socket", kind="swallow", times=1))
    outcome = await stand.slack.people.slash(
        user=ADA, channel=GENERAL, command="/inc", text="lost"
    )
    assert (outcome.ok, outcome.error) == (False, "operation_timeout")
    assert bot.heard.empty()


async def test_a_duplicated_delivery_is_heard_twice(stand: Stand, bot: Bot) -> None:
    stand.faults.add(Fault(target="slack.socket", kind="duplicate_delivery", times=1))
    await stand.slack.people.slash(user=ADA, channel=GENERAL, command="/inc", text="twice")
    first = await bot.next("command")
    second = await bot.next("command")
    assert first["trigger_id"] == second["trigger_id"]


async def test_a_disconnect_fault_moves_the_payload_to_another_socket(
    stand: Stand, bot: Bot
) -> None:
    stand.faults.add(Fault(target="slack.socket", kind="disconnect", times=1))
    outcome = await stand.slack.people.slash(
        user=ADA, channel=GENERAL, command="/inc", text="moved"
    )
    assert outcome.ok


async def test_without_a_socket_the_app_is_unreachable() -> None:
    stand = await open_stand(settings=SlackSettings(sockets=SocketSettings(queue_seconds=0.05)))
    outcome = await stand.slack.people.slash(
        user=ADA, channel=GENERAL, command="/inc", text="anyone"
    )
    await stand.stop()
    assert outcome.error == "app_unreachable"
