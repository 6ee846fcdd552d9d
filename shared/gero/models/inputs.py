"""What every body that clients send has in common, and how they say where a model answers."""

from typing import Any, Literal, Self

import msgspec
from pydantic import AliasChoices, AliasGenerator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from gero.kit import Invalid, address
from gero.providers import check_auth

Platform = Literal["openrouter", "custom", "huggingface", "drgero"]
Quantization = Literal["int4", "int8", "fp4", "fp6", "fp8", "fp16", "bf16", "fp32", "unknown"]
_MAX_PARAMETER_BYTES = 8_000
_RESERVED_PARAMETERS = frozenset(
    {"model", "models", "route", "messages", "stream", "input", "prompt", "question", "query"}
)
# Fields that a platform has no use for: a value there is a misunderstanding, which is told and not ignored.
_FOREIGN = {
    "openrouter": ("endpoint_url", "auth_method", "auth_token", "auth_header_name"),
    "custom": ("provider", "quantization"),
    "huggingface": ("quantization", "auth_header_name"),
    "drgero": (
        *("endpoint_url", "model", "provider", "quantization", "auth_method", "auth_token", "auth_header_name"),
        *("parameters", "input_cost_per_million_usd", "output_cost_per_million_usd", "timeout_seconds"),
    ),
}
_INSTEAD = {
    "openrouter": "OpenRouter is called at its own address with the workspace's key",
    "custom": "only OpenRouter and the Hugging Face router have it",
    "huggingface": "Hugging Face has no such choice",
    "drgero": "a Dr.Gero model brings its own",
}


class Input(BaseModel):
    """Base of what clients send: unknown fields are refused, camelCase names accepted, secrets not quoted in errors."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(name, to_camel(name))),
        populate_by_name=True,
        hide_input_in_errors=True,
    )


class EndpointInput(Input):
    """Where a model answers. Prices are dollars per million tokens; left out, OpenRouter's own are taken."""

    platform: Platform = "custom"
    endpoint_url: str | None = Field(None, min_length=1, max_length=2000)
    model: str | None = Field(None, min_length=1, max_length=300)
    provider: str | None = Field(
        None, pattern=r"^[a-z0-9][a-z0-9._/-]{0,99}$", description="Only this provider of the model may answer"
    )
    quantization: Quantization | None = Field(None, description="Only providers that serve the model so")
    auth_method: str | None = None
    auth_token: str | None = Field(None, repr=False)
    auth_header_name: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict, description="Sent with every request")
    input_cost_per_million_usd: float | None = Field(None, ge=0, le=1_000_000)
    output_cost_per_million_usd: float | None = Field(None, ge=0, le=1_000_000)
    timeout_seconds: int = Field(60, ge=1, le=100)

    @property
    def method(self) -> str:
        """The authentication method; bearer when only a token was given."""
        return self.auth_method or ("bearer" if self.auth_token else "none")

    @model_validator(mode="after")
    def _can_be_called(self) -> Self:
        for name in _FOREIGN[self.platform]:
            if name in self.model_fields_set and getattr(self, name) not in (None, {}):
                raise ValueError(f"{name}: leave it out; {_INSTEAD[self.platform]}")
        self._check_address()
        if len(msgspec.json.encode(self.parameters)) > _MAX_PARAMETER_BYTES:
            raise ValueError(f"parameters: at most {_MAX_PARAMETER_BYTES:,} bytes")
        reserved = _RESERVED_PARAMETERS & set(self.parameters)
        if reserved:
            raise ValueError(f"parameters: {', '.join(sorted(reserved))} cannot be set here")
        return self

    def _check_address(self) -> None:
        if self.platform == "openrouter" and not self.model:
            raise ValueError("model: give the model's id on OpenRouter, such as openai/gpt-4o-mini")
        if self.platform == "custom" and not self.endpoint_url:
            raise ValueError("endpoint_url: give the https address that answers chat completions")
        if self.platform == "huggingface" and not self.endpoint_url and not self.model:
            raise ValueError("endpoint_url: give that of an inference endpoint, or a model for the router")
        if self.platform == "huggingface" and self.endpoint_url and self.provider:
            raise ValueError("provider: leave it out; an inference endpoint is its own provider")
        try:
            if self.endpoint_url:
                address.check_url(self.endpoint_url, "endpoint_url")
            check_auth(self.method, self.auth_header_name, self.auth_token)
        except Invalid as error:
            raise ValueError(error.message) from error
