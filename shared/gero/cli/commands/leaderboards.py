"""`gero leaderboard`: a task, its dataset and its prompt."""

from typing import Annotated, Any, Literal, Unpack

import typer

from gero.cli import lookup, render
from gero.cli.command import Leaderboard, Yes, command, new_group
from gero.cli.evaluation_options import PARTS, EvaluationOptions, evaluation_fields, with_current
from gero.cli.failure import USAGE, Failure
from gero.cli.options import Fields, field_mapping, prompt_text
from gero.cli.push_options import PushOptions, push_fields
from gero.cli.serving_options import NEXT, ServingOptions, ShadowModel, serving_fields, with_challenger
from gero.cli.session import Session

group = new_group("Create and change leaderboards: a task, its dataset and its prompt.")


Prompt = Annotated[str | None, typer.Option("--prompt", help="The task, as every candidate is told it.")]
PromptFile = Annotated[
    str | None, typer.Option("--prompt-file", metavar="FILE", help="Read the prompt from a file, or - .")
]
Dataset = Annotated[str | None, typer.Option("--dataset", metavar="URL", help="JSONL file on Hugging Face.")]


class Settings(EvaluationOptions, PushOptions, ServingOptions, total=False):
    """What may be given besides: how answers are scored, which rows are taken, how production answers."""


Concurrency = Annotated[int | None, typer.Option(min=1, help="Calls in flight for each worker.")]
Policy = Annotated[
    Literal["top", "default", "strict", "eager"] | None,
    typer.Option(help="How much evidence a new production model needs."),
]


@command(
    group,
    "create",
    'gero leaderboard create --name "Support triage" --prompt-file prompt.txt --dataset https://huggingface.co/…/rows.jsonl',
    'gero leaderboard create --name Feedback --prompt "Answer briefly." --push --normalizer case',
    "gero leaderboard create --name Feedback --prompt-file prompt.txt --push --daily-limit 5000 --field input=question",
    "gero leaderboard create --name Replies --prompt-file prompt.txt --push --judge auto --rubric-file rubric.txt",
    "gero leaderboard create --name Cases --prompt-file prompt.txt --push --redact email --retention-days 30",
)
def create(
    session: Session,
    name: Annotated[str, typer.Option(help="A name of your choice.")],
    prompt: Prompt = None,
    prompt_file: PromptFile = None,
    dataset: Dataset = None,
    push: Annotated[bool, typer.Option("--push", help="Rows are pushed to it instead of read from a file.")] = False,
    concurrency: Concurrency = None,
    policy: Policy = None,
    field: Fields = None,
    **settings: Unpack[Settings],
) -> None:
    """Create a leaderboard."""
    if push == (dataset is not None):
        raise Failure("say where the rows come from: either --dataset URL or --push", USAGE)
    system_prompt = prompt_text(prompt, prompt_file)
    if system_prompt is None:
        raise Failure("say what the task is: --prompt TEXT or --prompt-file FILE", USAGE)
    fields = {
        "name": name,
        "system_prompt": system_prompt,
        "dataset_type": "PUSH" if push else "GET",
        **_given(
            dataset_url=dataset,
            field_mapping=field_mapping(field),
            concurrency=concurrency,
            promotion_policy=policy,
        ),
        **_settings_fields(session, settings),
    }
    created = session.api.post("/api/leaderboards", fields)
    session.answer(created, lambda: f"Created leaderboard {created['name']} ({created['id']})")
    name = f'"{created["name"]}"'
    session.note(f"Next: gero candidate add {name} --model AUTHOR/MODEL (OpenRouter) or --endpoint URL, at least twice")
    session.note(f"Or let Gero choose: gero candidate auto-select {name}")


@command(group, "list", "gero leaderboard list", "gero leaderboard list --json | jq '.leaderboards[].name'")
def list_leaderboards(
    session: Session,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
) -> None:
    """List the leaderboards and what serves production."""
    found = list(session.api.every("/api/leaderboards", "leaderboards", limit))
    session.answer({"leaderboards": found, "count": len(found)}, lambda: render.leaderboard_table(found))


@command(group, "show", 'gero leaderboard show "Support triage"')
def show(session: Session, leaderboard: Leaderboard = None) -> None:
    """Show everything about a leaderboard."""
    found = session.leaderboard(leaderboard)
    session.answer(found, lambda: render.leaderboard_card(found))


@command(
    group,
    "update",
    'gero leaderboard update "Support triage" --policy strict',
    'gero leaderboard update "Support triage" --select gpt-mini',
    'gero leaderboard update "Support triage" --select winner',
    "gero leaderboard update Replies --judge openai/gpt-4.1 --judge-mode pairwise --max-cost 5",
    "gero leaderboard update Feedback --monthly-limit none --consolidate-events 1000 --run-on-new-version",
    'gero leaderboard update "Support triage" --fallbacks 3 --hedge-after 800 --shadow-percent 5 --shadow-model big-1',
)
def update(
    session: Session,
    leaderboard: Leaderboard = None,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    prompt: Prompt = None,
    prompt_file: PromptFile = None,
    dataset: Dataset = None,
    concurrency: Concurrency = None,
    policy: Policy = None,
    field: Fields = None,
    select: Annotated[
        str | None, typer.Option(metavar="winner|MODEL", help="What serves: the winner of the ranking, or this model.")
    ] = None,
    shadow_model: ShadowModel = None,
    **settings: Unpack[Settings],
) -> None:
    """Change the fields that are given."""
    fields = _given(
        name=name,
        system_prompt=prompt_text(prompt, prompt_file),
        dataset_url=dataset,
        field_mapping=field_mapping(field),
        concurrency=concurrency,
        promotion_policy=policy,
    )
    fields |= _settings_fields(session, settings)
    if not fields and select is None and shadow_model is None:
        raise Failure("say what to change, such as --policy strict; `gero leaderboard update --help` lists it", USAGE)
    if not fields.keys().isdisjoint(PARTS):
        current = session.leaderboard(leaderboard)
        leaderboard_id, fields = current["id"], with_current(fields, current)
    else:
        leaderboard_id = session.leaderboard_id(leaderboard)
    if select is not None:
        fields["model_selection"] = _selection(session, leaderboard_id, select)
    if shadow_model is not None:
        found = None if shadow_model == NEXT else lookup.candidate(session.api, leaderboard_id, shadow_model)["id"]
        fields = with_challenger(fields, found)
    changed = session.api.patch(f"/api/leaderboards/{leaderboard_id}", fields)
    session.answer(changed, lambda: render.leaderboard_card(changed))


@command(group, "delete", 'gero leaderboard delete "Support triage"', "gero leaderboard delete 3f2a91c0 --yes")
def delete(session: Session, leaderboard: Leaderboard = None, yes: Yes = False) -> None:
    """Delete a leaderboard with its candidates, runs and traces."""
    found = session.leaderboard(leaderboard)
    session.confirm(f"Delete leaderboard {found['name']} with its candidates, runs and traces?", yes=yes)
    session.api.delete(f"/api/leaderboards/{found['id']}")
    session.answer({"id": found["id"], "deleted": True}, lambda: f"Deleted leaderboard {found['name']}")


def _settings_fields(session: Session, settings: Settings) -> dict[str, Any]:
    def of(part: type) -> Any:
        return {name: value for name, value in settings.items() if name in part.__annotations__}

    fields = (
        evaluation_fields(of(EvaluationOptions)) | push_fields(of(PushOptions)) | serving_fields(of(ServingOptions))
    )
    judge = fields.get("judge", {})
    if judge.get("provider") == "drgero" and judge.get("model"):
        judge["model"] = session.model_id(judge["model"])
    return fields


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, [])}


def _selection(session: Session, leaderboard_id: str, select: str) -> dict[str, str]:
    if select == "winner":
        return {"mode": "ranking_winner"}
    return {"mode": "manual", "model_id": lookup.candidate(session.api, leaderboard_id, select)["id"]}
