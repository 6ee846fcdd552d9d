"""What every body that clients send has in common."""

from pydantic import AliasChoices, AliasGenerator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Input(BaseModel):
    """Base of what clients send: unknown fields are refused, camelCase names accepted, secrets not quoted in errors."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(name, to_camel(name))),
        populate_by_name=True,
        hide_input_in_errors=True,
    )
