"""`gero base-model`: what OpenRouter offers."""

from typing import Annotated

import typer

from gero.cli import render
from gero.cli.command import command, new_group
from gero.cli.session import Session

group = new_group("Look up the models of OpenRouter, for a candidate or as the base of a model.")


@command(
    group,
    "list",
    "gero base-model list llama --open-weights",
    "gero base-model list --limit 200 --json | jq -r '.base_models[].id'",
)
def list_base_models(
    session: Session,
    query: Annotated[str | None, typer.Argument(metavar="QUERY", help="A part of the id or of the name.")] = None,
    open_weights: Annotated[bool, typer.Option("--open-weights", help="Only models whose weights are public.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="How many to skip.")] = 0,
) -> None:
    """List models of OpenRouter with their prices in USD per million tokens."""
    found = session.api.get(
        "/api/base-models", query=query, open_weights_only=open_weights or None, limit=limit, offset=offset
    )
    session.answer(found, lambda: render.base_model_table(found["base_models"]))
    rest = found["total"] - offset - found["count"]
    more = f"{found['count']} of {found['total']:,}; the next ones: --offset {offset + limit}. " if rest > 0 else ""
    session.note(f"{more}{render.catalogue_in_words(found['catalogue'])}")
