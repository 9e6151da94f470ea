"""A whole sandbox with a small real bot in it, on a thread of its own, for a browser."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from incident_response.sandbox.app import Sandbox, SandboxConfig
from incident_response.sandbox.slack.model import Message, Shortcut, SlackApp, SlashCommand
from tests.sandbox.slack.stand import EVERY_EVENT, EVERY_SCOPE

Result = TypeVar("Result")
Json = dict[str, Any]

APP = SlackApp(
    name="Room Bot",
    bot_token="xoxb-stage",
    app_token="xapp-stage",
    bot_scopes=EVERY_SCOPE,
    events=EVERY_EVENT,
    commands=(
        SlashCommand("/room", "Open and run rooms", "[open | status | secret | slow]"),
        SlashCommand("/roomy", "Something else"),
    ),
    shortcuts=(Shortcut("note_it", "Make a note", "Keeps a message for later"),),
)


def words(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(text: str) -> Json:
    return {"text": words(text), "value": text.lower().replace(" ", "-")}


def button(text: str, action_id: str, **more: Any) -> Json:
    return {"type": "button", "text": words(text), "action_id": action_id, "value": "7", **more}


CONFIRM = {
    "title": words("End it?"),
    "text": words("Nobody can undo this."),
    "confirm": words("End it"),
    "deny": words("Not yet"),
    "style": "danger",
}
CARD: list[Json] = [
    {"type": "header", "block_id": "head", "text": words("A card")},
    {
        "type": "section",
        "block_id": "more",
        "text": {"type": "mrkdwn", "text": "*Choose* something"},
        "accessory": {
            "type": "overflow",
            "action_id": "menu",
            "options": [option("Hand over"), option("Step down")],
        },
    },
    {
        "type": "actions",
        "block_id": "row",
        "elements": [
            button("Take command", "take", style="primary"),
            button("End", "end", style="danger", confirm=CONFIRM),
            {"type": "users_select", "action_id": "who", "placeholder": words("Somebody")},
            {
                "type": "external_select",
                "action_id": "service",
                "placeholder": words("A service"),
                "min_query_length": 0,
            },
        ],
    },
    {
        "type": "actions",
        "block_id": "list",
        "elements": [
            {
                "type": "checkboxes",
                "action_id": "done",
                "options": [option("Look"), option("Tell"), option("Mend")],
            }
        ],
    },
]
FORM: Json = {
    "type": "modal",
    "callback_id": "open",
    "title": words("Open a room"),
    "submit": words("Open"),
    "close": words("Cancel"),
    "blocks": [
        {
            "type": "input",
            "block_id": "title",
            "label": words("Title"),
            "hint": words("One line a stranger understands"),
            "element": {"type": "plain_text_input", "action_id": "value", "max_length": 60},
        },
        {
            "type": "input",
            "block_id": "severity",
            "label": words("Severity"),
            "element": {
                "type": "static_select",
                "action_id": "value",
                "options": [option("P1"), option("P2")],
            },
        },
        {
            "type": "input",
            "block_id": "people",
            "optional": True,
            "label": words("People"),
            "element": {"type": "multi_users_select", "action_id": "value"},
        },
        {
            "type": "input",
            "block_id": "reach",
            "optional": True,
            "label": words("Reach"),
            "element": {
                "type": "radio_buttons",
                "action_id": "value",
                "options": [option("Everyone"), option("Some")],
            },
        },
    ],
}


class Bot:
    """A small product on unmodified slack-bolt; ``heard`` is what it was told, in order."""

    def __init__(self, url: str) -> None:
        self.heard: list[tuple[str, Json]] = []
        self.client = AsyncWebClient(
            token=APP.bot_token, base_url=f"{url}/api/", retry_handlers=[]
        )
        self.app = AsyncApp(client=self.client)
        self.socket = AsyncSocketModeHandler(self.app, APP.app_token)
        self._listen()

    def _listen(self) -> None:
        self.app.command("/room")(self._command)
        self.app.view("open")(self._submitted)
        self.app.action("take")(self._take)
        self.app.action("done")(self._done)
        self.app.options("service")(self._services)
        self.app.shortcut("note_it")(self._note)
        for name in ("end", "menu", "who", "service"):
            self.app.action(name)(self._acted)
        self.app.event("app_home_opened")(self._home)
        for name in ("message", "member_joined_channel", "pin_added", "reaction_added",
                     "reaction_removed", "channel_archive", "app_mention"):  # fmt: skip
            self.app.event(name)(self._ignore)

    async def _command(self, ack: Any, body: Json, client: Any, respond: Any) -> None:
        self.heard.append(("command", body))
        if body["text"] == "slow":
            await asyncio.sleep(3.5)
        await ack()
        if body["text"] == "open":
            await client.views_open(trigger_id=body["trigger_id"], view=FORM)
        elif body["text"] == "secret":
            await respond("Only you should see this")

    async def _submitted(self, ack: Any, body: Json, view: Json, client: Any) -> None:
        self.heard.append(("submit", view["state"]["values"]))
        title = view["state"]["values"]["title"]["value"]["value"]
        if title == "taken":
            await ack(response_action="errors", errors={"title": "There is such a room already."})
            return
        await ack()
        room = await client.conversations_create(name=title, is_private=True)
        await client.conversations_invite(channel=room["channel"]["id"], users=body["user"]["id"])

    async def _acted(self, ack: Any, body: Json) -> None:
        await ack()
        self.heard.append(("action", body))

    async def _done(self, ack: Any, body: Json, client: Any) -> None:
        """Show the boxes as they now are for everybody, as a checklist does."""
        await ack()
        self.heard.append(("action", body))
        chosen = body["actions"][0]["selected_options"]
        boxes = {**CARD[-1]["elements"][0], "initial_options": chosen}
        await client.chat_update(
            channel=body["channel"]["id"],
            ts=body["message"]["ts"],
            blocks=[*CARD[:-1], {**CARD[-1], "elements": [boxes]}],
            text="A card",
        )

    async def _take(self, ack: Any, body: Json, client: Any) -> None:
        await ack()
        self.heard.append(("action", body))
        taken = {"type": "section", "text": words(f"{body['user']['name']} has command")}
        await client.chat_update(
            channel=body["channel"]["id"],
            ts=body["message"]["ts"],
            blocks=[*CARD, taken],
            text="A card",
        )

    async def _services(self, ack: Any, body: Json) -> None:
        names = ("checkout-api", "search-api", "billing-worker")
        await ack(options=[option(name) for name in names if body["value"] in name])

    async def _note(self, ack: Any, body: Json, client: Any) -> None:
        await ack()
        self.heard.append(("shortcut", body))
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    async def _home(self, event: Json, client: Any) -> None:
        blocks = [{"type": "header", "text": words("Your rooms")}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    async def _ignore(self, body: Json) -> None:
        pass


class Stage:
    """The sandbox and the bot, running. ``run`` and ``call`` reach into their event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.sandbox = self.call(
            lambda: Sandbox(SandboxConfig(app=APP))
        )  # its file is one thread's
        self.run(self.sandbox.start())
        self.bot = self.run(self._connected())

    async def _connected(self) -> Bot:
        bot = Bot(self.sandbox.url)
        await bot.socket.connect_async()  # type: ignore[no-untyped-call]  # bolt has no types here
        return bot

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine on the sandbox's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def call(self, work: Callable[[], Result]) -> Result:
        """Call something on the sandbox's loop."""

        async def called() -> Result:
            return work()

        return self.run(called())

    def close(self) -> None:
        """Stop everything that was started."""
        self.run(self.bot.socket.close_async())  # type: ignore[no-untyped-call]  # as above
        self.run(self.sandbox.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    # --- what tests say ---------------------------------------------------------------------

    def id(self, handle: str) -> str:
        """Give somebody's user id."""
        return self.sandbox.world.company.person(handle).slack_id

    def channel(self, name: str) -> str:
        """Give a channel's id."""
        found = self.call(lambda: self.sandbox.workspace.channels.by_name(name))
        assert found is not None
        return found.id

    def address(self, channel: str, who: str, query: str = "") -> str:
        """Give the page's address for somebody in a channel."""
        return f"{self.sandbox.url}/c/{self.channel(channel)}?me={self.id(who)}{query}"

    def says(self, who: str, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """Let somebody write."""
        say = self.sandbox.people.say
        place = self.channel(channel)
        return self.run(say(user=self.id(who), channel=place, text=text, thread_ts=thread_ts))

    def posts(
        self, channel: str, *, text: str = "A card", blocks: list[Json] | None = None
    ) -> str:
        """Let the bot write; gives the ts."""
        place = self.channel(channel)
        self.run(self._joined(place))
        post = self.bot.client.chat_postMessage(channel=place, text=text, blocks=blocks or [])
        return str(self.run(post)["ts"])

    async def _joined(self, channel: str) -> None:
        await self.bot.client.conversations_join(channel=channel)

    def heard(self, kind: str) -> list[Json]:
        """Give what the bot heard of one kind."""
        return [body for heard, body in list(self.bot.heard) if heard == kind]
