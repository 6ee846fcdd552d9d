"""A leaderboard: the task, its data, its scoring, and which model serves it."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from gero import datasets, evaluation
from gero.evaluation import EvaluationType
from gero.kit import Invalid
from gero.leaderboards.evaluation_settings import EvaluationTarget, HumanSettings, JudgeSettings, Racing, with_judge
from gero.leaderboards.promotion_settings import GuardrailSettings
from gero.leaderboards.push_settings import PUSH_FIELDS, PushSettings
from gero.leaderboards.schedule import Schedule, ScheduleState, TriggerName
from gero.leaderboards.serving_settings import GivenTraceSettings, InferenceSettings, TraceSettings
from gero.models import Input

Policy = Literal["top", "default", "strict", "eager"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Prompt = Annotated[str, Field(min_length=1), AfterValidator(lambda prompt: _at_most(prompt, MAX_PROMPT_BYTES))]
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
FieldMapping = Annotated[
    dict[datasets.Field, FieldName],
    Field(description="Where the rows have a field: Gero's name of it to theirs; a dotted name leads into objects"),
]
MAX_PROMPT_BYTES = 100_000


def _at_most(text: str, limit: int) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    size = len(text.encode())
    if size > limit:
        raise ValueError(f"at most {limit:,} bytes, this has {size:,}")
    return text


_PROMPT_NAMES = AliasChoices("system_prompt", "systemPrompt", "model_prompt", "modelPrompt")


class ModelSelection(BaseModel):
    """Who serves: the top of the ranking as the promotion policy allows, or one pinned model."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    mode: Literal["ranking_winner", "manual"] = "ranking_winner"
    model_id: str | None = None

    @model_validator(mode="after")
    def _pin_needs_model(self) -> "ModelSelection":
        if (self.mode == "manual") != (self.model_id is not None):
            raise ValueError("model_id: give it with mode manual, and only then")
        return self


class LeaderboardInput(Input, PushSettings):
    """The body that creates a leaderboard."""

    name: Name
    system_prompt: Prompt = Field(validation_alias=_PROMPT_NAMES)
    dataset_type: Literal["GET", "PUSH"] = "GET"
    dataset_url: str | None = None
    field_mapping: FieldMapping = Field(default_factory=dict)
    eval_type: EvaluationType = "exact"
    normalizers: list[str] = Field(default_factory=lambda: list(evaluation.DEFAULT_NORMALIZERS))
    answer_pattern: str | None = Field(
        None, min_length=1, max_length=500, description="Of the normalizer regex: what it captures is compared"
    )
    judge: JudgeSettings = JudgeSettings()
    human: HumanSettings = HumanSettings()
    racing: Racing = Field("auto", description="Stop asking models that cannot win; auto: above 1,000 rows")
    reuse_answers: bool = Field(True, description="Take over what earlier runs asked in the same words")
    evaluation_target: EvaluationTarget = Field(
        "traffic", description="Rank for what production will see, or for exactly these rows"
    )
    max_run_cost_usd: Decimal | None = Field(None, gt=0, le=1_000_000, description="A run pauses when it spent that")
    concurrency: int = Field(16, ge=1, le=256)
    model_selection: ModelSelection = ModelSelection()
    promotion_policy: Policy = "default"
    guardrails: GuardrailSettings = GuardrailSettings()
    inference: InferenceSettings = InferenceSettings()
    traces: GivenTraceSettings = GivenTraceSettings()
    schedule: Schedule | None = None

    _judge_by_documented_names = model_validator(mode="before")(with_judge)

    @model_validator(mode="after")
    def _fits_together(self) -> "LeaderboardInput":
        if self.dataset_type == "GET" and not self.dataset_url:
            raise ValueError("dataset_url: a GET dataset needs the URL of a Hugging Face JSONL file")
        if self.dataset_type == "PUSH" and self.dataset_url:
            raise ValueError("dataset_url: a PUSH dataset has none; its rows come through the webhook")
        for name in sorted(PUSH_FIELDS):
            if self.dataset_type == "GET" and getattr(self, name) != PushSettings.model_fields[name].default:
                raise ValueError(f"{name}: only a PUSH dataset has this setting")
        try:
            evaluation.check_normalizers(self.normalizers, self.answer_pattern)
            if self.dataset_url:
                datasets.parse_url(self.dataset_url)
        except Invalid as error:
            raise ValueError(error.message) from error
        return self

    @model_validator(mode="after")
    def _schedule_can_fire(self) -> "LeaderboardInput":
        if self.schedule:
            self.schedule.check(self.dataset_type)
        return self


class LeaderboardPatch(Input):
    """The body that changes a leaderboard: any of the fields; with `version`, only if nobody changed it meanwhile."""

    name: Name | None = None
    system_prompt: Prompt | None = Field(None, validation_alias=_PROMPT_NAMES)
    dataset_type: Literal["GET", "PUSH"] | None = None
    dataset_url: str | None = None
    field_mapping: FieldMapping | None = None
    auto_limit_size: bool | None = None
    max_samples_to_gather: int | None = None
    sampling_algorithm: datasets.Algorithm | None = None
    daily_event_limit: int | None = None
    monthly_event_limit: int | None = None
    end_date: date | None = None
    dedupe: bool | None = None
    consolidate_every_events: int | None = None
    consolidate_every_hours: int | None = None
    run_on_new_version: bool | None = None
    eval_type: EvaluationType | None = None
    normalizers: list[str] | None = None
    answer_pattern: str | None = None
    judge: JudgeSettings | None = None
    human: HumanSettings | None = None
    racing: Racing | None = None
    reuse_answers: bool | None = None
    evaluation_target: EvaluationTarget | None = None
    max_run_cost_usd: Decimal | None = None
    concurrency: int | None = None
    model_selection: ModelSelection | None = None
    promotion_policy: Policy | None = None
    guardrails: GuardrailSettings | None = None
    inference: InferenceSettings | None = None
    traces: GivenTraceSettings | None = None
    schedule: Schedule | None = None
    version: int | None = None

    _judge_by_documented_names = model_validator(mode="before")(with_judge)


class Production(BaseModel):
    """The model that serves, since when and why."""

    model_config = ConfigDict(frozen=True)
    model_id: str
    name: str
    run_id: str
    since: str
    reason: str


class Leaderboard(PushSettings):
    """A leaderboard as stored."""

    model_config = ConfigDict(frozen=True)
    id: str
    workspace_id: str
    name: str
    system_prompt: str
    dataset_type: Literal["GET", "PUSH"]
    dataset_url: str | None
    field_mapping: FieldMapping = Field(default_factory=dict)
    eval_type: EvaluationType
    normalizers: list[str]
    answer_pattern: str | None = None
    judge: JudgeSettings = JudgeSettings()
    human: HumanSettings = HumanSettings()
    racing: Racing = "auto"
    reuse_answers: bool = True
    evaluation_target: EvaluationTarget = "traffic"
    max_run_cost_usd: Decimal | None = None
    concurrency: int
    model_selection: ModelSelection
    promotion_policy: Policy
    guardrails: GuardrailSettings = GuardrailSettings()
    inference: InferenceSettings = InferenceSettings()
    traces: TraceSettings = TraceSettings()
    schedule: Schedule | None
    production: Production | None = None
    latest_run_id: str | None = None
    next_run_at: str | None = None
    next_times: dict[TriggerName, str] = Field(default_factory=dict)
    schedule_state: ScheduleState | None = None
    version: int = 1
    created_at: str
    updated_at: str

    def configuration(self) -> dict[str, Any]:
        """What a run keeps of it: the part that decides its outcome."""
        return self.model_dump(
            mode="json",
            include={
                "name",
                "system_prompt",
                "dataset_type",
                "dataset_url",
                "field_mapping",
                "eval_type",
                "normalizers",
                "answer_pattern",
                "judge",
                "human",
                "racing",
                "reuse_answers",
                "evaluation_target",
                "max_run_cost_usd",
                "concurrency",
                "model_selection",
                "promotion_policy",
                "guardrails",
                "version",
                *(PUSH_FIELDS if self.dataset_type == "PUSH" else ()),
            },
        )
