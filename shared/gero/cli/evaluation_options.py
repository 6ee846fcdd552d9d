"""How answers are scored and what a run may do, as options of `gero leaderboard create` and `update`."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, TypedDict

import typer

from gero.cli.failure import USAGE, Failure
from gero.cli.options import NONE, number_or_none, read_text

AUTO: Final = "auto"
PARTS: Final = ("judge", "human", "guardrails")
_SCORING, _JUDGE, _PEOPLE, _RUNS = "How answers are scored", "A judge", "People who review", "What a run does"
_PROMOTION: Final = "What a better model must keep to"
_PLAIN: Final = ("eval_type", "normalizers", "racing", "reuse_answers", "evaluation_target")
_OF_JUDGE: Final = {"judge_provider": "provider", "judge_mode": "mode"} | {
    name: name for name in ("audit_percent", "min_labels")
}
_OF_PEOPLE: Final = {"human_mode": "mode", "review_rows": "rows", "reviewers": "reviewers_per_item"}
_LIMITS: Final = {
    "max_cost_ratio": "--max-cost-ratio",
    "max_latency_ratio": "--max-latency-ratio",
    "max_error_increase": "--max-error-increase",
}


class Normalizer(StrEnum):
    """What a comparison may ignore, or read out of an answer."""

    whitespace = "whitespace"
    case = "case"
    punctuation = "punctuation"
    number = "number"
    json = "json"
    choice = "choice"
    final_line = "final_line"
    regex = "regex"


def _option(panel: str, *names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel=panel, **settings)


class EvaluationOptions(TypedDict, total=False):
    """What may be given; None where it was not."""

    eval_type: Annotated[
        Literal["exact", "judge", "human"] | None,
        _option(_SCORING, "--eval", help="By comparison with what is expected, by a model, or by people."),
    ]
    normalizers: Annotated[
        list[Normalizer] | None,
        _option(_SCORING, "--normalizer", help="What a comparison ignores or reads; repeat for several."),
    ]
    answer_pattern: Annotated[
        str | None,
        _option(_SCORING, "--pattern", metavar="REGEX|none", help="What the normalizer regex captures is compared."),
    ]
    judge_model: Annotated[
        str | None, _option(_JUDGE, "--judge", metavar="MODEL|auto", help="Which model judges; sets --eval judge.")
    ]
    judge_provider: Annotated[
        Literal["openrouter", "huggingface", "drgero"] | None,
        _option(_JUDGE, "--judge-provider", help="Whose model it is; openrouter by default."),
    ]
    judge_mode: Annotated[
        Literal["auto", "pointwise", "pairwise"] | None,
        _option(_JUDGE, "--judge-mode", help="Each answer on a scale, or against production's."),
    ]
    rubric: Annotated[str | None, _option(_JUDGE, "--rubric", metavar="TEXT|none", help="What makes an answer good.")]
    rubric_file: Annotated[
        str | None, _option(_JUDGE, "--rubric-file", metavar="FILE", help="Read the rubric from a file, or - .")
    ]
    audit_percent: Annotated[
        int | None, _option(_JUDGE, "--audit-percent", min=0, max=100, help="The share of rows that is judged twice.")
    ]
    min_labels: Annotated[
        int | None, _option(_JUDGE, "--min-labels", min=0, help="Verdicts of people that it takes to trust the judge.")
    ]
    human_mode: Annotated[
        Literal["pairwise", "rating"] | None,
        _option(_PEOPLE, "--human-mode", help="Two answers side by side, or each on a scale."),
    ]
    review_rows: Annotated[
        int | None, _option(_PEOPLE, "--review-rows", min=1, help="How many rows of a run are put up for review.")
    ]
    reviewers: Annotated[int | None, _option(_PEOPLE, "--reviewers", min=1, help="How many people see each item.")]
    racing: Annotated[
        Literal["auto", "on", "off"] | None,
        _option(_RUNS, "--racing", help="Ask models that cannot win no more; auto: above 1,000 rows."),
    ]
    reuse_answers: Annotated[
        bool | None, _option(_RUNS, "--reuse/--no-reuse", help="Take over what earlier runs asked in the same words.")
    ]
    evaluation_target: Annotated[
        Literal["traffic", "dataset"] | None,
        _option(_RUNS, "--target", help="Rank for what production will see, or for exactly these rows."),
    ]
    max_run_cost_usd: Annotated[
        str | None, _option(_RUNS, "--max-cost", metavar="USD|none", help="A run pauses when it has spent that.")
    ]
    max_cost_ratio: Annotated[
        str | None, _option(_PROMOTION, "--max-cost-ratio", metavar="N|none", help="Times the cost of production's.")
    ]
    max_latency_ratio: Annotated[
        str | None, _option(_PROMOTION, "--max-latency-ratio", metavar="N|none", help="Times its p95 latency.")
    ]
    max_error_increase: Annotated[
        str | None,
        _option(_PROMOTION, "--max-error-increase", metavar="SHARE|none", help="More errors than it by this share."),
    ]


def evaluation_fields(options: EvaluationOptions) -> dict[str, Any]:
    """The API's fields of what was given. `PARTS` hold only what was named: see `with_current`."""
    given: dict[str, Any] = {name: value for name, value in options.items() if value not in (None, [])}
    fields: dict[str, Any] = {name: given[name] for name in _PLAIN if name in given}
    if "answer_pattern" in given:
        fields["answer_pattern"] = _or_none(given["answer_pattern"])
    if "max_run_cost_usd" in given:
        fields["max_run_cost_usd"] = number_or_none("--max-cost", given["max_run_cost_usd"])
    judge = {theirs: given[own] for own, theirs in _OF_JUDGE.items() if own in given} | _model_and_rubric(given)
    people = {theirs: given[own] for own, theirs in _OF_PEOPLE.items() if own in given}
    if judge:
        fields["judge"] = judge
    if people:
        fields["human"] = people
    limits = {name: number_or_none(option, given[name]) for name, option in _LIMITS.items() if name in given}
    if limits:
        fields["guardrails"] = limits
    if "judge_model" in given:
        fields.setdefault("eval_type", "judge")
    return fields


def with_current(fields: dict[str, Any], leaderboard: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a leaderboard that is there: what was not named of its judge and its review stays as it is."""
    parts: dict[str, Any] = {
        name: {**(leaderboard.get(name) or {}), **fields[name]} for name in PARTS if name in fields
    }
    return {**fields, **parts}


def _model_and_rubric(given: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "judge_model" in given:
        found["model"] = None if given["judge_model"] == AUTO else given["judge_model"]
    if "rubric" in given and "rubric_file" in given:
        raise Failure("give either --rubric or --rubric-file", USAGE)
    if "rubric" in given:
        found["rubric"] = _or_none(given["rubric"])
    if "rubric_file" in given:
        found["rubric"] = read_text(given["rubric_file"], "rubric")
    return found


def _or_none(text: str) -> str | None:
    return None if text == NONE else text
