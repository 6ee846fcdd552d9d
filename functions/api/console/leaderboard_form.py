"""The four steps that describe a new leaderboard: their fields, and what they say in the API's words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import ValidationError
from starlette.datastructures import FormData

from functions.api.console.submitted import Faults, Submitted, faults, validated
from gero.leaderboards import LeaderboardInput

MAPPED = ("input", "messages", "expected", "id", "rubric")
SEVERAL = ("normalizers",)
_PUSH_NUMBERS = (
    *("max_samples_to_gather", "daily_event_limit", "monthly_event_limit"),
    *("consolidate_every_events", "consolidate_every_hours"),
)
_PUSH_FLAGS = ("auto_limit_size", "dedupe", "run_on_new_version")
_GUARDRAILS = ("max_cost_ratio", "max_latency_ratio", "max_error_increase")


class Step(NamedTuple):
    """A step of the wizard: its name in addresses, for people, and its fields."""

    key: str
    name: str
    fields: tuple[str, ...]


STEPS = (
    Step("name", "Name", ("name",)),
    Step("prompt", "System prompt", ("system_prompt", "sample")),
    Step(
        "dataset",
        "Dataset",
        (
            *("dataset_type", "dataset_url", *(f"field_mapping.{name}" for name in MAPPED)),
            *(*_PUSH_NUMBERS, *_PUSH_FLAGS, "sampling_algorithm", "end_date"),
        ),
    ),
    Step(
        "evaluation",
        "Evaluation",
        (
            *("eval_type", "reads", "normalizers", "final_line", "answer_pattern"),
            *("judge.choice", "judge.provider", "judge.model", "judge.mode", "judge.rubric"),
            *("judge.audit_percent", "judge.min_labels"),
            *("human.mode", "human.rows", "human.reviewers_per_item"),
            *("racing", "evaluation_target", "reuse_answers", "max_run_cost_usd", "concurrency", "promotion_policy"),
            *(f"guardrails.{name}" for name in _GUARDRAILS),
        ),
    ),
)
_EMPTY = {"name": "give the leaderboard a name", "system_prompt": "write what a model is to do"}
# For the steps that are still to come, so that those before can be checked by the API's own rules.
_TO_COME: dict[str, Any] = {"name": "to come", "system_prompt": "to come", "dataset_type": "PUSH"}


@dataclass
class Draft:
    """A leaderboard that is being described: what was typed in each field, valid or not. Without an id: not kept yet.

    `checked`: the file and the mapping that were found to be good; `unanswered`: what the check said of rows without an
    expected answer.
    """

    id: str | None = None
    typed: dict[str, list[str]] = field(default_factory=dict)

    @property
    def form(self) -> Submitted:
        """Every field: as it was typed, or as the product has it by default."""
        return Submitted(FormData([(name, value) for name, kept in self._all().items() for value in kept]))

    def take(self, step: Step, sent: Submitted) -> None:
        """Note what a step's form says. Fields that it did not send stay: they belong to a choice not made now."""
        for name in set(step.fields) & set(sent.names()):
            self.typed[name] = sent.every(name) if name in SEVERAL else [sent.text(name)]

    def note_check(self, unanswered: str | None) -> None:
        """Note that the file, read with this mapping, is good."""
        self.typed["checked"] = self._file()
        self.typed["unanswered"] = [unanswered] if unanswered else []

    @property
    def unanswered(self) -> str | None:
        """Why exact evaluation cannot use the file; None when it can."""
        return next(iter(self.typed.get("unanswered", ())), None)

    @property
    def is_checked(self) -> bool:
        """Whether the rows come from a file that was found to be good, or are pushed later."""
        return self.form.text("dataset_type") == "PUSH" or self.typed.get("checked") == self._file()

    def _file(self) -> list[str]:
        return [self.form.text("dataset_url"), *(self.form.text(f"field_mapping.{name}") for name in MAPPED)]

    def _all(self) -> Mapping[str, list[str]]:
        return DEFAULTS | self.typed


def wanted(draft: Draft, steps: int = len(STEPS)) -> dict[str, Any]:
    """The body that creates the leaderboard, of the first `steps` steps; the others hold nothing of the draft."""
    form, told = draft.form, dict(_TO_COME)
    for say in (_name, _prompt, _dataset, _evaluation)[:steps]:
        told |= say(form)
    return told


def step_faults(draft: Draft, number: int) -> Faults:
    """What is wrong in one step (from 0), by field."""
    empty = {name: told for name, told in _EMPTY.items() if step_of(name) == number and not draft.form.text(name)}
    if empty:
        return empty
    try:
        validated(LeaderboardInput, wanted(draft, number + 1))
    except ValidationError as error:
        found = told_faults(error)
        return {name: text for name, text in found.items() if step_of(name) == number}
    if STEPS[number].key == "evaluation" and draft.form.text("eval_type") == "exact" and draft.unanswered:
        return {"eval_type": f"{draft.unanswered}; choose Judge or Human, or map the field in step 3"}
    return {}


def told_faults(error: Exception) -> Faults:
    """What was wrong by the names of our fields."""
    found: Faults = {}
    for name, text in faults(error).items():
        part, colon, rest = text.partition(": ")
        inside = f"{name}.{part}"
        found |= {inside: rest} if colon and step_of(inside) is not None else {name: text}
    return found


def step_of(name: str) -> int | None:
    """The number of the step that has a field."""
    return next((number for number, step in enumerate(STEPS) if name in step.fields), None)


def mapping_of(form: Submitted) -> dict[str, str]:
    """Where the rows have their fields, as far as somebody said so."""
    return {name: text for name in MAPPED if (text := form.text(f"field_mapping.{name}"))}


def normalizers_of(form: Submitted) -> tuple[list[str], str | None]:
    """The normalizers and the pattern of exact evaluation."""
    pattern, reads = form.optional("answer_pattern"), form.text("reads")
    first = ["final_line"] * form.flag("final_line") + ["regex"] * bool(pattern)
    return [*first, *(form.every("normalizers") if reads == "text" else [reads])], pattern


def _name(form: Submitted) -> dict[str, Any]:
    return {"name": form.text("name")}


def _prompt(form: Submitted) -> dict[str, Any]:
    return {"system_prompt": form.text("system_prompt")}


def _dataset(form: Submitted) -> dict[str, Any]:
    if form.text("dataset_type") != "PUSH":
        return {"dataset_type": "GET", "dataset_url": form.text("dataset_url"), "field_mapping": mapping_of(form)}
    numbers = {name: _number(form, name) for name in _PUSH_NUMBERS}
    flags = {name: form.flag(name) for name in _PUSH_FLAGS}
    others = {"sampling_algorithm": form.text("sampling_algorithm"), "end_date": form.optional("end_date")}
    return {"dataset_type": "PUSH", "dataset_url": None, **numbers, **flags, **others}


def _evaluation(form: Submitted) -> dict[str, Any]:
    kind = form.text("eval_type")
    plain = {name: form.text(name) for name in ("racing", "evaluation_target", "promotion_policy")}
    numbers = {name: _number(form, name) for name in ("max_run_cost_usd", "concurrency")}
    guardrails = {name: _number(form, f"guardrails.{name}") for name in _GUARDRAILS}
    told: dict[str, Any] = {"eval_type": kind, **plain, **numbers, "guardrails": guardrails}
    told["reuse_answers"] = form.flag("reuse_answers")
    if kind == "exact":
        told["normalizers"], told["answer_pattern"] = normalizers_of(form)
    elif kind == "judge":
        told["judge"] = _judge(form)
    elif kind == "human":
        numbers = {name: _number(form, f"human.{name}") for name in ("rows", "reviewers_per_item")}
        told["human"] = _without_none({"mode": form.text("human.mode"), **numbers})
    return told


def _judge(form: Submitted) -> dict[str, Any]:
    told: dict[str, Any] = {"mode": form.text("judge.mode"), "rubric": form.optional("judge.rubric")}
    told |= {name: _number(form, f"judge.{name}") for name in ("audit_percent", "min_labels")}
    if form.text("judge.choice") == "named":
        told |= {"provider": form.text("judge.provider"), "model": form.text("judge.model")}
    return _without_none(told)


def _number(form: Submitted, name: str) -> str | None:
    """Whether it is a number is for the API's rules to say."""
    return form.digits(name) or None


def _without_none(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}


def _defaults() -> dict[str, list[str]]:
    made = LeaderboardInput.model_validate(_TO_COME).model_dump()
    parts = [("", made), *((f"{name}.", made[name]) for name in ("judge", "human", "guardrails"))]
    flat = {f"{prefix}{name}": value for prefix, part in parts for name, value in part.items()}
    known = {name: flat[name] for step in STEPS for name in step.fields if name in flat}
    texts = {name: [as_typed(value)] for name, value in known.items() if name not in SEVERAL}
    opening = {"name": "", "system_prompt": "", "dataset_type": "GET", "reads": "text", "judge.choice": "auto"}
    sample = "My parcel should have come on Monday. Where is it?"
    own = {name: [text] for name, text in {**opening, "sample": sample}.items()}
    return texts | own | {"normalizers": list(made["normalizers"])}


def as_typed(value: Any) -> str:
    """A setting as a form's field has it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "" if value is None else str(value)


DEFAULTS = _defaults()
