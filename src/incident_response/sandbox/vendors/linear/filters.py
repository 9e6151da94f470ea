"""Linear's filters: which rows an input such as `{name: {eqIgnoreCase: "incident"}}` keeps.

What belongs here: their meaning, for any row written as plain values. What does not: which filters
there are (`schema.graphql`).
"""

from collections.abc import Callable, Mapping
from typing import Any

Facts = Mapping[str, Any]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: bool(value == wanted),
    "neq": lambda value, wanted: bool(value != wanted),
    "in": lambda value, wanted: value in wanted,
    "nin": lambda value, wanted: value not in wanted,
    "null": lambda value, wanted: (value is None) == wanted,
    "eqIgnoreCase": lambda value, wanted: _folded(value) == _folded(wanted),
    "neqIgnoreCase": lambda value, wanted: _folded(value) != _folded(wanted),
    "startsWith": lambda value, wanted: (value or "").startswith(wanted),
    "endsWith": lambda value, wanted: (value or "").endswith(wanted),
    "contains": lambda value, wanted: wanted in (value or ""),
    "notContains": lambda value, wanted: wanted not in (value or ""),
    "containsIgnoreCase": lambda value, wanted: _folded(wanted) in _folded(value),
}


def keeps(facts: Facts | None, wanted: Mapping[str, Any] | None) -> bool:
    """Say whether a row fits a filter; `facts` None is a relation that is not there."""
    return all(_fits(facts, name, rule) for name, rule in (wanted or {}).items())


def _fits(facts: Facts | None, name: str, rule: Any) -> bool:
    if rule is None:
        return True
    if name == "and":
        return all(keeps(facts, one) for one in rule)
    if name == "or":
        return any(keeps(facts, one) for one in rule)
    if name == "null":
        return (facts is None) is bool(rule)
    if facts is None:
        return False
    value = facts[name]
    if isinstance(value, Mapping) or not set(rule) <= set(_COMPARE):
        return keeps(value, rule)
    return all(_COMPARE[test](value, w) for test, w in rule.items() if w is not None)


def _folded(text: str | None) -> str:
    return (text or "").casefold()
