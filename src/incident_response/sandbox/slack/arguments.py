"""How a Web API call's arguments arrive: query, form or JSON, and what each must turn into."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.model import Json

Kind = Literal["string", "bool", "int", "json", "list"]

TRUE_WORDS = frozenset({"1", "true", "True", "TRUE"})
FALSE_WORDS = frozenset({"0", "false", "False", "FALSE", ""})


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a method. `json` is an object or array, also as a string holding one."""

    name: str
    kind: Kind = "string"
    required: bool = False


def arguments(described: str) -> tuple[Argument, ...]:
    """Read `"channel! text blocks:json"`: names, `!` where required, a kind where not a string."""
    return tuple(_argument(word) for word in described.split())


def _argument(word: str) -> Argument:
    name, _, kind = word.partition(":")
    kinds: dict[str, Kind] = {"bool": "bool", "int": "int", "json": "json", "list": "list"}
    return Argument(name.rstrip("!"), kinds.get(kind, "string"), required=name.endswith("!"))


async def raw_arguments(request: web.Request, *, takes_json: bool) -> Json:
    """Everything the call carries. A JSON body counts only where the method takes one.

    Raises `invalid_json` and `json_not_object` as Slack does.
    """
    raw: Json = dict(request.query)
    if not request.body_exists:
        return raw
    if request.content_type == "application/json":
        if takes_json:
            raw.update(_json_object(await request.text()))
    elif request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        raw.update({k: v for k, v in (await request.post()).items() if isinstance(v, str)})
    return raw


def _json_object(text: str) -> Json:
    try:
        body = json.loads(text or "{}")
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(body, dict):
        raise SlackError("json_not_object")
    return body


def decoded(expected: tuple[Argument, ...], raw: Mapping[str, Any]) -> Json:
    """The arguments a method knows, each in its own type; unknown ones are ignored.

    Raises `invalid_arguments` with a message for each that is missing or malformed.
    """
    values: Json = {}
    problems: list[str] = []
    for argument in expected:
        value = raw.get(argument.name)
        if value is None or (value == "" and argument.required):
            if argument.required:
                problems.append(f"[ERROR] missing required field: {argument.name}")
            continue
        try:
            values[argument.name] = _DECODERS[argument.kind](value)
        except ValueError as error:
            problems.append(f"[ERROR] {error} [json-pointer:/{argument.name}]")
    if problems:
        raise SlackError("invalid_arguments", response_metadata={"messages": problems})
    return values


def _as_string(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        raise ValueError("must be a string")  # noqa: TRY004 - a wrong value of a caller's argument
    return str(value)


def _as_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value)
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ValueError("must be a boolean")


def _as_int(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError("must be an integer") from None


def _as_json(value: Any) -> Any:
    """Left a string when it does not parse: the method has its own error for that."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _as_list(value: Any) -> list[str]:
    """A JSON array, or words parted by commas."""
    if isinstance(value, str) and value.startswith("["):
        value = _as_json(value)
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        raise ValueError("must be a list")  # noqa: TRY004 - a wrong value of a caller's argument
    return [str(item).strip() for item in value if str(item).strip()]


_DECODERS = {
    "string": _as_string,
    "bool": _as_bool,
    "int": _as_int,
    "json": _as_json,
    "list": _as_list,
}
