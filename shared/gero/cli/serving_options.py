"""How production answers, and what is kept of it, as options of `gero leaderboard create` and `update`."""

from typing import Annotated, Any, Final, Literal, TypedDict

import typer

from gero.cli.failure import USAGE, Failure
from gero.cli.options import NONE

NEXT: Final = "next"
_ANSWERS, _TRACES = "How production answers", "What is kept of requests"
_OFF: Final = (NONE, "0")
_OF_TRACES: Final = ("capture_content", "redact", "retention_days")


def _option(panel: str, *names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel=panel, **settings)


ShadowModel = Annotated[
    str | None,
    _option(_ANSWERS, "--shadow-model", metavar=f"MODEL|{NEXT}", help="That challenger, or the next in the ranking."),
]


class ServingOptions(TypedDict, total=False):
    """What may be given; None where it was not."""

    messages_prompt: Annotated[
        Literal["apply", "bypass"] | None,
        _option(
            _ANSWERS, "--messages-prompt", help="Put the prompt in front of messages too, or send them as they are."
        ),
    ]
    fallbacks: Annotated[
        int | None,
        _option(_ANSWERS, "--fallbacks", min=0, max=9, metavar="N", help="Ask so many others, if production's fails."),
    ]
    hedge_after_ms: Annotated[
        str | None,
        _option(_ANSWERS, "--hedge-after", metavar="MS|none", help="Ask the next as well, if no answer came by then."),
    ]
    shadow_percent: Annotated[
        float | None,
        _option(
            _ANSWERS,
            "--shadow-percent",
            min=0,
            max=100,
            metavar="P",
            help="Ask a challenger this share of the requests too; 0 is none.",
        ),
    ]
    capture_content: Annotated[
        bool | None,
        _option(
            _TRACES, "--capture-content/--no-capture-content", help="Keep what was asked and answered, or figures only."
        ),
    ]
    redact: Annotated[
        list[str] | None,
        _option(
            _TRACES,
            "--redact",
            metavar="PATTERN|none",
            help="Remove it first: email, phone, card, iban, ip, secret, or a regular expression; repeat for several.",
        ),
    ]
    retention_days: Annotated[
        Literal["7", "30", "90", "365", "none"] | None,
        _option(_TRACES, "--retention-days", help="Keep it so long; none: for good."),
    ]


def serving_fields(options: ServingOptions) -> dict[str, Any]:
    """The API's fields of what was given: `inference` and `traces`, each with what was named of it."""
    given: dict[str, Any] = {name: value for name, value in options.items() if value not in (None, [])}
    traces = {name: given.pop(name) for name in _OF_TRACES if name in given}
    if "hedge_after_ms" in given:
        given["hedge_after_ms"] = _milliseconds(given["hedge_after_ms"])
    if "shadow_percent" in given:
        given["shadow"] = {"percent": given.pop("shadow_percent")}
    if "redact" in traces:
        traces["redact"] = _patterns(traces["redact"])
    if "retention_days" in traces:
        traces["retention_days"] = None if traces["retention_days"] == NONE else int(traces["retention_days"])
    return {name: part for name, part in (("inference", given), ("traces", traces)) if part}


def with_challenger(fields: dict[str, Any], candidate_id: str | None) -> dict[str, Any]:
    """The same fields with the challenger of live requests; None: the next in the ranking."""
    inference = fields.get("inference", {})
    shadow = {**inference.get("shadow", {}), "model_id": candidate_id}
    return {**fields, "inference": {**inference, "shadow": shadow}}


def _milliseconds(text: str) -> int | None:
    if text in _OFF:
        return None
    if not text.isdecimal():
        raise Failure(f"--hedge-after {text} is neither a number of milliseconds nor none", USAGE)
    return int(text)


def _patterns(texts: list[str]) -> list[str]:
    if texts == [NONE]:
        return []
    if NONE in texts:
        raise Failure("--redact none takes all patterns away: give it alone", USAGE)
    return texts
