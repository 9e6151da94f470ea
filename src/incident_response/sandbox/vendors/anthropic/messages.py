"""Requests and answers of the Messages API, the same on both wires.

What belongs here: reading a request, and writing a message whole or as the events of a stream.
What does not: HTTP (`api.py`, `bedrock.py`).
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from incident_response.sandbox.vendors.anthropic.script import Script, StopReason

Json = dict[str, Any]

_CHARACTERS_PER_TOKEN = 4  # close enough for English to budget with
_DELTA_CHARACTERS = 24


class BadRequestError(Exception):
    """A request that is refused; the message is the vendor's."""


class _Block(BaseModel):
    model_config = ConfigDict(extra="allow")

    type: str
    text: str = ""
    cache_control: dict[str, Any] | None = None


class _Turn(BaseModel):
    role: Literal["user", "assistant"]
    content: str | list[_Block]


class Request(BaseModel):
    """A request as both wires send it; what is not used here is passed over."""

    model_config = ConfigDict(extra="allow")

    model: str = ""
    anthropic_version: str = ""
    max_tokens: Annotated[int, Field(ge=1)]
    messages: Annotated[list[_Turn], Field(min_length=1)]
    system: str | list[_Block] = ""
    stream: bool = False

    @property
    def prompt(self) -> str:
        """Everything the model is told, in order."""
        return "\n".join((_text(self.system), *(_text(turn.content) for turn in self.messages)))

    @property
    def cached(self) -> str:
        """What is told up to the last block marked for the cache; empty where none is."""
        blocks = [self.system, *(turn.content for turn in self.messages)]
        flat = [block for part in blocks if isinstance(part, list) for block in part]
        marked = [place for place, block in enumerate(flat) if block.cache_control]
        return "".join(block.text for block in flat[: marked[-1] + 1]) if marked else ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered to one request."""

    id: str
    model: str
    text: str
    stop_reason: StopReason
    usage: Mapping[str, int]

    def message(self) -> Json:
        """Return it whole."""
        return {
            **self._opening(),
            "content": [{"type": "text", "text": self.text}] if self.text else [],
            "stop_reason": self.stop_reason,
            "usage": dict(self.usage),
        }

    def events(self) -> Iterator[Json]:
        """Yield it as the events of a stream."""
        opening = {**self._opening(), "content": [], "stop_reason": None}
        begun = {**self.usage, "output_tokens": 1}
        yield {"type": "message_start", "message": {**opening, "usage": begun}}
        if self.text:
            block = {"type": "text", "text": ""}
            yield {"type": "content_block_start", "index": 0, "content_block": block}
            yield {"type": "ping"}
            for start in range(0, len(self.text), _DELTA_CHARACTERS):
                piece = self.text[start : start + _DELTA_CHARACTERS]
                delta = {"type": "text_delta", "text": piece}
                yield {"type": "content_block_delta", "index": 0, "delta": delta}
            yield {"type": "content_block_stop", "index": 0}
        ended = {"stop_reason": self.stop_reason, "stop_sequence": None}
        used = {"output_tokens": self.usage["output_tokens"]}
        yield {"type": "message_delta", "delta": ended, "usage": used}
        yield {"type": "message_stop"}

    def _opening(self) -> Json:
        return {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "stop_sequence": None,
        }


class Model:
    """Answers requests by the script, and remembers which prompts its cache holds."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._cache: set[bytes] = set()

    def reply(self, request: Request, model: str) -> Reply:
        """Answer a request; what is longer than it allows is cut."""
        line = self.script.answer(request.prompt)
        text = "" if line.stop_reason == "refusal" else line.text
        room = request.max_tokens * _CHARACTERS_PER_TOKEN
        return Reply(
            id=f"msg_{secrets.token_hex(12)}",
            model=model,
            text=text[:room],
            stop_reason="max_tokens" if len(text) > room else line.stop_reason,
            usage=self._usage(request, text[:room]),
        )

    def _usage(self, request: Request, text: str) -> dict[str, int]:
        cached = tokens(request.cached)
        key = hashlib.sha256(request.cached.encode()).digest()
        is_known = key in self._cache
        if cached:
            self._cache.add(key)
        return {
            "input_tokens": max(0, tokens(request.prompt) - cached),
            "cache_creation_input_tokens": 0 if is_known else cached,
            "cache_read_input_tokens": cached if is_known else 0,
            "output_tokens": tokens(text),
        }


def read_request(raw: bytes) -> Request:
    """Read a request's body. Raises `BadRequestError` in the vendor's manner."""
    try:
        request = Request.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "body"
        raise BadRequestError(f"{place}: {first['msg']}") from None
    if request.messages[0].role != "user":
        raise BadRequestError('messages: first message must use the "user" role')
    return request


def tokens(text: str) -> int:
    """Return about how many tokens a text has."""
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


def _text(content: str | list[_Block]) -> str:
    return content if isinstance(content, str) else "\n".join(block.text for block in content)
