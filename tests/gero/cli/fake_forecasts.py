"""The API in memory: what runs will cost, and runs that have spent what they may."""

from typing import Any

from tests.gero.cli.fake_routes import Answer, Refused, found, route

_CENTS = 0.01
PAUSED_AT_ONCE = 0.01


def forecast(models: list[dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
    """A model costs a cent for a hundred rows, three if it goes badly; the first was asked half of them before."""
    rows = body.get("rows") or 2000
    shown = []
    for number, model in enumerate(models):
        reused = rows // 2 if not number and not body.get("fresh") else 0
        calls = rows - reused
        cost = calls / 100 * _CENTS
        shown.append(
            {
                "model_id": model["id"],
                "name": model["name"],
                "calls": calls,
                "reused_answers": reused,
                "judge_calls": 0,
                "tokens_in": 20 * calls,
                "tokens_out": 5 * calls,
                "cost_p50_usd": cost,
                "cost_p90_usd": 3 * cost,
                "judge_cost_p50_usd": 0.0,
                "judge_cost_p90_usd": 0.0,
                "basis": "rows" if number else "runs",
                "measured_rows": 0 if number else 500,
                "has_price": True,
            }
        )
    sums = {name: sum(one[name] for one in shown) for name in shown[0] if isinstance(shown[0][name], int | float)}
    limit = body.get("max_cost_usd")
    return {
        "rows": rows,
        "rows_from": "version 3 of the dataset",
        "rows_estimated": False,
        "dataset_version": 3,
        **{name: sums[name] for name in ("calls", "reused_answers", "judge_calls", "tokens_in", "tokens_out")},
        "cost_p50_usd": sums["cost_p50_usd"],
        "cost_p90_usd": sums["cost_p90_usd"],
        "minutes_p50": 1.25,
        "minutes_p90": 3.75,
        "judge": None,
        "raced": rows > 1000,
        "saving": {"close": 0.1, "clear": 0.8} if rows > 1000 else None,
        "max_cost_usd": limit,
        "may_pause": limit is not None and sums["cost_p90_usd"] > limit,
        "models": shown,
        "notes": ["big-1: guessed from the length of texts"],
    }


JUDGE_CARD = {
    "run_id": "r",
    "name": "acme/judge",
    "mode": "pointwise",
    "why": "the first of the preferred judges",
    "warnings": ["it is of the family of small-1"],
    "n_audits": 40,
    "flip_rate": 0.05,
    "flip_low": 0.01,
    "flip_high": 0.17,
    "length_slope": 0.012,
    "n_unjudged": 2,
    "agreement": {"kappa": 0.71, "low": 0.6, "high": 0.82, "observed": 0.85, "n": 60},
    "labels_needed": 40,
    "provisional": "The judge was compared with people on 60 of the 100 verdicts that it takes.",
    "comparisons": [
        {
            "first": "small-1",
            "second": "large-1",
            "judge_only": 0.04,
            "human_only": -0.02,
            "difference": 0.01,
            "low": -0.03,
            "high": 0.05,
            "n_labels": 60,
            "few": False,
        }
    ],
}


class ForecastRoutes:
    runs: dict[str, dict[str, Any]]
    models: dict[str, dict[str, dict[str, Any]]]

    def __init__(self) -> None:
        super().__init__()
        self.forecast_error: str | None = None

    @route("POST", "/api/leaderboards/{board}/forecast")
    def forecast_run(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        if self.forecast_error:
            raise Refused(409, self.forecast_error)
        if len(self.models[board]) < 2:
            raise Refused(409, "a run compares at least 2 models: add models first")
        return 200, forecast(list(self.models[board].values()), body)

    @route("POST", "/api/leaderboards/{board}/runs/{run}/resume")
    def resume_run(self, query: Any, body: dict[str, Any], board: str, run: str) -> Answer:
        resumed = found(self.runs, run, "run")
        if resumed["status"] != "paused":
            raise Refused(409, f"this run is not paused but {resumed['status']}")
        resumed.update(status="running", waits_for=None, max_cost_usd=body["max_cost_usd"])
        return 200, resumed

    @route("GET", "/api/leaderboards/{board}/judge")
    def judge_card(self, query: Any, body: Any, board: str) -> Answer:
        return 200, JUDGE_CARD
