"""What the API shows of a ranking and of what it rests on. Old runs lack what later ones tell: then it is null."""

from typing import Any

from pydantic import BaseModel

from gero.kit import money
from gero.leaderboards import ModelSelection, Production


class EntryView(BaseModel):
    """A row of a ranking. `pareto`: no other model is at least as good, as cheap and as fast."""

    model_id: str
    name: str
    rank: int
    rank_low: int
    rank_high: int
    rank_label: str
    score: float | None
    score_low: float | None
    score_high: float | None
    rows: int
    errors: int
    unscored: int
    not_asked: int
    reused: int | None
    cost_usd: float
    paid_usd: float | None
    judge_cost_usd: float | None
    cost_per_1000_usd: float
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    tokens_in: int
    tokens_out: int
    pareto: bool | None
    first_error: str | None


class DroppedView(BaseModel):
    """A model that was asked no more after a round, as it could not win."""

    model_id: str
    name: str
    round: int
    rows: int
    why: str | None


class RaceView(BaseModel):
    """How a race went. `end`: winner, tie or undecided; null while it goes on."""

    end: str | None
    rounds: int | None
    calls_planned: int | None
    calls_saved: int | None
    leader_id: str | None
    tied_ids: list[str]
    dropped: list[DroppedView]


class JudgeView(BaseModel):
    """Who judged, and its judge card: what is known of how far it can be trusted."""

    name: str | None
    identity: str | None
    mode: str | None
    warnings: list[str]
    card: dict[str, Any]


class ResultView(BaseModel):
    """What a ranking rests on. `provisional` says why it cannot be trusted yet; null when it can. `human` is what
    people's verdicts were, where they ranked. `answers_cost_usd` and `judge_cost_usd` are what the run paid for either;
    `reused_answers` were paid for before.
    """

    race: RaceView | None
    judge: JudgeView | None
    human: dict[str, Any] | None
    provisional: str | None
    answers_cost_usd: float | None
    judge_cost_usd: float | None
    reused_answers: int | None


class RankingView(ResultView):
    """The ranking of the latest completed run."""

    leaderboard_id: str
    run_id: str
    finished_at: str | None
    rows: int
    summary: str
    model_selection: ModelSelection
    production: Production | None
    entries: list[EntryView]
    gaps: list[dict[str, Any]]


def results(document: dict[str, Any]) -> dict[str, Any]:
    """The fields of `ResultView`, as a stored ranking has them."""
    race, judge = document.get("race"), document.get("judge")
    return {
        "race": _race(race, document) if race else None,
        "judge": _judge(judge) if judge else None,
        "human": document.get("human"),
        "provisional": document.get("provisional"),
        "answers_cost_usd": usd(document.get("paid_nanos")),
        "judge_cost_usd": usd(document.get("judge_nanos")),
        "reused_answers": document.get("n_reused"),
    }


def entries(document: dict[str, Any]) -> list[EntryView]:
    """The rows of a stored ranking."""
    return [_entry(entry, document.get("first_errors", {})) for entry in document["entries"]]


def usd(nanos: int | None) -> float | None:
    """Nano-dollars as dollars, where there is an amount."""
    return None if nanos is None else money.to_usd(nanos)


def _entry(entry: dict[str, Any], first_errors: dict[str, str]) -> EntryView:
    low, high = entry["rank_low"], entry["rank_high"]
    copied = {name: entry[name] for name in EntryView.model_fields if name in entry}
    return EntryView(
        **{"pareto": None, **copied},
        model_id=entry["candidate_id"],
        rank_label=str(low) if low == high else f"{low}-{high}",
        rows=entry["n_scored"],
        errors=entry["n_errors"],
        unscored=entry["n_rows"] - entry["n_scored"],
        not_asked=entry.get("n_not_asked", 0),
        reused=entry.get("n_reused"),
        cost_usd=money.to_usd(entry["cost_nanos"]),
        paid_usd=usd(entry.get("paid_nanos")),
        judge_cost_usd=usd(entry.get("judge_nanos")),
        cost_per_1000_usd=money.to_usd(entry["cost_nanos_per_1000_rows"]),
        first_error=first_errors.get(entry["candidate_id"]),
    )


def _race(race: dict[str, Any], document: dict[str, Any]) -> RaceView:
    names = {entry["candidate_id"]: entry["name"] for entry in document.get("entries", [])}
    dropped = [
        DroppedView(model_id=key, name=names.get(key, key), round=one["round"], rows=one["rows"], why=one.get("why"))
        for key, one in race.get("dropped", {}).items()
    ]
    dropped.sort(key=lambda one: (-one.round, one.name))
    numbers = {name: race.get(name) for name in ("end", "rounds", "calls_planned", "calls_saved")}
    return RaceView(**numbers, leader_id=race.get("leader"), tied_ids=race.get("tied") or [], dropped=dropped)


def _judge(judge: dict[str, Any]) -> JudgeView:
    about = {name: judge.get(name) for name in ("name", "identity", "mode")}
    known = {*about, "warnings", "card"}
    card = {name: value for name, value in judge.items() if name not in known} | (judge.get("card") or {})
    return JudgeView(**about, warnings=judge.get("warnings") or [], card=card)
