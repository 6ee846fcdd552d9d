"""Where a model answers, as options: those of a candidate, and those of the base of a model of the Models area."""

import os
from collections.abc import Collection
from typing import Annotated, Any, Final, Literal, TypedDict, get_args
from urllib.parse import urlsplit

import typer

from gero.cli.failure import USAGE, Failure
from gero.cli.options import key_values
from gero.cli.session import read_secret

AuthMethod = Literal["none", "bearer", "x_api_key", "x_drgero_api_key", "authorization", "custom_header"]
Quantization = Literal["int4", "int8", "fp4", "fp6", "fp8", "fp16", "bf16", "fp32", "unknown"]
_PANEL: Final = "Where it answers"
_VARIABLE: Final = "GERO_AUTH_TOKEN"
_HUGGING_FACE_HOST: Final = "huggingface.cloud"
_PLATFORM_HELP: Final = "Guessed if left out: custom with --endpoint (huggingface on huggingface.cloud), else"
# The address and the token of these are the platform's own.
_WITHOUT_TOKEN: Final = frozenset({"openrouter", "drgero"})
Params = Annotated[
    list[str] | None, typer.Option("--param", metavar="KEY=VALUE", help="Parameter of every call; repeat for several.")
]


def _option(*names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel=_PANEL, **settings)


_Price = _option(min=0, metavar="USD", help="USD per million tokens; OpenRouter's own by default.")


class _CandidateOptions(TypedDict, total=False):
    model: Annotated[
        str | None, _option("--model", metavar="MODEL", help="Model to ask for, on OpenRouter AUTHOR/MODEL.")
    ]
    platform: Annotated[
        Literal["openrouter", "custom", "huggingface", "drgero"] | None,
        _option(
            metavar="PLATFORM", help=f"{_PLATFORM_HELP} openrouter when --model has a slash, drgero with --drgero."
        ),
    ]
    drgero: Annotated[str | None, _option(metavar="NAME|ID", help="A deployed model of `gero model`.")]


class _BaseOptions(TypedDict, total=False):
    base: Annotated[
        str | None, _option("--base", metavar="MODEL", help="Model to ask for, on OpenRouter AUTHOR/MODEL.")
    ]
    platform: Annotated[
        Literal["openrouter", "custom", "huggingface"] | None,
        _option(metavar="PLATFORM", help=f"{_PLATFORM_HELP} openrouter when --base has a slash."),
    ]


class _CallOptions(TypedDict, total=False):
    provider: Annotated[
        str | None,
        _option(metavar="SLUG", help="Only this provider may answer, of OpenRouter or Hugging Face: deepinfra/fp8."),
    ]
    quantization: Annotated[
        Quantization | None,
        _option(
            metavar="WHICH", help=f"Only providers of OpenRouter that serve it so: {', '.join(get_args(Quantization))}."
        ),
    ]
    endpoint: Annotated[str | None, _option(metavar="URL", help="Chat completions address that is called.")]
    auth: Annotated[
        AuthMethod | None,
        _option(metavar="METHOD", help=f"How the token is sent: {', '.join(get_args(AuthMethod))}."),
    ]
    auth_token: Annotated[
        str | None,
        _option(
            envvar=_VARIABLE,
            metavar="TOKEN",
            help="The endpoint's token; others can see it in `ps`, so prefer stdin.",
        ),
    ]
    auth_token_stdin: Annotated[bool, _option("--auth-token-stdin", help="Read the token from stdin.")]
    auth_header: Annotated[str | None, _option(metavar="NAME", help="Header of the token, for --auth custom_header.")]
    price_in: Annotated[float | None, _Price]
    price_out: Annotated[float | None, _Price]
    timeout: Annotated[int | None, _option(min=1, metavar="SECONDS", help="Longest wait for one answer.")]


class CandidateOptions(_CandidateOptions, _CallOptions, total=False):
    """What may be said of a candidate; None or False where it was not."""

    name: Annotated[str | None, typer.Option(help="Name in the ranking; the model's by default.")]
    param: Params


class BaseOptions(_BaseOptions, _CallOptions, total=False):
    """What may be said of the base of a model; None or False where it was not."""


def candidate_fields(options: CandidateOptions) -> dict[str, Any]:
    """The API's fields of a candidate, the Dr.Gero model as it was named; reads stdin for --auth-token-stdin.

    Failure when nothing says where it answers.
    """
    fields = _fields(options, options.get("model"), options.get("platform"), options.get("drgero"))
    parameters = key_values(options.get("param"), "--param", "temperature=0.2")
    more = {"name": options.get("name"), "drgero_model_id": options.get("drgero"), "parameters": parameters or None}
    return fields | {name: value for name, value in more.items() if value is not None}


def base_fields(options: BaseOptions) -> dict[str, Any] | None:
    """The API's fields of a base, None when no option is about it; reads stdin for --auth-token-stdin."""
    if not _is_given(options, BaseOptions.__annotations__):  # a recipe has options beside those of its base
        return None
    return _fields(options, options.get("base"), options.get("platform"))


def describes_candidate(options: CandidateOptions) -> bool:
    """Whether any option was given; a token in the environment is none."""
    return _is_given(options, CandidateOptions.__annotations__)


def _is_given(options: _CallOptions, names: Collection[str]) -> bool:
    given = {name for name, value in options.items() if name in names and value not in (None, False, [])}
    return not given <= ({"auth_token"} if _secret_of_environment(options) else set())


def _fields(
    options: _CallOptions, model: str | None, platform: str | None, drgero: str | None = None
) -> dict[str, Any]:
    chosen = platform or _guessed(options.get("endpoint"), model, drgero)
    fields = {
        "platform": chosen,
        "endpoint_url": options.get("endpoint"),
        "model": model,
        "provider": options.get("provider"),
        "quantization": options.get("quantization"),
        **_authentication(options, chosen),
        "input_cost_per_million_usd": options.get("price_in"),
        "output_cost_per_million_usd": options.get("price_out"),
        "timeout_seconds": options.get("timeout"),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _guessed(endpoint: str | None, model: str | None, drgero: str | None) -> str:
    if drgero:
        return "drgero"
    if endpoint:
        return "huggingface" if f".{_host(endpoint)}".endswith(f".{_HUGGING_FACE_HOST}") else "custom"
    if model and "/" in model:
        return "openrouter"
    raise Failure(
        "say where the model answers: AUTHOR/MODEL for OpenRouter, or --endpoint URL, or --platform; "
        "`gero base-model list` has the models of OpenRouter",
        USAGE,
    )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""  # the API says what is wrong with it


def _authentication(options: _CallOptions, platform: str) -> dict[str, str | None]:
    method, header = options.get("auth"), options.get("auth_header")
    secret = None
    if options.get("auth_token_stdin"):
        secret = read_secret("Token of the endpoint")
    elif platform not in _WITHOUT_TOKEN or not _secret_of_environment(options):
        secret = options.get("auth_token")
    if method is None:
        # Nothing said is no authentication of a custom endpoint, but the workspace's account elsewhere.
        method = "custom_header" if header else "bearer" if secret else "none" if platform == "custom" else None
    return {
        "auth_method": method,
        "auth_token": None if method == "none" else secret,
        "auth_header_name": header,
    }


def _secret_of_environment(options: _CallOptions) -> bool:
    """Whether the token is that of the environment, which is meant for any command and so says nothing of this one."""
    token = options.get("auth_token")
    return token is not None and token == os.environ.get(_VARIABLE)
