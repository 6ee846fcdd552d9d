"""`gero endpoint`: where a leaderboard answers, for programs that speak OpenAI's API."""

from typing import Annotated, Any

import typer

from gero.cli import inference_address
from gero.cli.command import Leaderboard, command, new_group
from gero.cli.failure import Failure
from gero.cli.render.samples import Language, endpoint_in_words, sample
from gero.cli.root import PRODUCTION
from gero.cli.session import Session

group = new_group()


@command(
    group,
    "endpoint",
    'gero endpoint "Support triage"',
    "gero endpoint --sample python > ask.py",
    "gero endpoint --json | jq -r .base_url",
    panel=PRODUCTION,
)
def endpoint(
    session: Session,
    leaderboard: Leaderboard = None,
    language: Annotated[
        Language | None, typer.Option("--sample", help="Print only the program that asks it in this language.")
    ] = None,
) -> None:
    """Show the base address and the model name for OpenAI's clients, and programs to copy."""
    found = session.leaderboard(leaderboard)
    base_url = f"{inference_address.origin(inference_address.direct(session, found))}/v1"
    model, warning = _model(session, base_url, found)
    samples = {one: sample(one, base_url, model) for one in ("curl", "python", "javascript")}
    answer = {"base_url": base_url, "model": model, "leaderboard_id": found["id"], "samples": samples}
    if language is not None:
        session.answer(answer, lambda: samples[language])
    else:
        session.answer(answer, lambda: endpoint_in_words(answer, found))
    if warning:
        session.note(warning)


def _model(session: Session, base_url: str, found: dict[str, Any]) -> tuple[str, str | None]:
    """What to give as `model`: the name where it is the only one called so, else the id; and what is amiss."""
    try:
        listed = session.api.read(f"{base_url}/models")["data"]
    except Failure as failure:
        return str(found["id"]), failure.message
    own = next((str(one["id"]) for one in listed if one.get("gero_id") == found["id"]), None)
    return (own, None) if own else (str(found["id"]), "No model serves it yet: complete a run first, with gero run")
