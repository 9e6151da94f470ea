"""A table of named things that refuses twins. Not here: what the things are."""

from collections.abc import Iterable
from typing import TypeVar

from incident_response.domain.errors import InvalidConfigurationError

T = TypeVar("T")


def unique_table(kind: str, named: Iterable[tuple[str, T]]) -> dict[str, T]:
    """The things by name. Raises ``InvalidConfigurationError`` if two share one."""
    found: dict[str, T] = {}
    for name, thing in named:
        if name in found:
            raise InvalidConfigurationError(f"two {kind}s are called {name}")
        found[name] = thing
    return found
