"""How a leaderboard's answers are scored by a judge or by people, and what a run may do."""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from gero.models import Input

Racing = Literal["auto", "on", "off"]
EvaluationTarget = Literal["traffic", "dataset"]


class JudgeSettings(Input):
    """Which model judges, and how. Without a `model` one is chosen that is of no candidate's family."""

    provider: Literal["openrouter", "huggingface", "drgero"] = "openrouter"
    model: str | None = Field(
        None, min_length=1, max_length=300, description="Its id; of provider drgero, a model's id"
    )
    mode: Literal["auto", "pointwise", "pairwise"] = Field(
        "auto", description="pointwise: each answer on a scale; pairwise: against production's answer"
    )
    rubric: str | None = Field(None, min_length=1, max_length=20_000, description="What makes an answer good")
    audit_percent: int = Field(10, ge=0, le=100, description="The share of rows that is judged twice")
    min_labels: int = Field(
        100, ge=0, le=10_000, description="Verdicts of people that it takes to trust it; 0 trusts it untested"
    )

    @field_validator("provider", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _names_a_model(self) -> "JudgeSettings":
        if self.model is None and self.provider != "openrouter":
            raise ValueError("model: a judge is chosen automatically on openrouter only; name the model")
        return self


class HumanSettings(Input):
    """How people review answers: two of them side by side without names, or each on a scale."""

    mode: Literal["pairwise", "rating"] = "pairwise"
    rows: int = Field(100, ge=1, le=1000, description="How many rows of a run are put up for review")
    reviewers_per_item: int = Field(1, ge=1, le=9)


def with_judge(body: Any) -> Any:
    """A body whose documented `judge_provider` and `judge_model` are put into `judge`."""
    if not isinstance(body, dict):
        return body
    body = dict(body)
    for name in ("provider", "model"):
        value = body.pop(f"judge_{name}", None) or body.pop(f"judge{name.title()}", None)
        if value is not None:
            body["judge"] = {name: value} | dict(body.get("judge") or {})
    return body
