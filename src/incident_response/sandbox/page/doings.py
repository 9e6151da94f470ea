"""What a person can do on the page, by name: each takes the request's body and answers in JSON.

The rules are the workspace's; this only reads the body and says what came of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.model import User
from incident_response.sandbox.slack.people import Container, Outcome, People
from incident_response.sandbox.slack.workspace import Workspace

Body: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = dict[str, Any]
Doing: TypeAlias = Callable[[User, Body], Awaitable[Answer]]

DONE: Answer = {"ok": True}


class Doings:
    """The table of doings over one workspace and the people in it."""

    def __init__(self, workspace: Workspace, people: People) -> None:
        self._workspace = workspace
        self._people = people
        self._table: dict[str, Doing] = {
            "say": self._say,
            "edit": self._edit,
            "delete": self._delete,
            "react": self._react,
            "pin": self._pin,
            "dismiss": self._dismiss,
            "read": self._read,
            "join": self._join,
            "leave": self._leave,
            "archive": self._archive,
            "home": self._home,
            "click": self._click,
            "suggest": self._suggest,
            "shortcut": self._shortcut,
            "submit": self._submit,
            "close": self._close,
        }

    async def do(self, name: str, me: User, body: Body) -> Answer:
        """Do it and say what came of it.

        Raises:
            SlackError: the workspace refuses, or ``unknown_method`` for a name not in the table.
        """
        doing = self._table.get(name)
        if doing is None:
            raise SlackError("unknown_method")
        return await doing(me, body)

    # --- messages --------------------------------------------------------------------------

    async def _say(self, me: User, body: Body) -> Answer:
        channel, text = _text(body, "channel"), _text(body, "text")
        if text.startswith("/"):
            return await self._slash(me, channel, text)
        thread_ts = body.get("thread_ts") or None
        await self._people.say(user=me.id, channel=channel, text=text, thread_ts=thread_ts)
        return DONE

    async def _slash(self, me: User, channel: str, text: str) -> Answer:
        command, _, rest = text.partition(" ")
        outcome = await self._people.slash(
            user=me.id, channel=channel, command=command, text=rest.strip()
        )
        return _told(outcome)

    async def _edit(self, me: User, body: Body) -> Answer:
        channel, ts = _message(body)
        await self._people.edit(user=me.id, channel=channel, ts=ts, text=_text(body, "text"))
        return DONE

    async def _delete(self, me: User, body: Body) -> Answer:
        channel, ts = _message(body)
        await self._people.delete(user=me.id, channel=channel, ts=ts)
        return DONE

    async def _react(self, me: User, body: Body) -> Answer:
        """Add a reaction, or take it back when it is this person's already."""
        (channel, ts), name = _message(body), _text(body, "name")
        message = self._workspace.messages.get(channel, ts)
        mine = any(r.name == name and me.id in r.users for r in message.reactions)
        await self._people.react(user=me.id, channel=channel, ts=ts, name=name, on=not mine)
        return DONE

    async def _pin(self, me: User, body: Body) -> Answer:
        channel, ts = _message(body)
        await self._people.pin(user=me.id, channel=channel, ts=ts, on=bool(body.get("on")))
        return DONE

    async def _dismiss(self, me: User, body: Body) -> Answer:
        channel, ts = _message(body)
        await self._people.dismiss(user=me.id, channel=channel, ts=ts)
        return DONE

    async def _read(self, me: User, body: Body) -> Answer:
        channel, ts = _message(body)
        await self._people.read(user=me.id, channel=channel, ts=ts)
        return DONE

    # --- channels --------------------------------------------------------------------------

    async def _join(self, me: User, body: Body) -> Answer:
        await self._people.join(user=me.id, channel=_text(body, "channel"))
        return DONE

    async def _leave(self, me: User, body: Body) -> Answer:
        await self._people.leave(user=me.id, channel=_text(body, "channel"))
        return DONE

    async def _archive(self, me: User, body: Body) -> Answer:
        await self._people.archive(user=me.id, channel=_text(body, "channel"))
        return DONE

    # --- what apps are told ----------------------------------------------------------------

    async def _home(self, me: User, _body: Body) -> Answer:
        await self._people.open_home(user=me.id)
        return DONE

    async def _click(self, me: User, body: Body) -> Answer:
        outcome = await self._people.click(
            user=me.id,
            container=_container(body),
            action=dict(body.get("action") or {}),
            state=dict((body.get("state") or {}).get("values") or {}),
        )
        return _told(outcome)

    async def _suggest(self, me: User, body: Body) -> Answer:
        found = await self._people.suggest(
            user=me.id,
            container=_container(body),
            block_id=_text(body, "block_id"),
            action_id=_text(body, "action_id"),
            value=_text(body, "value"),
        )
        grouped = [option for group in found.option_groups for option in group["options"]]
        options = [*found.options, *grouped]
        return {"ok": found.error is None, "error": found.error, "options": options}

    async def _shortcut(self, me: User, body: Body) -> Answer:
        callback_id = _text(body, "callback_id")
        channel, ts = _message(body)
        outcome = await self._people.open_shortcut(
            user=me.id, callback_id=callback_id, channel=channel, ts=ts
        )
        return _told(outcome)

    async def _submit(self, me: User, body: Body) -> Answer:
        outcome = await self._people.submit(
            user=me.id, view_id=_text(body, "view_id"), values=dict(body.get("values") or {})
        )
        return {"ok": outcome.ok, "error": outcome.error, "errors": outcome.errors or None}

    async def _close(self, me: User, body: Body) -> Answer:
        cleared = bool(body.get("cleared"))
        await self._people.close(user=me.id, view_id=_text(body, "view_id"), cleared=cleared)
        return DONE


def _text(body: Body, name: str) -> str:
    """Read a string from the body; anything else is ``invalid_arguments``."""
    value = body.get(name)
    if not isinstance(value, str):
        raise SlackError("invalid_arguments")
    return value


def _message(body: Body) -> tuple[str, str]:
    """Read which message is meant: its channel and its ts."""
    return _text(body, "channel"), _text(body, "ts")


def _container(body: Body) -> Container:
    held = body.get("container")
    if not isinstance(held, Mapping):
        raise SlackError("invalid_arguments")
    if held.get("view_id"):
        return Container(view_id=_text(held, "view_id"))
    channel, ts = _message(held)
    return Container(channel=channel, ts=ts, is_ephemeral=held.get("ephemeral") is True)


def _told(outcome: Outcome) -> Answer:
    return {"ok": outcome.ok, "error": outcome.error}
