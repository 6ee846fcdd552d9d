"""The wizard that creates a leaderboard: name, system prompt, dataset, evaluation.

What was typed is kept as a draft after each step, so that going back, a reload and the browser's own buttons lose
nothing, and two tabs describe two leaderboards.
"""

import re
from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError

from functions.api.console.leaderboard_form import (
    MAPPED,
    STEPS,
    Draft,
    mapping_of,
    normalizers_of,
    step_faults,
    step_of,
    told_faults,
    wanted,
)
from functions.api.console.page_router import page_router
from functions.api.console.plan_locks import PUSH_LIMITS, create_locked, plan_of, push_faults
from functions.api.console.rendering import goes_to, page
from functions.api.console.security import Form
from functions.api.console.submitted import Faults, Submitted, faults, status_of, validated
from functions.api.console.visitor import Visiting, Visitor
from functions.api.routes import datasets, leaderboards
from functions.api.routes.datasets import CheckView, DatasetInput
from gero.evaluation import ExactScorer, check_normalizers
from gero.kit import GeroError, Invalid, NotFound, settings
from gero.leaderboards import LeaderboardInput, drafts
from gero.providers import prompt

router = page_router()
_START = "/leaderboards/new"
_UNANSWERED = "no_expected_answer"
_PREVIEWED = 20_000  # characters
_BRACED = re.compile(r"\{\{?\s*\w+\s*\}?\}")


@router.get(_START)
def start(request: Request, visitor: Visiting) -> Response:
    """The first step of a new draft."""
    return _page(request, visitor, Draft(), 0)


@router.post(_START)
def begin(request: Request, visitor: Visiting, form: Form) -> Response:
    """Keep the first step as a new draft."""
    return _sent(request, visitor, form, Draft(), 0)


@router.post(f"{_START}/preview")
def preview(request: Request, visitor: Visiting, form: Form) -> Response:
    """What a model would be sent, as a part of the page."""
    visitor.principal.require("leaderboards:write")
    return page(request, "parts/prompt_preview.html", visitor, **previewed(form))


@router.post(f"{_START}/check")
def check(request: Request, visitor: Visiting, form: Form) -> Response:
    """What the file of a Get dataset is, as a part of the page."""
    found, wrong = _checked(visitor, form)
    return page(request, "parts/dataset_check.html", visitor, form=form, check=found, faults=wrong, mapped=MAPPED)


@router.post(f"{_START}/try")
def try_evaluation(request: Request, visitor: Visiting, form: Form) -> Response:
    """Whether exact evaluation, set so, takes an answer as right, and why; as a part of the page."""
    visitor.principal.require("leaderboards:write")
    told: dict[str, Any] = {"right": None, "why": "", "compared": None}
    try:
        normalizers, pattern = normalizers_of(form)
        check_normalizers(normalizers, pattern)
        scorer = ExactScorer(normalizers, pattern)
        answer = form.text("try_answer")
        told["right"], told["why"] = scorer.score(answer, [form.text("try_expected")])
        told["compared"] = scorer.normalize(answer)
    except Invalid as error:
        told["why"] = error.message
    return page(request, "parts/exact_try.html", visitor, **told)


@router.get(f"{_START}/{{draft_id}}/{{step}}")
def show(request: Request, visitor: Visiting, draft_id: str, step: str) -> Response:
    """A step of a draft; of one whose earlier steps are not done, the first that is not."""
    draft, number = _found(visitor, draft_id), _number(step)
    missing = next((earlier for earlier in range(number) if step_faults(draft, earlier)), None)
    if missing is not None:
        return goes_to(request, _address(draft, missing))
    return _page(request, visitor, draft, number)


@router.post(f"{_START}/{{draft_id}}/{{step}}")
def submit(request: Request, visitor: Visiting, form: Form, draft_id: str, step: str) -> Response:
    """Keep a step, and go on, back, or, after the last one, create the leaderboard."""
    return _sent(request, visitor, form, _found(visitor, draft_id), _number(step))


def _sent(request: Request, visitor: Visitor, form: Submitted, draft: Draft, number: int) -> Response:
    visitor.principal.require("leaderboards:write")
    draft.take(STEPS[number], form)
    try:
        draft.id = drafts.save(visitor.workspace_id, draft.typed, draft.id)
    except Invalid as error:
        return _page(request, visitor, draft, number, faults(error) | step_faults(draft, number), 400)
    back = form.text("go")
    if back in {one.key for one in STEPS[:number]}:
        return goes_to(request, _address(draft, _number(back)))
    found, wrong = None, step_faults(draft, number)
    if not wrong and STEPS[number].key == "dataset":
        found, wrong = _dataset_checked(visitor, draft, number)
    if wrong:
        return _page(request, visitor, draft, number, wrong, 400, found)
    if number + 1 < len(STEPS):
        return goes_to(request, _address(draft, number + 1))
    return _create(request, visitor, draft)


def _dataset_checked(visitor: Visitor, draft: Draft, number: int) -> tuple[CheckView | None, Faults]:
    """Look at the file once more, since the step is left only with one that can be read; or ask the plan."""
    if draft.form.text("dataset_type") == "PUSH":
        told = validated(LeaderboardInput, wanted(draft, number + 1))
        return None, push_faults(visitor, {name: getattr(told, name) or 0 for name in PUSH_LIMITS})
    found, wrong = _checked(visitor, draft.form)
    if found and not wrong:
        draft.note_check(next((fault.error for fault in found.errors if fault.code == _UNANSWERED), None))
        drafts.save(visitor.workspace_id, draft.typed, draft.id)
    return found, wrong


def _create(request: Request, visitor: Visitor, draft: Draft) -> Response:
    last = len(STEPS) - 1
    if not draft.is_checked:
        wrong = {"dataset_url": "this was changed since it was checked; continue from here once more"}
        return _page(request, visitor, draft, step_of("dataset_url") or 0, wrong, 409)
    try:
        made = leaderboards.create_leaderboard(request, visitor.principal, validated(LeaderboardInput, wanted(draft)))
    except (ValidationError, GeroError) as error:
        wrong = told_faults(error)
        place = min((step for name in wrong if (step := step_of(name)) is not None), default=last)
        return _page(request, visitor, draft, place, wrong, status_of(error))
    drafts.remove(visitor.workspace_id, str(draft.id))
    return goes_to(request, f"/leaderboards/{made.id}", f"{made.name} is ready. {_next_step(made.dataset_type)}")


def _next_step(dataset_type: str) -> str:
    needed = settings.min_pushed_rows()
    if dataset_type == "PUSH" and needed:
        return f"Next: create a push token on the Detail tab and push {needed:,} rows; then add at least two models."
    return "Next: add at least two models."


def _checked(visitor: Visitor, form: Submitted) -> tuple[CheckView | None, Faults]:
    """What the file is, and what keeps it from being used, by field."""
    visitor.principal.require("leaderboards:write")
    fields = {"dataset_url": form.text("dataset_url"), "field_mapping": mapping_of(form)}
    try:
        found = datasets.check_dataset(visitor.principal, validated(DatasetInput, fields))
    except (ValidationError, GeroError) as error:
        return None, told_faults(error)
    severe = [fault for fault in found.errors if fault.code != _UNANSWERED]
    if found.reachable and not severe:
        return found, {}
    if not found.reachable:
        return found, {"dataset_url": severe[0].error.removeprefix("dataset_url: ")}
    return found, {"dataset_url": "the file has faults, which are listed below; mend it, or map its fields"}


def previewed(form: Submitted) -> dict[str, Any]:
    """What a model would be sent, for the preview beside the prompt."""
    text, sample = form.text("system_prompt")[:_PREVIEWED], form.text("sample")[:2000]
    if text.count("{") * len(sample) > 10 * _PREVIEWED:  # so that a short request makes no long page
        sample = sample[:100]
    known = prompt.placeholders(text)
    others = [one for one in dict.fromkeys(_BRACED.findall(text)) if one not in known]
    return {"rendered": prompt.render(text, sample), "placeholders": known, "others": others[:3], "empty": not text}


def _found(visitor: Visitor, draft_id: str) -> Draft:
    visitor.principal.require("leaderboards:write")
    return Draft(draft_id, drafts.get(visitor.workspace_id, draft_id))


def _number(step: str) -> int:
    for number, one in enumerate(STEPS):
        if one.key == step:
            return number
    raise NotFound("there is no such step")


def _address(draft: Draft, number: int) -> str:
    return f"{_START}/{draft.id}/{STEPS[number].key}" if draft.id else _START


def _page(
    request: Request,
    visitor: Visitor,
    draft: Draft,
    number: int,
    wrong: Faults | None = None,
    status: int = 200,
    found: CheckView | None = None,
) -> Response:
    visitor.principal.require("leaderboards:write")
    step, form = STEPS[number], draft.form
    return page(
        request,
        f"create/{step.key}.html",
        visitor,
        status=status,
        steps=STEPS,
        number=number,
        action=_address(draft, number),
        form=form,
        faults=wrong or {},
        check=found,
        mapped=MAPPED,
        unanswered=draft.unanswered if draft.is_checked else None,
        locked=create_locked(visitor),
        plan=plan_of(visitor),
        needed_rows=settings.min_pushed_rows(),
        **previewed(form),
    )
