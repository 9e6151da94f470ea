"""Which field of a foreign JSON means what: a few lines of YAML, checked when they are read.

::

    group_key: incident.id              # a dotted path ...
    state: /incident/status             # ... or a JSON pointer ...
    title: [incident.title, message]    # ... or several, the first that is there counts
    changed_at: incident.updated_at     # ISO 8601, or Unix seconds or milliseconds
    labels: incident.tags               # an object
    links: {Runbook: incident.runbook}
    states:                             # the sender's words, letter case aside
      firing: [open, triggered]
      resolved: [closed]

Not here: how a mapping is applied (``alert_sources.generic``).
"""

import re
from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic import model_validator as check

from incident_response.domain.alert import AlertState
from incident_response.domain.errors import InvalidConfigurationError

JsonPath = tuple[str, ...]
"""The keys to follow from the root; a key of digits also indexes a list."""

_ESCAPE = re.compile(r"~(?![01])")


def _path(text: object) -> JsonPath:
    if not isinstance(text, str) or not text.strip():
        raise ValueError("a path is a text such as incident.id or /incident/id")
    if not text.startswith("/"):
        parts = tuple(text.strip().split("."))
    elif _ESCAPE.search(text):
        raise ValueError("in a JSON pointer ~ is written ~0 and / is written ~1")
    else:
        parts = tuple(p.replace("~1", "/").replace("~0", "~") for p in text[1:].split("/"))
    if not all(parts):
        raise ValueError("a path has no empty parts")
    return parts


def _paths(value: object) -> tuple[JsonPath, ...]:
    return tuple(_path(one) for one in (value if isinstance(value, list) else [value]))


Paths = Annotated[tuple[JsonPath, ...], BeforeValidator(_paths)]


class AlertMapping(BaseModel):
    """Where each field of an Alert is found; alternatives in order, empty where there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    group_key: Paths
    state: Paths
    title: Paths
    summary: Paths = ()
    severity: Paths = ()
    service: Paths = ()
    team: Paths = ()
    changed_at: Paths = ()
    labels: Paths = ()
    links: dict[str, Paths] = Field(default_factory=dict)
    alert_count: Paths = ()
    integration_id: Paths = ()
    route_id: Paths = ()
    team_id: Paths = ()
    states: dict[AlertState, tuple[str, ...]]

    @check(mode="after")
    def _states_are_clear(self) -> Self:
        if AlertState.UNKNOWN in self.states:
            raise ValueError("states: unknown is what is left over, it has no words")
        words = [word for listed in self.states.values() for word in map(_word, listed)]
        if twice := sorted({word for word in words if words.count(word) > 1}):
            raise ValueError(f"states: {', '.join(twice)} stands for two states")
        if not self.states.get(AlertState.FIRING):
            raise ValueError("states: firing needs at least one word")
        return self

    def state_of(self, word: str) -> AlertState:
        """The state the sender's ``word`` stands for."""
        for state, words in self.states.items():
            if _word(word) in map(_word, words):
                return state
        return AlertState.UNKNOWN


def read_mapping(text: str) -> AlertMapping:
    """The mapping written in YAML ``text``.

    Every scalar is text: to a sender ``on``, ``off``, ``yes`` and ``no`` are words. Raises
    ``InvalidConfigurationError`` that names every field at fault.
    """
    import yaml  # noqa: PLC0415 - few webhooks have a mapping to read, and all start sooner

    try:
        content = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes only text, lists, maps
        return AlertMapping.model_validate(content)
    except yaml.YAMLError as error:
        raise InvalidConfigurationError(f"The alert mapping is no YAML: {error}") from error
    except ValidationError as error:
        faults = "; ".join(_faults(error))
        raise InvalidConfigurationError(f"The alert mapping makes no sense: {faults}") from error


def _faults(error: ValidationError) -> Iterable[str]:
    for fault in error.errors(include_url=False):
        place = ".".join(map(str, fault["loc"]))
        yield f"{place}: {fault['msg']}" if place else fault["msg"]


def _word(text: str) -> str:
    return text.strip().casefold()
