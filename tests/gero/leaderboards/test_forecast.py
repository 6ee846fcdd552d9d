"""What a forecast says before a run, and how it compares with what the run then cost."""

import os
from statistics import fmean
from typing import Any, cast

import pytest

from gero import datasets, leaderboards, ranking, runs
from gero.datasets import Row
from gero.evaluation import BatchStatistics, Finished, pack_scores
from gero.kit import Conflict, Invalid, workflows
from gero.leaderboards import Leaderboard, forecast
from gero.leaderboards.forecast import Forecast
from gero.leaderboards.forecast_costs import Z90
from gero.runs import Run
from gero.traces import SCORE_SCALE
from infra.local.stand_ins.openrouter import OpenRouter
from tests.gero.leaderboards.boards import add, board, push
from tests.gero.plans import job_of, some_rows
from tests.hub_server import hub_with

pytestmark = pytest.mark.usefixtures("cloud")
PRICES = {"input_cost_per_million_usd": 1, "output_cost_per_million_usd": 10}


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflows, "succeed_task", lambda _: None)


def ready(rows: int = 200, **fields: Any) -> Leaderboard:
    made = board(**fields)
    add(made, "a", **PRICES)
    add(made, "b", **PRICES)
    push(made, some_rows(rows))
    return made


def of(made: Leaderboard, **options: Any) -> Forecast:
    return forecast.forecast(leaderboards.get("w", made.id), cast(runs.Options, options))


def ran(made: Leaderboard, costs: dict[str, list[int]], **options: Any) -> Run:
    """A completed run whose candidates had these costs, row by row, and 20 tokens in and 5 out."""
    run = leaderboards.start_run(leaderboards.get("w", made.id), "manual", **options)
    plan = leaderboards.plan_run(made, run)
    for number in range(1, plan.rounds + 1):
        runs.rounds.dispatch(plan, number, "token", os.environ["GERO_EVALUATION_QUEUE_URL"])
        for block in plan.blocks_of_round(number):
            start = sum(plan.block_rows[:block])
            for one in plan.candidates:
                own = costs[one.name][start : start + plan.block_rows[block]]
                found = batch(one.id, number, block, own)
                runs.rounds.take(job_of(plan, block, one.id, number), Finished("key", len(own), found, None))
        standing = ranking.rank_round(plan, number)
    assert runs.finish(run, "completed", ranking=standing.document())
    return runs.get("w", made.id, run.id)


def batch(candidate_id: str, number: int, block: int, costs: list[int]) -> BatchStatistics:
    rows = len(costs)
    return BatchStatistics(
        candidate_id,
        number,
        block,
        rows,
        pack_scores([SCORE_SCALE] * rows),
        cost_nanos=sum(costs),
        cost_nanos_squared=sum(cost * cost for cost in costs),
        paid_nanos=sum(costs),
        tokens_in=20 * rows,
        tokens_out=5 * rows,
        latency={300: rows},
    )


def test_without_a_run_costs_are_those_of_the_texts() -> None:
    made = ready(100)
    found = of(made)
    assert (found.rows, found.sample.rows_read, found.raced) == (100, 100, False)
    one = found.models[0]
    assert (one.calls, one.reused, one.judge_calls, one.basis, one.has_price) == (100, 0, 0, "rows", True)
    bytes_read = len("Say {input}") + fmean(len(f"input {n}") for n in range(100))
    assert one.tokens_in == round(100 * bytes_read / 4)
    assert one.tokens_out == 100 * 32, "no answer is taken to be shorter"
    assert one.cost_nanos == pytest.approx(100 * (bytes_read / 4 * 1000 + 32 * 10_000), abs=1)
    assert 2 * one.cost_nanos < one.cost_nanos_p90 < 4 * one.cost_nanos
    assert found.cost_nanos == 2 * one.cost_nanos
    assert any("guessed from the length of texts" in note for note in found.notes)


def test_a_model_without_a_price_is_named() -> None:
    made = ready(20)
    add(made, "free")
    found = of(made)
    assert (found.models[2].has_price, found.models[2].cost_nanos) == (False, 0)
    assert any(note.startswith("free: no price is known") for note in found.notes)


def test_longer_expected_answers_cost_more_and_a_limit_of_tokens_less() -> None:
    made = board()
    for name, parameters in (("a", {}), ("b", {"max_tokens": 10})):
        add(made, name, parameters=parameters, **PRICES)
    push(made, [Row("r", "question", ["word " * 200])])
    long, limited = of(made).models
    assert (long.tokens_out, limited.tokens_out) == (250, 10)


def test_what_earlier_runs_cost_is_what_the_next_will_cost() -> None:
    made = ready(100, reuse_answers=False)
    costs = {"a": [1000, 3000] * 50, "b": [500] * 100}
    ran(made, costs)
    one, other = of(made).models
    assert (one.basis, one.measured_rows, one.cost_nanos) == ("runs", 100, 200_000)
    assert (other.cost_nanos, other.cost_nanos_p90) == (50_000, 50_000), "every row cost the same"
    deviation = (100 * 1000**2 / 99) ** 0.5
    assert one.cost_nanos_p90 == pytest.approx(200_000 + Z90 * deviation * (100 + 100) ** 0.5, abs=1)
    assert (one.tokens_in, one.tokens_out) == (2000, 500)
    assert of(made, rows_limit=10).models[0].cost_nanos == 20_000


def test_answers_of_earlier_runs_are_not_asked_again_unless_the_run_is_fresh() -> None:
    made = ready(100)
    ran(made, {"a": [1000] * 60, "b": [1000] * 60}, rows_limit=60)
    found = of(made)
    assert [(one.calls, one.reused) for one in found.models] == [(40, 60), (40, 60)]
    assert found.cost_nanos == 80_000
    assert any("taken over" in note for note in found.notes)
    assert [one.reused for one in of(made, fresh=True).models] == [0, 0]
    add(made, "c", **PRICES)
    assert [(one.calls, one.reused) for one in of(made, rows_limit=60).models] == [(0, 60), (0, 60), (60, 0)]


def test_of_rows_that_were_added_since_none_was_answered() -> None:
    made = ready(50)
    ran(made, {"a": [1000] * 50, "b": [1000] * 50})
    push(made, some_rows(200)[50:])
    found = of(made)
    assert (found.rows, found.sample.about) == (200, True)
    assert [one.reused for one in found.models] == [50, 50]


def test_another_prompt_was_never_answered() -> None:
    made = ready(30)
    ran(made, {"a": [1000] * 30, "b": [1000] * 30})
    leaderboards.patch("w", made.id, leaderboards.LeaderboardPatch(system_prompt="Now say {input}"))
    assert [(one.reused, one.basis) for one in of(made).models] == [(0, "rows"), (0, "rows")]


def test_a_race_says_that_everything_is_an_upper_limit() -> None:
    found = of(ready(30, racing="on"))
    assert found.raced
    assert found.saving == (0.1, 0.8)


def test_the_limit_is_the_runs_own_or_the_leaderboards() -> None:
    made = ready(30, max_run_cost_usd=2)
    assert of(made).limit_nanos == 2_000_000_000
    assert of(made, max_cost_nanos=5).limit_nanos == 5


def test_what_cannot_be_started_is_not_forecast() -> None:
    lonely = board()
    add(lonely, "a")
    with pytest.raises(Conflict, match="at least 2 models"):
        of(lonely)
    empty = board()
    add(empty, "a")
    add(empty, "b")
    with pytest.raises(Conflict, match="push some first"):
        of(empty)
    with pytest.raises(Invalid, match="no version 7"):
        of(ready(5), dataset_version=7)


def test_a_version_is_forecast_as_it_is() -> None:
    made = ready(40)
    datasets.consolidate("w", made.id, made.rules())
    push(made, some_rows(90)[40:])
    assert of(made, dataset_version=1).rows == 40
    assert of(made).rows == 90


def test_a_file_that_was_never_read_is_looked_at(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"".join(b'{"input": "question %d", "answer": "b"}\n' % number for number in range(1500)))
    with hub_with(path) as (hub_url, dataset_url):
        monkeypatch.setenv("HF_ENDPOINT", hub_url)
        made = board(dataset_type="GET", dataset_url=dataset_url)
        add(made, "a", **PRICES)
        add(made, "b", **PRICES)
        found = of(made)
    assert found.sample.about
    assert found.rows == pytest.approx(1500, rel=0.5)
    assert found.rows >= 1000
    assert datasets.latest_version("w", made.id) is None, "a forecast changes nothing"


def test_a_forecast_takes_longer_for_more_rows_and_for_fewer_calls_at_a_time() -> None:
    made = ready(200, concurrency=1)
    assert of(made, rows_limit=20).seconds < of(made).seconds
    leaderboards.patch("w", made.id, leaderboards.LeaderboardPatch(concurrency=64))
    assert of(made).seconds < of(ready(200, concurrency=1)).seconds
    assert of(made).seconds_p90 > of(made).seconds


def judged(**settings: Any) -> Leaderboard:
    return ready(100, eval_type="judge", judge={"model": "hearth/phrases", "audit_percent": 20, **settings})


def test_a_judge_is_paid_for_each_answer_and_again_where_it_is_audited(openrouter: OpenRouter) -> None:
    found = of(judged())
    assert found.judge == "hearth/phrases"
    assert [one.judge_calls for one in found.models] == [120, 120]
    assert all(one.judge_nanos_p90 > one.judge_nanos > 0 for one in found.models)
    assert found.cost_nanos == sum(one.cost_nanos + one.judge_nanos for one in found.models)


def test_what_others_are_compared_with_is_not_judged(openrouter: OpenRouter) -> None:
    assert [one.judge_calls for one in of(judged(mode="pairwise")).models] == [0, 120]


def test_another_judge_judges_what_was_answered_before(openrouter: OpenRouter) -> None:
    made = judged()
    ran(made, {"a": [1000] * 100, "b": [1000] * 100})
    assert [(one.calls, one.judge_calls) for one in of(made).models] == [(0, 0), (0, 0)]
    other = leaderboards.evaluation_settings.JudgeSettings(model="hearth/phrases", rubric="Be strict", audit_percent=0)
    leaderboards.patch("w", made.id, leaderboards.LeaderboardPatch(judge=other))
    assert [(one.calls, one.judge_calls) for one in of(made).models] == [(0, 100), (0, 100)]


def test_a_judge_that_cannot_be_asked_is_told_before_the_run() -> None:
    with pytest.raises(Conflict, match="OpenRouter is not connected"):
        of(judged())
