"""The base of every shape a vendor's JSON is read into. Not here: any vendor's shapes."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue, TypeAdapter


class Wire(BaseModel):
    """Part of a vendor's answer: what we do not name is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def _null_is_empty(value: object) -> object:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_null_is_empty)]
"""A string that may also be null, which reads as empty."""

ANYTHING = TypeAdapter[JsonValue](JsonValue)
"""The shape of an answer that is only asked for to see that it comes."""
