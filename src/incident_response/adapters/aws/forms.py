"""What requests of DynamoDB look like: items, keys, conditions, updates.

Pure. Not here: sending them (items, transaction, signed).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from incident_response.adapters.aws.tables import PARTITION, SORT, Key

Item = dict[str, Any]
"""Attribute → text or whole number; one that is None is not stored."""

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to hold of the item that is there."""

    expression: str
    """DynamoDB's, with ``#name`` for each attribute and ``:name`` for each value."""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """Every ``#name`` in the expression: any of them may be one of DynamoDB's own words."""
        words = self.expression.replace("(", " ").replace(")", " ").replace(",", " ").split()
        return {word: word[1:] for word in words if word.startswith("#")}


@dataclass(frozen=True, slots=True)
class Computed:
    """A new value that DynamoDB works out from the attributes being set."""

    expression: str
    values: Mapping[str, Any] = field(default_factory=dict)


IS_NEW = Condition(f"attribute_not_exists(#{PARTITION})")
IS_THERE = Condition(f"attribute_exists(#{PARTITION})")


def packed(item: Mapping[str, Any]) -> dict[str, Any]:
    """In DynamoDB's form."""
    return {name: _serialize(value) for name, value in item.items() if value is not None}


def unpacked(form: Mapping[str, Any]) -> Item:
    """Out of DynamoDB's form, in which a number may be any; ours are whole."""
    item = {name: _deserialize(value) for name, value in form.items()}
    return {name: v if isinstance(v, str) else int(v) for name, v in item.items()}


def at(key: Key, **attributes: Any) -> Item:
    """An item to be stored at ``key``."""
    return {PARTITION: key.partition, SORT: key.sort, **attributes}


def key_of(item: Item) -> Key:
    """Where the item lies."""
    return Key(item[PARTITION], item[SORT])


def key_form(key: Key) -> dict[str, Any]:
    """In DynamoDB's form."""
    return packed(at(key))


def condition_form(condition: Condition | None) -> dict[str, Any]:
    """As a request has it; what is there instead comes back with a refusal."""
    if condition is None:
        return {}
    form: dict[str, Any] = {
        "ConditionExpression": condition.expression,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        "ExpressionAttributeNames": condition.names,
    }
    if condition.values:
        form["ExpressionAttributeValues"] = _named(condition.values)
    return form


def update_form(changes: Item, condition: Condition) -> dict[str, Any]:
    """As a request has it: attributes to set, to ``Computed`` values or plain ones, or to take
    away (None).
    """
    form = condition_form(condition)
    values: dict[str, Any] = form.pop("ExpressionAttributeValues", {})
    sets = []
    for name, value in changes.items():
        if isinstance(value, Computed):
            sets.append(f"#{name} = {value.expression}")
            values |= _named(value.values)
        elif value is not None:
            sets.append(f"#{name} = :new_{name}")
            values[f":new_{name}"] = _serialize(value)
    gone = [f"#{name}" for name, value in changes.items() if value is None]
    sides = (f"SET {', '.join(sets)}" * bool(sets), f"REMOVE {', '.join(gone)}" * bool(gone))
    form["UpdateExpression"] = " ".join(filter(None, sides))
    form["ExpressionAttributeNames"] |= {f"#{name}": name for name in changes}
    return form | ({"ExpressionAttributeValues": values} if values else {})


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f":{name}": _serialize(value) for name, value in values.items()}
