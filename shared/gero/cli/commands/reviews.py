"""`gero review`: say which of two answers is better, without knowing whose they are."""

import sys
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from gero.cli import render
from gero.cli.command import Leaderboard, LeaderboardOption, Yes, command, failures_reported
from gero.cli.failure import FAILED, USAGE, Failure
from gero.cli.render.formats import plain
from gero.cli.session import Session

Reviewer = Annotated[
    str | None,
    typer.Option(envvar="GERO_REVIEWER", metavar="NAME", help="Who reviews, where several people share a token."),
]
Item = Annotated[str, typer.Argument(metavar="ITEM", help="The item's id, as `gero review next` shows it.")]
_VERDICTS: Final = {"a": "a", "b": "b", "t": "tie", "s": "skip"}
_RATINGS: Final = {str(number): (number - 1) / 4 for number in range(1, 6)}

group = typer.Typer(help="Review answers of models side by side, without knowing whose they are.")


@group.callback(invoke_without_command=True)
def loop(context: typer.Context, leaderboard: LeaderboardOption = None, reviewer: Reviewer = None) -> None:
    """Review one item after the other with single keys, until nothing is left.

    Keys: a or b is better, t tie, s skip, u undo, q quit; where answers are rated 1 (bad) to 5 (good).

    With a token that may do nothing but review, name the leaderboard by its id.
    """
    if context.invoked_subcommand:
        with failures_reported():
            _refuse_misplaced(context)
        return
    known = context.obj or {}
    with failures_reported():
        session = Session(known.get("api_url"), known.get("token"))
        _Loop(session, session.leaderboard_id(leaderboard), reviewer).run()


def _refuse_misplaced(context: typer.Context) -> None:
    """What stands before the name of a command is not the command's: it must not be lost without a word."""
    for name in ("leaderboard", "reviewer"):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise Failure(f"--{name}: give it after the command: gero review {context.invoked_subcommand} …", USAGE)


@command(group, "next", "gero review next", 'gero review next "Support triage" --reviewer ann --json | jq .item')
def next_item(session: Session, leaderboard: Leaderboard = None, reviewer: Reviewer = None) -> None:
    """Show the item you hold, or reserve the next one for ten minutes."""
    found = session.api.get(f"{_path(session, leaderboard)}/next", reviewer=reviewer)
    session.answer(found, lambda: render.review_item(found["item"]) if found["item"] else str(found["why"]))


@command(
    group,
    "vote",
    "gero review vote 5f0c6a2b9d3e4811 a",
    'gero review vote 5f0c6a2b9d3e4811 tie -l "Support triage" --comment "both are wrong"',
    "gero review vote 5f0c6a2b9d3e4811 0.75",
)
def vote(
    session: Session,
    item: Item,
    verdict: Annotated[str, typer.Argument(metavar="a|b|tie|0..1", help="Who is better; or a rating from 0 to 1.")],
    leaderboard: LeaderboardOption = None,
    reviewer: Reviewer = None,
    comment: Annotated[str | None, typer.Option(help="Why; for those who read the review.")] = None,
) -> None:
    """Say your verdict on an item you hold; another one within ten minutes replaces it."""
    opinion = _opinion(verdict) | ({"comment": comment} if comment else {})
    noted = _post(session, _path(session, leaderboard), item, opinion, reviewer)
    session.answer(noted, lambda: f"Noted; {render.review_progress(noted)}")


@command(group, "skip", "gero review skip 5f0c6a2b9d3e4811")
def skip(session: Session, item: Item, leaderboard: LeaderboardOption = None, reviewer: Reviewer = None) -> None:
    """Leave an item to others."""
    noted = _post(session, _path(session, leaderboard), item, {"verdict": "skip"}, reviewer)
    session.answer(noted, lambda: f"Skipped; {render.review_progress(noted)}")


@command(group, "undo", "gero review undo 5f0c6a2b9d3e4811")
def undo(session: Session, item: Item, leaderboard: LeaderboardOption = None, reviewer: Reviewer = None) -> None:
    """Take your verdict or skip back; the item is yours again for ten minutes."""
    session.api.delete(f"{_path(session, leaderboard)}/{quote(item, safe='')}{_query(reviewer)}")
    session.answer({"item_id": item, "undone": True}, lambda: "Taken back: gero review next shows it again")


@command(group, "status", "gero review status", 'gero review status "Support triage" --json | jq .agreement')
def status(session: Session, leaderboard: Leaderboard = None) -> None:
    """Show how far the review is, how its reviewers agree, and where the models stand."""
    leaderboard_id = session.leaderboard_id(leaderboard)
    found = session.api.get(f"/api/leaderboards/{leaderboard_id}/reviews")
    names: dict[str, str] = {}
    if not session.as_json:
        models = session.api.get(f"/api/leaderboards/{leaderboard_id}/models")["models"]
        names = {model["id"]: model["name"] for model in models}
    session.answer(found, lambda: render.review_report(found, names))


@command(group, "close", "gero review close", 'gero review close "Support triage" --yes')
def close(session: Session, leaderboard: Leaderboard = None, yes: Yes = False) -> None:
    """End the review by what was said so far; a run that waits for it goes on."""
    path = _path(session, leaderboard)
    session.confirm("Close the review? Nobody can vote in it after that.", yes=yes)
    closed = session.api.post(f"{path}/close", repeatable=True)
    # A token that may not read leaderboards is not told the votes.
    told = f" with {closed['votes']:,} votes" if "votes" in closed else f"; {render.review_progress(closed)}"
    session.answer(closed, lambda: f"Closed the review{told}")


class _Loop:
    """Reviewing with single keys; at a pipe every character of it is a key."""

    def __init__(self, session: Session, leaderboard_id: str, reviewer: str | None) -> None:
        self._session, self._reviewer = session, reviewer
        self._path = f"/api/leaderboards/{leaderboard_id}/reviews"
        self._done: list[str] = []

    def run(self) -> None:
        """Until nothing is left, or the reviewer quits."""
        while True:
            found = self._session.api.get(f"{self._path}/next", reviewer=self._reviewer)
            if found["item"] is None:
                self._session.stdout.print(found["why"], markup=False)
                return
            self._session.stdout.print(render.review_item(found["item"]))
            try:
                if not self._act(found["item"]):
                    return
            except Failure as failure:  # such as that the item is not theirs any more; the next one may be
                if failure.exit_code != FAILED:
                    raise
                self._session.note(plain(failure.message))

    def _act(self, item: dict[str, Any]) -> bool:
        """Do what a key says; False to quit."""
        rated = item["mode"] == "rating"
        while True:
            key = _key()
            if key == "q":
                return False
            if key == "u" and self._undo():
                return True
            opinion: dict[str, Any] | None = {"rating": _RATINGS[key]} if rated and key in _RATINGS else None
            if key in _VERDICTS and (not rated or key == "s"):
                opinion = {"verdict": _VERDICTS[key]}
            if opinion:
                noted = _post(self._session, self._path, item["item_id"], opinion, self._reviewer)
                self._done.append(item["item_id"])
                self._session.note(f"{_spoken(opinion)}; {render.review_progress(noted)}")
                return True
            self._session.note(render.review_keys(item))

    def _undo(self) -> bool:
        if not self._done:
            self._session.note("nothing to undo")
            return False
        self._session.api.delete(f"{self._path}/{self._done[-1]}{_query(self._reviewer)}")
        self._done.pop()
        self._session.note("taken back")
        return True


def _key() -> str:
    """The next key that is not blank; q at the end of a pipe."""
    if sys.stdin.isatty():
        import click

        return str(click.getchar()).lower()
    while character := sys.stdin.read(1):
        if character.strip():
            return character.lower()
    return "q"


def _spoken(opinion: dict[str, Any]) -> str:
    if "rating" in opinion:
        return f"rated {opinion['rating']:g}"
    return "skipped" if opinion["verdict"] == "skip" else f"voted {opinion['verdict']}"


def _opinion(verdict: str) -> dict[str, Any]:
    if verdict.lower() in ("a", "b", "tie"):
        return {"verdict": verdict.lower()}
    try:
        return {"rating": float(verdict)}
    except ValueError as error:
        raise Failure("the verdict is a, b or tie, or a rating from 0 to 1", USAGE) from error


def _post(session: Session, path: str, item: str, opinion: dict[str, Any], reviewer: str | None) -> dict[str, Any]:
    named = {"reviewer": reviewer} if reviewer else {}
    return session.api.post(f"{path}/{quote(item, safe='')}", opinion | named, repeatable=True)


def _query(reviewer: str | None) -> str:
    return f"?reviewer={quote(reviewer, safe='')}" if reviewer else ""


def _path(session: Session, leaderboard: str | None) -> str:
    return f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/reviews"
