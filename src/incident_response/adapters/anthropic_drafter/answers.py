"""What the SDK's errors and answers mean, in our words.

Nothing of a prompt or an answer is in any error. Not here: the call (drafter).
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from incident_response.adapters.anthropic_drafter.access import Access
from incident_response.adapters.anthropic_drafter.prices import Tokens, cost
from incident_response.domain.errors import (
    IncidentResponseError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
)
from incident_response.ports.drafter import Written

if TYPE_CHECKING:
    from anthropic.types import Message, Usage

_FENCE = re.compile(r"\A\s*```[a-z]{0,10}\s*\n(?P<text>.*?)\n?\s*```\s*\Z", re.DOTALL)
"""A code fence around the whole text, which some models add unasked."""
_UNFIT = {
    "max_tokens": "The model's text was cut for its length",
    "model_context_window_exceeded": "The material was too long for the model",
    "refusal": "The model declined to write it",
}


def written(message: "Message", model: str) -> Written:
    """The text and its cost; a text that is not whole says so."""
    text = "".join(block.text for block in message.content if block.type == "text")
    fenced = _FENCE.match(text)
    tokens = _tokens(message.usage)
    stop = message.stop_reason or ""
    return Written(
        text=(fenced["text"] if fenced else text).strip(),
        model=model,
        input_tokens=tokens.read + tokens.written_to_cache,
        output_tokens=tokens.written,
        cached_tokens=tokens.read_from_cache,
        cost_usd=cost(model, tokens),
        why_unfit="" if stop in ("end_turn", "stop_sequence") else _UNFIT.get(stop, _NO_END),
    )


_NO_END = "The model stopped for a reason that we do not know"


def _tokens(usage: "Usage") -> Tokens:
    return Tokens(
        read=usage.input_tokens,
        written_to_cache=usage.cache_creation_input_tokens or 0,
        read_from_cache=usage.cache_read_input_tokens or 0,
        written=usage.output_tokens,
    )


def refused(status: int, headers: Mapping[str, str], access: Access) -> IncidentResponseError:
    """The error for an answer with this status that is not 2xx."""
    name = access.name
    if status == 429:
        return RateLimitedError(f"{name} asks us to slow down", retry_after=_retry_after(headers))
    if status >= 500 or status == 408:  # 529: overloaded
        return UnavailableError(f"{name} has a problem of its own ({status})")
    if status in (401, 403):
        return RefusedError(
            f"{name} does not let us in ({status}): check {access.credential_setting}",
            reason="unauthorized",
        )
    if status == 404:
        return RefusedError(
            f"{name} knows no such model: check DRAFT_MODEL and CLASSIFY_MODEL",
            reason="unknown_model",
        )
    return RefusedError(f"{name} refused the request ({status})", reason=f"http_{status}")


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return timedelta(seconds=min(max(seconds, 0.0), 3_600.0))


def status_of(error: Any) -> tuple[int, Mapping[str, str]] | None:
    """Status and headers if the SDK's error is about an answer."""
    status = getattr(error, "status_code", None)
    return (status, error.response.headers) if isinstance(status, int) else None
