"""`gero model`: models of your own, recipes over a base model in versions."""

from typing import Annotated, Any, Literal, Unpack

import typer

from gero.cli import lookup, render
from gero.cli.command import Model, Yes, command, new_group
from gero.cli.failure import USAGE, Failure
from gero.cli.recipe_options import RecipeOptions, recipe_fields
from gero.cli.render import formats
from gero.cli.session import Session

group = new_group("Make models of your own: a base model with a prompt, examples and parameters, in versions.")

_MODE_HELP = (
    "recipe: of the options here; auto: the production model of the leaderboard with examples of its dataset; "
    "fine_tune: trained by `gero fine-tune`."
)
Leaderboards = Annotated[
    list[str] | None,
    typer.Option("--leaderboard", "-l", metavar="NAME|ID", help="What it is meant for; repeat for several."),
]
AutoUpdate = Annotated[
    bool | None, typer.Option("--auto-update/--no-auto-update", help="Deploy new versions as they are published.")
]
Description = Annotated[str | None, typer.Option(metavar="TEXT", help="What it is for.")]


@command(
    group,
    "create",
    "gero model create --name Triage --base openai/gpt-4o-mini --prompt-file prompt.txt --examples 8",
    "gero model create --name Triage --mode auto -l 'Support triage'",
    "gero model create --name Tuned --mode fine_tune --endpoint URL --base gpt-4o-mini --auth-token-stdin < key.txt",
    "gero model create --name Cold --base openai/gpt-4o-mini --param temperature=0 --examples-file examples.jsonl",
)
def create(
    session: Session,
    name: Annotated[str, typer.Option(help="A name of your choice.")],
    description: Description = None,
    mode: Annotated[
        Literal["recipe", "auto", "fine_tune"], typer.Option(metavar="MODE", help=_MODE_HELP, show_default=True)
    ] = "recipe",
    leaderboard: Leaderboards = None,
    auto_update: AutoUpdate = None,
    deploy: Annotated[bool | None, typer.Option("--deploy/--no-deploy", help="Let the first version answer.")] = None,
    **options: Unpack[RecipeOptions],
) -> None:
    """Create a model and its first version."""
    assigned = [session.leaderboard_id(one) for one in leaderboard or []]
    if mode == "auto" and not assigned:
        assigned = [session.leaderboard_id(None)]
    made_of = recipe_fields(session, options, next(iter(assigned), None))
    if mode != "auto" and "base" not in made_of:
        raise Failure("say which model it is built on: --base AUTHOR/MODEL of OpenRouter, or --endpoint URL", USAGE)
    fields = {
        "name": name,
        "creation_mode": mode,
        **_given(
            description=description,
            leaderboard_ids=assigned or None,
            auto_update_model=auto_update,
            deploy=deploy,
        ),
        **made_of,
    }
    created = session.api.post("/api/models", fields)
    session.answer(created, lambda: f"Created model {created['name']} ({created['id']}), {_serving(created)}")
    session.note(f"Next: {_next(created)}")


@command(group, "list", "gero model list", "gero model list --json | jq '.models[].name'")
def list_models(session: Session, limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50) -> None:
    """List the models of your own and which version answers."""
    found = list(session.api.every("/api/models", "models", limit))
    session.answer({"models": found, "count": len(found)}, lambda: render.model_table(found))


@command(group, "show", "gero model show Triage", "gero model show Triage --version 2 --json | jq .version.examples")
def show(
    session: Session,
    model: Model = None,
    version: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="This version, not the deployed or latest one.")
    ] = None,
) -> None:
    """Show a model with its deployed version, or the latest while none is."""
    path = f"/api/models/{session.model_id(model)}"
    found = session.api.get(path)
    if version is not None:
        found["version"] = session.api.get(f"{path}/versions/{version}")
    session.answer(found, lambda: render.model_card(found))


@command(
    group,
    "update",
    "gero model update Triage --name 'Triage of tickets' --no-auto-update",
    "gero model update Triage -l 'Support triage' -l Feedback",
)
def update(
    session: Session,
    model: Model = None,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    description: Description = None,
    leaderboard: Leaderboards = None,
    auto_update: AutoUpdate = None,
) -> None:
    """Change the fields that are given; what it answers is changed by `gero model publish`."""
    assigned = [session.leaderboard_id(one) for one in leaderboard or []]
    fields = _given(name=name, description=description, leaderboard_ids=assigned or None, auto_update_model=auto_update)
    if not fields:
        raise Failure("say what to change, such as --name; `gero model update --help` lists it", USAGE)
    changed = session.api.patch(f"/api/models/{session.model_id(model)}", fields)
    session.answer(changed, lambda: render.model_card(changed))


@command(group, "delete", "gero model delete Triage", "gero model delete Triage --yes")
def delete(session: Session, model: Model = None, yes: Yes = False) -> None:
    """Delete a model with its versions; no leaderboard may compare it any more."""
    found = lookup.model(session.api, model)
    session.confirm(f"Delete model {found['name']} with its versions?", yes=yes)
    session.api.delete(f"/api/models/{found['id']}")
    session.answer({"id": found["id"], "deleted": True}, lambda: f"Deleted model {found['name']}")


@command(group, "leaderboards", "gero model leaderboards Triage")
def leaderboards(session: Session, model: Model = None) -> None:
    """List the leaderboards that a model is meant for, and those that compare it."""
    found = session.api.get(f"/api/models/{session.model_id(model)}/leaderboards")
    session.answer(found, lambda: render.assigned_table(found["leaderboards"]))


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _serving(model: dict[str, Any]) -> str:
    deployed = model.get("deployed_version")
    return f"version {deployed} answers" if deployed else "no version answers yet"


def _next(created: dict[str, Any]) -> str:
    name = f'"{formats.plain(created["name"])}"'
    if created.get("deployed_version"):
        return f"gero candidate add --drgero {name}, or gero model infer TEXT -m {name}"
    return f"gero fine-tune start -m {name}" if created["creation_mode"] == "fine_tune" else f"gero model deploy {name}"
