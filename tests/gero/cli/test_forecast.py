"""What a run will cost, runs that wait for a person, and what a ranking rests on."""

import json
from typing import Any

import pytest

from gero.cli.render import forecast_in_words, forecast_report, ranking_report, run_card
from gero.cli.render.ranking import PARETO_MARK
from tests.gero.cli import fake_objects
from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi
from tests.gero.cli.fake_forecasts import forecast
from tests.gero.cli.test_render import shown

MODELS = [{"id": "a", "name": "small-1"}, {"id": "b", "name": "big-1"}]


def test_a_forecast_is_a_table_with_a_sum_and_says_how_sure_it_is(gero: Gero, triage: Any, api: FakeApi) -> None:
    lines = [" ".join(line.split()) for line in gero.ok("forecast --rows 2000").splitlines()]
    assert "small-1 1,000 1,000 25,000 $0.1 $0.3 500 rows of its runs" in lines
    assert "big-1 2,000 0 50,000 $0.2 $0.6 length of texts" in lines
    assert "in all 3,000 1,000 75,000 $0.3 $0.9" in lines
    assert "2,000 rows of version 3 of the dataset" in lines
    assert "up to 3,000 calls (1,000 answers reused), about $0.3 (9 of 10 runs below $0.9), 1 min 15 s" in lines
    assert "A race asks less: it saves about 10% of the calls in a close field, 80% in a clear one" in lines
    assert "big-1: guessed from the length of texts" in lines
    assert api.runs == {}, "nothing was started"


def test_a_forecast_takes_the_options_of_a_run(gero: Gero, triage: Any, api: FakeApi) -> None:
    gero.ok("forecast --rows 20 --algorithm last_n --dataset-version 3 --fresh --max-cost 1.5")
    options = {"rows": 20, "algorithm": "LAST_N", "dataset_version": 3, "fresh": True, "max_cost_usd": 1.5}
    assert api.requests[-1][2] == options
    gero.ok("run --rows 20 --algorithm last_n --dataset-version 3 --fresh --max-cost 1.5")
    assert [request[2] for request in api.requests[-2:]] == [options, options]


def test_a_limit_that_may_be_reached_is_said_before(gero: Gero, triage: Any) -> None:
    assert "The run may pause: it may spend $0.001" in gero.ok("forecast --rows 100 --max-cost 0.001")
    assert "may pause" not in gero.ok("forecast --rows 100 --max-cost 9")


def test_verdicts_have_a_column_where_there_is_a_judge() -> None:
    found = forecast(MODELS, {"rows": 100})
    found |= {"judge": "acme/judge", "judge_calls": 220}
    found["models"][1] |= {"judge_calls": 110, "judge_cost_p50_usd": 0.5, "judge_cost_p90_usd": 0.7}
    text = shown(forecast_report(found), width=200)
    assert "100 rows of version 3 of the dataset, judged by acme/judge" in text
    assert "verdicts" in text
    assert "$0.51" in text, "the judge's cost is part of a model's"
    assert "220 verdicts" in forecast_in_words(found)


def test_the_table_of_a_forecast_fits_a_terminal_of_eighty_columns() -> None:
    found = forecast([{"id": "a", "name": "a model with a name that is far too long"}, MODELS[1]], {})
    assert max(map(len, shown(forecast_report(found), width=80).splitlines())) <= 80


def test_a_run_says_what_it_will_cost_before_it_starts(gero: Gero, triage: Any, api: FakeApi) -> None:
    result = gero("run --rows 100")
    assert result.stderr.startswith("Forecast: 150 calls (50 answers reused), about $0.015 (9 of 10 runs below $0.045)")
    assert result.stdout == f"Started run {next(iter(api.runs))}\n"


def test_a_forecast_that_fails_keeps_no_run_from_starting(gero: Gero, triage: Any, api: FakeApi) -> None:
    api.interruptions = []
    api.forecast_error = "the dataset cannot be used"
    result = gero("run")
    assert result.exit_code == 0
    assert "Forecast" not in result.stderr
    assert "the dataset cannot be used" in gero.refused("forecast")


def test_waiting_for_a_run_ends_when_it_pauses_and_says_how_it_goes_on(gero: Gero, triage: Any, api: FakeApi) -> None:
    api.run_waits = ("paused", "a higher limit")
    told = gero.refused("run --wait")
    run_id = next(iter(api.runs))
    assert "paused: 200 calls, 1 error, $0.002, a higher limit" in told
    assert "gero: the run is paused after $0.002" in told
    assert f"go on: gero runs resume {run_id} -l {triage['id']} --max-cost USD" in told
    assert gero.ok("runs resume --max-cost 5") == f"Run {run_id} goes on\n"
    assert api.requests[-1][2] == {"max_cost_usd": 5.0}
    assert "is not paused but" in gero.refused("runs resume --max-cost none")


def test_a_paused_run_is_json_for_scripts_and_a_failure_all_the_same(gero: Gero, triage: Any, api: FakeApi) -> None:
    api.run_waits = ("paused", "a higher limit")
    result = gero("run --wait --json")
    assert (result.exit_code, json.loads(result.stdout)["status"]) == (1, "paused")


def test_a_run_can_be_resumed_and_waited_for(gero: Gero, triage: Any, api: FakeApi) -> None:
    gero.ok("run --max-cost 0.01")
    assert "a higher limit" in gero.ok("runs show")
    assert "small-1 leads" in gero.ok("runs resume --max-cost none --wait")


def test_a_run_that_waits_for_people_is_no_failure(gero: Gero, triage: Any, api: FakeApi) -> None:
    api.run_waits = ("reviewing", "verdicts of people")
    result = gero("run --wait")
    assert result.exit_code == 0
    assert f"gero review -l {triage['id']}" in result.stderr
    assert "verdicts of people" in gero.ok("runs show")


@pytest.fixture
def run() -> dict[str, Any]:
    made = fake_objects.run("r", "l", MODELS)
    for _ in range(2):
        fake_objects.advance(made, 2, None)
    return made


def test_a_run_shows_its_race_and_what_it_saved(run: dict[str, Any]) -> None:
    dropped = [{"model_id": "b", "name": "big-1", "round": 3, "rows": 400, "why": "cannot win"}]
    run["race"] = {"end": "winner", "rounds": 7, "calls_planned": 4000, "calls_saved": 1500, "dropped": dropped}
    text = shown(run_card(run), width=200)
    assert "Race: one model is certainly the best after round 7, 1,500 of 4,000 calls saved (38%)" in text
    assert "big-1 was asked 400 rows: cannot win" in text


def test_a_run_shows_its_judge_card_what_it_cost_and_why_it_is_provisional(run: dict[str, Any]) -> None:
    card: dict[str, Any] = {"flip_rate": 0.05, "flip_low": 0.02, "flip_high": 0.11, "n_audits": 100, "n_unjudged": 3}
    card |= {"length_slope": 0.031, "length_slope_low": 0.01, "length_slope_high": 0.05}
    card |= {"agreement": {"kappa": 0.71, "n": 40}, "labels_needed": 60}
    run["judge"] = {"name": "acme/judge", "mode": "pointwise", "warnings": ["of the family of big-1"], "card": card}
    run |= {"provisional": "60 more verdicts are needed", "answers_cost_usd": 0.5, "judge_cost_usd": 0.25}
    run |= {"reused_answers": 1200, "human": {"votes": 40, "reviewed": 20}}
    text = shown(run_card(run), width=300)
    for told in (
        "Provisional: 60 more verdicts are needed",
        "Judge: acme/judge, pointwise, another verdict on 5% (2%–11%) of 100 audits, longer answers score +0.031",
        "for each 1,000 characters (+0.01 to +0.05)",
        "no verdict on 3 answers, agreement with people κ 0.71 on 40 verdicts, 60 more verdicts of people needed",
        "Warning: of the family of big-1",
        "$0.5 for answers, $0.25 for the judge",
        "1,200 answers of earlier runs reused",
        "People: 40 verdicts on 20 items",
    ):
        assert told in text


def test_the_pareto_front_is_marked_where_it_tells_anything(run: dict[str, Any]) -> None:
    ranking = fake_objects.ranking(run)
    ranking["entries"][0]["pareto"] = True
    ranking["entries"][1]["pareto"] = False
    text = shown(ranking_report(ranking), width=200)
    assert f"small-1 {PARETO_MARK}" in text
    assert f"big-1 {PARETO_MARK}" not in text
    assert "no other model is as good, as cheap and as fast" in text
    ranking["entries"][1]["pareto"] = True
    assert PARETO_MARK not in shown(ranking_report(ranking), width=200)


def test_a_run_that_told_nothing_of_it_shows_nothing_of_it(run: dict[str, Any]) -> None:
    text = shown(run_card(run), width=200)
    for word in ("Race", "Judge", "Provisional", "People", "reused", "limit", "waits", PARETO_MARK):
        assert word not in text


def test_a_limit_of_nothing_is_no_limit_that_is_left_out(gero: Gero, triage: Any, api: FakeApi) -> None:
    gero("run --max-cost 0")
    assert api.requests[-1][2] == {"max_cost_usd": 0.0}, "the API refuses it by its name"
