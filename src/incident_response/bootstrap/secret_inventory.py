"""Every secret of an environment: its id in Secrets Manager, and the settings that lie in it.

Taken from ``settings``, so that a new secret is in it without anybody listing it. Not here:
reading them at run time (adapters), putting them there (scripts/seed-secrets).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from pydantic import SecretStr

from incident_response.alert_sources import ALERT_SOURCES
from incident_response.domain.errors import InvalidConfigurationError
from incident_response.settings import Settings

ENVIRONMENTS = ("staging", "production")
"""Those with secrets of their own; development has none to keep."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret."""

    secret_id: str
    variables: tuple[str, ...]
    """The settings it holds."""
    is_json: bool
    """An object by variable; otherwise the plain value of its one variable."""

    def value(self, given: Mapping[str, str]) -> str:
        """What is to be stored; empty if nothing of it is given."""
        known = {name: given[name] for name in self.variables if given.get(name)}
        if self.is_json:
            return json.dumps(known, indent=2, sort_keys=True) if known else ""
        return known.get(self.variables[0], "")


def inventory(environment: str) -> tuple[Secret, ...]:
    """Every secret of ``environment``: the webhook's keys one by one, since it reads them itself
    and takes a new one without a restart; the processor's as one object.
    """
    begin = f"incident-response/{environment}"
    keys = {f"{s.name.replace('-', '_').upper()}_WEBHOOK_KEY": s.name for s in ALERT_SOURCES}
    webhook = (
        Secret(f"{begin}/webhook/{name}-webhook-key", (key,), is_json=False)
        for key, name in keys.items()
    )
    rest = tuple(name for name in secret_variables() if name not in keys)
    return (*webhook, Secret(f"{begin}/processor", rest, is_json=True))


def secret_variables() -> tuple[str, ...]:
    """The variables that hold a secret, in the order of the settings."""
    fields = Settings.model_fields.items()
    return tuple(name.upper() for name, field in fields if _is_secret(field.annotation))


def _is_secret(annotation: object) -> bool:
    """Whether a secret is anywhere in it, as in ``Annotated[SecretStr, ...] | None``."""
    return annotation is SecretStr or any(map(_is_secret, get_args(annotation)))


def read_given(text: str) -> dict[str, str]:
    """What somebody wants to store, by variable.

    Raises ``InvalidConfigurationError`` that names what is no secret of ours, and no value.
    """
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise InvalidConfigurationError("the file holds no JSON object: see secrets template")
    if unknown := sorted(set(given) - set(secret_variables())):
        raise InvalidConfigurationError(f"these are no secrets of ours: {', '.join(unknown)}")
    if odd := sorted(name for name, value in given.items() if not isinstance(value, str)):
        raise InvalidConfigurationError(f"these are no text: {', '.join(odd)}")
    return {name: value for name, value in given.items() if value}
