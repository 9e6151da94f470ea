"""What a model's tokens cost, for the budget and the metrics. Not here: counting them."""

from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens."""

    read: float
    written_to_cache: float
    read_from_cache: float
    written: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What one answer used."""

    read: int
    written_to_cache: int
    read_from_cache: int
    written: int


# List prices for standard requests and a cache of five minutes, from Anthropic's pricing page
# (platform.claude.com/docs/en/about-claude/pricing) as of 2026-11-21. Bedrock's are the same for
# global profiles and about a tenth more for those of one geography.
PRICES = {
    "claude-sonnet-4-6": Price(3.0, 3.75, 0.30, 15.0),
    "claude-sonnet-4-5": Price(3.0, 3.75, 0.30, 15.0),
    "claude-haiku-4-5": Price(1.0, 1.25, 0.10, 5.0),
    "claude-opus-4-6": Price(5.0, 6.25, 0.50, 25.0),
    "claude-sonnet-5-5": Price(2.0, 2.50, 0.10, 10.0),
}
_warned: set[str] = set()


def cost(model: str, tokens: Tokens) -> float:
    """US dollars; 0 for a model whose price is not known, which is logged once."""
    price = _price(model)
    if price is None:
        if model not in _warned:
            _warned.add(model)
            log.warning("price unknown: the budget does not count this model", model=model)
        return 0.0
    return (
        tokens.read * price.read
        + tokens.written_to_cache * price.written_to_cache
        + tokens.read_from_cache * price.read_from_cache
        + tokens.written * price.written
    ) / _MILLION


def _price(model: str) -> Price | None:
    """By the model's name, whatever stands before it (a region's profile) or after it (a date)."""
    bare = model.rpartition("anthropic.")[2]
    fitting = [name for name in PRICES if bare == name or bare.startswith(f"{name}-")]
    return PRICES[max(fitting, key=len)] if fitting else None
