"""The form that describes a model by hand: what each platform asks for, in the API's words."""

import json
from typing import Any

from functions.api.console.submitted import Submitted
from gero.kit import Invalid

AUTH_METHODS = (
    ("none", "None"),
    ("bearer", "Bearer token: Authorization: Bearer …"),
    ("x_api_key", "X-API-Key: …"),
    ("x_drgero_api_key", "X-Dr.Gero-API-Key: …"),
    ("authorization", "Authorization: … as it is"),
    ("custom_header", "A header of your choice"),
)
_LEVELS = ("int4", "int8", "fp4", "fp6", "fp8", "fp16", "bf16", "fp32", "unknown")
QUANTIZATIONS = [("", "any"), *((one, one) for one in _LEVELS)]
TYPED = (
    *("name", "model", "provider", "quantization", "endpoint_url", "auth_method", "auth_header_name"),
    *("parameters", "drgero_model_id", "input"),
)
NUMBERS = ("input_cost_per_million_usd", "output_cost_per_million_usd", "timeout_seconds")
_CALLED = ("parameters", *NUMBERS)
_FIELDS: dict[str, tuple[str, ...]] = {
    "openrouter": ("model", "provider", "quantization", *_CALLED),
    "custom": ("endpoint_url", "model", "auth_method", "auth_header_name", "auth_token", *_CALLED),
    "huggingface": ("endpoint_url", "model", "provider", "auth_token", *_CALLED),
    "drgero": ("drgero_model_id",),
}


def described(form: Submitted) -> dict[str, Any]:
    """The body that adds the model, without what was left empty. Invalid for parameters that are no JSON object."""
    platform = form.text("platform")
    if platform not in _FIELDS:
        raise Invalid("platform: choose one of the four", field="platform")
    told: dict[str, Any] = {"platform": platform, "name": form.optional("name")}
    return told | {name: _value(form, name) for name in _FIELDS[platform]}


def _value(form: Submitted, name: str) -> Any:
    if name == "auth_token":
        return form.secret(name)
    if name == "parameters":
        return _parameters(form.optional(name))
    if name == "timeout_seconds":
        return form.integer(name)
    return form.number(name) if name in NUMBERS else form.optional(name)


def _parameters(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"parameters: not JSON ({error}); write such as {_EXAMPLE}", field="parameters") from error
    if not isinstance(found, dict):
        raise Invalid(f"parameters: write a JSON object such as {_EXAMPLE}", field="parameters")
    return found


_EXAMPLE = '{"temperature": 0}'
