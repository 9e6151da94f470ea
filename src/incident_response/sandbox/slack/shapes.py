"""A small language for the shape of JSON: each `Check` says what is wrong with a value, and where.

Knows nothing of Block Kit; `block_kit` speaks this language. Complaints read as Slack's do:
`[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Problems = list[str]
Check = Callable[[Any, str, Problems], None]


def complain(problems: Problems, what: str, pointer: str) -> None:
    """Note a complaint about the value at a JSON pointer."""
    problems.append(f"[ERROR] {what} [json-pointer:{pointer}]")


def string(most: int, *, least: int = 0, one_of: frozenset[str] | None = None) -> Check:
    """A string of `least` to `most` characters, from `one_of` where given."""

    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, str):
            complain(problems, "must be a string", pointer)
        elif len(value) > most:
            complain(problems, f"must be less than {most + 1} characters", pointer)
        elif len(value) < least:
            complain(problems, f"must be more than {least - 1} characters", pointer)
        elif one_of is not None and value not in one_of:
            complain(problems, f"must be one of: {', '.join(sorted(one_of))}", pointer)

    return check


def boolean(value: Any, pointer: str, problems: Problems) -> None:
    """True or false."""
    if not isinstance(value, bool):
        complain(problems, "must be a boolean", pointer)


def integer(least: int, most: int) -> Check:
    """A whole number in a range, both ends included."""

    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            complain(problems, "must be an integer", pointer)
        elif not least <= value <= most:
            complain(problems, f"must be between {least} and {most}", pointer)

    return check


def anything(value: Any, pointer: str, problems: Problems) -> None:
    """No complaint at all; for what Slack's client, not its API, looks at."""


def items(of: Check, *, most: int, least: int = 1) -> Check:
    """An array of `least` to `most` values."""

    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, list):
            complain(problems, "must be an array", pointer)
            return
        if len(value) > most:
            complain(problems, f"no more than {most} items allowed", pointer)
        if len(value) < least:
            complain(problems, f"must contain at least {least} items", pointer)
        for index, item in enumerate(value[:most]):
            of(item, f"{pointer}/{index}", problems)

    return check


@dataclass(frozen=True, slots=True)
class Fields:
    """An object with these fields and no others, and at least one of `any_of` where given."""

    required: Mapping[str, Check]
    optional: Mapping[str, Check]
    any_of: tuple[str, ...] = ()

    def __call__(self, value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            complain(problems, "must be an object", pointer)
            return
        for name in self.required.keys() - value.keys():
            complain(problems, f"missing required field: {name}", pointer)
        if self.any_of and not any(value.get(name) for name in self.any_of):
            complain(problems, f"missing required field: {' or '.join(self.any_of)}", pointer)
        for name, part in value.items():
            check = self.required.get(name) or self.optional.get(name)
            if check is None:
                complain(problems, f"invalid additional property: {name}", pointer)
            else:
                check(part, f"{pointer}/{name}", problems)


@dataclass(frozen=True, slots=True)
class Typed:
    """An object whose `type` picks its shape."""

    shapes: Mapping[str, Check]

    def __call__(self, value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            complain(problems, "must be an object", pointer)
            return
        shape = self.shapes.get(str(value.get("type")))
        if shape is None:
            complain(problems, f"unsupported type: {value.get('type')}", f"{pointer}/type")
        else:
            shape(value, pointer, problems)

    def only(self, *types: str) -> "Typed":
        """The same, for some of the types."""
        return Typed({name: self.shapes[name] for name in types})
