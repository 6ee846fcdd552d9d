"""`gero model publish`, `versions`, `deploy`, `undeploy` and `infer`: which recipe answers, and what."""

from typing import Annotated, Any, Final, Unpack

import typer

from gero.cli import inference_address, render
from gero.cli.command import Model, ModelOption, command, new_group
from gero.cli.commands.inference import AskOptions, Text, ask, question, streams
from gero.cli.failure import USAGE, Failure
from gero.cli.recipe_options import RecipeOptions, recipe_fields
from gero.cli.session import Session

group = new_group()

_PAGE: Final = 50
# What each option takes away, by the API's name, and what the API calls nothing.
_NOTHING: Final[dict[str, Any]] = {"system_prompt": None, "examples": None, "parameters": {}}


@command(
    group,
    "publish",
    "gero model publish Triage --prompt-file prompt.txt --note 'Names the teams'",
    "gero model publish Triage --base openai/gpt-4.1-mini --no-deploy",
    "gero model publish Triage --examples 20 --examples-from 'Support triage' --seed 1",
)
def publish(
    session: Session,
    model: Model = None,
    no_prompt: Annotated[bool, typer.Option("--no-prompt", help="Take the system prompt away.")] = False,
    no_examples: Annotated[bool, typer.Option("--no-examples", help="Take the examples away.")] = False,
    no_params: Annotated[bool, typer.Option("--no-params", help="Take the parameters away.")] = False,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="What is new in it.")] = None,
    deploy: Annotated[
        bool | None,
        typer.Option("--deploy/--no-deploy", help="Let it answer; else as --auto-update of the model says."),
    ] = None,
    **options: Unpack[RecipeOptions],
) -> None:
    """Publish a version: what is given is new, all else is as in the latest one. Its parameters are given whole."""
    fields = recipe_fields(session, options)
    for name, taken in zip(_NOTHING, (no_prompt, no_examples, no_params), strict=True):
        if taken and name in fields:
            raise Failure(f"{name.replace('_', ' ')}: give it or take it away, not both", USAGE)
        if taken:
            fields[name] = _NOTHING[name]
    if not fields:
        raise Failure("say what is new in it, such as --prompt; `gero model publish --help` lists it", USAGE)
    fields |= {name: value for name, value in (("note", note), ("deploy", deploy)) if value is not None}
    model_id = session.model_id(model)
    published = session.api.post(f"/api/models/{model_id}/versions", fields)
    deployed = "and it answers" if published["deployed"] else "which does not answer yet"
    session.answer(published, lambda: f"Published version {published['number']}, {deployed}")
    if not published["deployed"]:
        session.note(f"Let it answer with: gero model deploy {model_id} --version {published['number']}")


@command(group, "versions", "gero model versions Triage", "gero model versions Triage --limit 5")
def versions(
    session: Session,
    model: Model = None,
    limit: Annotated[int, typer.Option(min=1, max=_PAGE, help="How many at most.")] = 20,
    offset: Annotated[int, typer.Option(min=0, help="How many to skip.")] = 0,
) -> None:
    """List the versions of a model, the newest first."""
    found = session.api.get(f"/api/models/{session.model_id(model)}/versions", limit=limit, offset=offset)
    session.answer(found, lambda: render.model_version_table(found["versions"]))


@command(group, "deploy", "gero model deploy Triage", "gero model deploy Triage --version 2")
def deploy(
    session: Session,
    model: Model = None,
    version: Annotated[int | None, typer.Option(min=1, metavar="N", help="Which one; the latest by default.")] = None,
) -> None:
    """Let a version answer, also to go back to an earlier one."""
    body = {} if version is None else {"version": version}
    found = session.api.post(f"/api/models/{session.model_id(model)}/deploy", body, repeatable=version is not None)
    session.answer(found, lambda: f"Version {found['deployed_version']} of {found['name']} answers")


@command(group, "undeploy", "gero model undeploy Triage")
def undeploy(session: Session, model: Model = None) -> None:
    """Let no version answer; leaderboards in production keep what they evaluated."""
    found = session.api.post(f"/api/models/{session.model_id(model)}/undeploy", repeatable=True)
    session.answer(found, lambda: f"No version of {found['name']} answers, within five seconds")


@command(
    group,
    "infer",
    'gero model infer "My parcel is late" -m Triage',
    "cat mail.txt | gero model infer -m Triage",
)
def infer(session: Session, text: Text = None, model: ModelOption = None, **options: Unpack[AskOptions]) -> None:
    """Ask the deployed version of a model; only its output goes to stdout."""
    body = question(text, options)
    stream = streams(session, options, body)
    ask(session, inference_address.of_model(session, model, stream=stream), body, stream=stream)
