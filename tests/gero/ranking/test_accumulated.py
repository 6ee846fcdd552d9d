"""Evidence over runs: it grows with rows, not with runs."""

from typing import Any

import pytest

from gero.evaluation import SCORE_SCALE, BatchStatistics, EvaluationPlan, pack_scores
from gero.ranking import RankingStatistics
from gero.ranking.accumulated import accumulate
from gero.ranking.pairs import PairSums
from tests.gero.plans import candidate, stored_plan

pytestmark = pytest.mark.usefixtures("cloud")


def planned(*names: str, before: EvaluationPlan | None = None, **changed: Any) -> EvaluationPlan:
    models = tuple(candidate(name, "http://127.0.0.1:9/v1") for name in names)
    return stored_plan(candidates=models, evidence_from=before.run_id if before else None, **changed)


def scored(rows: int = 4, seen: str = "0", **scores: str) -> RankingStatistics:
    """Statistics of one block: a text of 0 and 1 for each candidate."""
    statistics = RankingStatistics()
    statistics.add_block(
        BatchStatistics(name, 1, 0, rows, pack_scores([int(one) * SCORE_SCALE for one in text]), seen=seen)
        for name, text in scores.items()
    )
    return statistics


def wins(pair: PairSums) -> tuple[int, int, int]:
    found = pair.discordance
    assert found is not None
    return pair.n, *found


def test_the_rows_of_all_runs_add_up() -> None:
    first = planned("a", "b")
    accumulate(first, scored(a="1100", b="0000"))
    second = planned("a", "b", before=first)
    evidence = accumulate(second, scored(a="1000", b="0111"))
    assert wins(evidence.against("b")["a"]) == (8, 3, 3)
    assert wins(evidence.against("a")["b"]) == (8, 3, 3)


def test_rows_that_both_were_scored_on_before_add_nothing() -> None:
    first = planned("a", "b")
    accumulate(first, scored(a="1100", b="0000"))
    again = accumulate(planned("a", "b", before=first), scored(seen="f", a="1111", b="0000"))
    assert wins(again.against("b")["a"]) == (4, 2, 0)
    half = accumulate(planned("a", "b", before=first), scored(seen="3", a="1111", b="0000"))
    assert wins(half.against("b")["a"]) == (6, 4, 0)


def test_graded_scores_leave_out_seen_rows_too() -> None:
    statistics = RankingStatistics()
    statistics.add_block(
        BatchStatistics(name, 1, 0, 3, (value, value, value), seen="1") for name, value in (("a", 250_000), ("b", 0))
    )
    assert statistics.fresh_pair("a", "b").n == 2
    assert statistics.fresh_pair("b", "a").difference == -0.25


def test_repeating_a_run_s_end_changes_nothing() -> None:
    first = planned("a", "b")
    statistics = scored(a="1100", b="0000")
    assert accumulate(first, statistics) == accumulate(first, statistics)


def test_another_prompt_or_scoring_or_parameter_begins_anew() -> None:
    first = planned("a", "b")
    accumulate(first, scored(a="1100", b="0000"))
    for changed in ({"prompt": "Another {input}"}, {"evaluation": type(first.evaluation)("exact", ("number",))}):
        evidence = accumulate(planned("a", "b", before=first, **changed), scored(a="1000", b="0000"))
        assert wins(evidence.against("b")["a"]) == (4, 1, 0)


def test_a_model_under_a_new_name_in_the_leaderboard_keeps_its_evidence() -> None:
    first = planned("a", "b")
    accumulate(first, scored(a="1100", b="0000"))
    model = candidate("a", "http://127.0.0.1:9/v1")
    renamed = type(model)("z", "z", model.endpoint)
    second = stored_plan(candidates=(candidate("b", "http://127.0.0.1:9/v1"), renamed), evidence_from=first.run_id)
    evidence = accumulate(second, scored(b="0000", z="1000"))
    assert wins(evidence.against("b")["z"]) == (8, 3, 0)


def test_the_same_model_twice_is_no_second_witness() -> None:
    model = candidate("a", "http://127.0.0.1:9/v1")
    twin = type(model)("twin", "twin", model.endpoint)
    plan = stored_plan(candidates=(model, twin, candidate("b", "http://127.0.0.1:9/v1")))
    evidence = accumulate(plan, scored(a="1100", b="0000", twin="1100"))
    assert wins(evidence.against("b")["a"]) == (4, 2, 0)
    assert evidence.opponents("b") == 1


def test_the_order_of_parameters_makes_no_other_model() -> None:
    one, other = (
        stored_plan(candidates=(candidate("a", "http://127.0.0.1:9/v1", parameters=parameters),))
        for parameters in ({"top_p": 1, "seed": 2}, {"seed": 2, "top_p": 1})
    )
    assert one.identity_of(one.candidates[0]) == other.identity_of(other.candidates[0])
