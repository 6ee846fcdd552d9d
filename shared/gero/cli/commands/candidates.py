"""`gero candidate`: the models that compete on a leaderboard."""

from typing import Annotated, Unpack

import typer

from gero.cli import lookup, render
from gero.cli.command import Leaderboard, LeaderboardOption, command, new_group
from gero.cli.commands.candidate_tests import Input, asked, failed_trial, trial_of
from gero.cli.endpoint_options import CandidateOptions, candidate_fields
from gero.cli.failure import USAGE, Failure
from gero.cli.session import Session

group = new_group("Add, test and remove the models that compete on a leaderboard.")

Candidate = Annotated[str, typer.Argument(metavar="CANDIDATE", help="Name or id.")]


@command(
    group,
    "add",
    'gero candidate add "Support triage" --model openai/gpt-4o-mini --test',
    "gero candidate add --model meta-llama/llama-3.3-70b-instruct --provider deepinfra/fp8 --param temperature=0",
    'gero candidate add "Support triage" --endpoint https://api.example.com/v1/chat/completions --model small-1',
    "gero candidate add --endpoint URL --model big-1 --auth-token-stdin --price-in 0.15 --price-out 0.6 < key.txt",
    "gero candidate add --endpoint https://NAME.eu-west-1.aws.endpoints.huggingface.cloud --name mistral",
    'gero candidate add --drgero "Triage model"',
)
def add(
    session: Session,
    leaderboard: Leaderboard = None,
    test: Annotated[bool, typer.Option("--test", help="Ask it once, and add it only when it answers.")] = False,
    text: Input = None,
    **options: Unpack[CandidateOptions],
) -> None:
    """Add a candidate to a leaderboard: of OpenRouter, of Hugging Face, of the Models area, or any other endpoint."""
    if text is not None and not test:
        raise Failure("--input is what --test asks: give both", USAGE)
    fields = asked(session, candidate_fields(options))
    path = f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/models"
    tested = trial_of(session, path, fields, text) if test else None
    if tested and not tested["ok"]:
        raise failed_trial(session, tested, "was not added")
    added = session.api.post(path, fields)
    answer = added | ({"test": tested} if tested else {})
    session.answer(answer, lambda: f"Added candidate {added['name']} ({added['id']})")
    if tested:
        session.note(f"It answered in the test: {render.trial_in_words(tested)}")


@command(group, "list", 'gero candidate list "Support triage"')
def list_candidates(session: Session, leaderboard: Leaderboard = None) -> None:
    """List the candidates of a leaderboard."""
    found = session.api.get(f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/models")
    session.answer(found, lambda: render.candidate_table(found["models"]))


@command(group, "show", 'gero candidate show small-1 -l "Support triage"')
def show(session: Session, candidate: Candidate, leaderboard: LeaderboardOption = None) -> None:
    """Show everything about a candidate but its token."""
    found = lookup.candidate(session.api, session.leaderboard_id(leaderboard), candidate)
    session.answer(found, lambda: render.candidate_card(found))


@command(group, "remove", 'gero candidate remove small-1 -l "Support triage"')
def remove(session: Session, candidate: Candidate, leaderboard: LeaderboardOption = None) -> None:
    """Remove a candidate from a leaderboard."""
    leaderboard_id = session.leaderboard_id(leaderboard)
    found = lookup.candidate(session.api, leaderboard_id, candidate)
    session.api.delete(f"/api/leaderboards/{leaderboard_id}/models/{found['id']}")
    session.answer({"id": found["id"], "removed": True}, lambda: f"Removed candidate {found['name']}")
