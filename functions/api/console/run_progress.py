"""What a run's page tells of it: the run as the API shows it and, until it is completed, how far each model is."""

from typing import Any, NamedTuple

from functions.api import run_views
from functions.api.console.production_words import ACTIONS, ENDS
from functions.api.run_views import RunView
from gero import evaluation, ranking, runs
from gero.kit import NotFound, clock, money
from gero.ranking import Contender
from gero.runs import Run

STATES = {
    "waiting": ("Waiting", "calm"),
    "asked": ("Under way", "busy"),
    "done": ("All rows", "good"),
    "dropped": ("Dropped", "calm"),
    "given_up": ("Given up", "bad"),
}
_MANY_BATCHES = 400  # so many are read to show how far a round is: then more seldom


class Line(NamedTuple):
    """A model of the run. `state` and `tone` as a badge shows them."""

    contender: Contender
    state: str
    tone: str
    cost_usd: float


def told(found: Run) -> dict[str, Any]:
    """For templates: `run`, `address`, `models` (of a run that is not completed), `round`, `every` (seconds until it is
    worth looking again), `remaining` (seconds, None where nobody can tell), `saved` (calls), `spared` (dollars that
    reused answers did not cost again), `dropped` (by a race, by the model's id), `decisions` and `ends` (in words).
    """
    view = run_views.run(found)
    lines, number, batches = ([], 0, 0) if found.status == "completed" else _models(found)
    return {
        "run": view,
        "address": f"/leaderboards/{found.leaderboard_id}/runs/{found.id}",
        "models": lines,
        "round": number,
        "every": _every(found, batches),
        "remaining": _remaining(found, view),
        "saved": calls_saved(view),
        "spared": sum(one.cost_usd - one.paid_usd for one in view.ranking or () if one.paid_usd is not None),
        "dropped": {one.model_id: one for one in view.race.dropped} if view.race else {},
        "decisions": ACTIONS,
        "ends": ENDS,
    }


def calls_saved(view: RunView) -> int | None:
    """Calls that were not made: answers of earlier runs, and rows that a race did not need. None: nobody counted."""
    raced = view.race.calls_saved if view.race else None
    known = [number for number in (view.reused_answers, raced) if number is not None]
    return sum(known) if known else None


def _models(found: Run) -> tuple[list[Line], int, int]:
    try:
        plan = evaluation.plan.load(found.workspace_id, found.leaderboard_id, found.id)
    except NotFound:  # not planned yet, or it failed before it was
        names = [(one["id"], one["name"]) for one in runs.configuration(found)["models"]]
        return [_line(found, Contender(*name)) for name in names], 0, 0
    standing = ranking.interim_standing(plan, found)
    return [_line(found, one) for one in standing.contenders], standing.round, standing.batches


def _line(found: Run, one: Contender) -> Line:
    state, tone = STATES[one.state]
    if one.state == "dropped":
        state = f"Dropped in round {one.dropped_in}"
    elif one.state == "asked" and found.status != "running":
        state, tone = ("Halted" if found.active else "Not finished"), "calm"
    elif one.state == "waiting" and not found.active:
        state = "Not asked"
    return Line(one, state, tone, money.to_usd(one.cost_nanos))


def _every(found: Run, batches: int) -> int:
    if found.status in ("paused", "reviewing"):
        return 5
    return 2 if batches < _MANY_BATCHES else 10


def _remaining(found: Run, view: RunView) -> float | None:
    """By how fast it was until now; of a run that stood still in between nobody knows."""
    done, total = view.progress.cells_done, view.progress.cells_total
    if found.status != "running" or found.epoch or not found.started_at or not done:
        return None
    passed = (clock.now() - clock.parse(found.started_at)).total_seconds()
    return passed / done * (total - done) if done < total else None
