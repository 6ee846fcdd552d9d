"""`gero candidate test`: one call of a model, before it is added or when it makes trouble."""

from typing import Annotated, Any, Unpack

import typer

from gero.cli import lookup, render
from gero.cli.command import LeaderboardOption, command, new_group
from gero.cli.endpoint_options import CandidateOptions, candidate_fields, describes_candidate
from gero.cli.failure import FAILED, USAGE, Failure
from gero.cli.render import formats
from gero.cli.session import Session

group = new_group()

Input = Annotated[
    str | None,
    typer.Option("--input", metavar="TEXT", help="What is asked in the test; a row of the dataset by default."),
]


@command(
    group,
    "test",
    'gero candidate test --model openai/gpt-4o-mini -l "Support triage"',
    "gero candidate test --endpoint URL --model big-1 --auth-token-stdin --input 'My parcel is late' < key.txt",
    "gero candidate test small-1",
)
def ask_once(
    session: Session,
    candidate: Annotated[
        str | None,
        typer.Argument(metavar="CANDIDATE", help="Name or id of one that is there; else say where it answers."),
    ] = None,
    leaderboard: LeaderboardOption = None,
    text: Input = None,
    **options: Unpack[CandidateOptions],
) -> None:
    """Ask a model once with the leaderboard's prompt and show its answer, latency and cost; nothing is added."""
    if candidate is not None and describes_candidate(options):
        raise Failure("give either a CANDIDATE that is there, or options that say where a new one answers", USAGE)
    fields = asked(session, candidate_fields(options)) if candidate is None else {}
    leaderboard_id = session.leaderboard_id(leaderboard)
    path = f"/api/leaderboards/{leaderboard_id}/models"
    if candidate is not None:
        path += f"/{lookup.candidate(session.api, leaderboard_id, candidate)['id']}"
    tested = trial_of(session, path, fields, text)
    if not tested["ok"]:
        raise failed_trial(session, tested)
    session.answer(tested, lambda: render.trial_card(tested))


def asked(session: Session, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a candidate with the id of the Dr.Gero model in the place of its name."""
    reference = fields.get("drgero_model_id")
    return fields | ({"drgero_model_id": lookup.model_id(session.api, reference)} if reference else {})


def trial_of(session: Session, path: str, fields: dict[str, Any], text: str | None) -> dict[str, Any]:
    """What one call of the model gave, whether it answered or not."""
    body = fields | ({} if text is None else {"input": text})
    return session.api.post(f"{path}/test", body, patient=True)


def failed_trial(session: Session, tested: dict[str, Any], consequence: str | None = None) -> Failure:
    """The failure to raise: the endpoint's own message and what to do; with --json the whole test is printed."""
    if session.as_json:
        session.answer({"test": tested} if consequence else tested, str)
    error = str(tested.get("error") or "no reason was given").rstrip(".")
    facts = [("try", tested.get("hint")), ("asked", tested.get("input"))]
    lines = [f"{name}: {formats.one_line(value)}" for name, value in facts if value]
    return Failure(f"the model did not answer{f' and {consequence}' if consequence else ''}: {error}", FAILED, lines)
