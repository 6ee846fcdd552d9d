import random
from math import exp, log

import pytest

from gero import ranking, reviews
from gero.evaluation import Evaluation, EvaluationPlan
from gero.kit import NotFound
from gero.ranking import CandidateSums, RankingStatistics, Standing, build_ranking
from tests.gero.reviews.answered import NAMES, Person, answered, models_of, now, opened

HUMAN = Evaluation("human")


def of_run(plan: EvaluationPlan) -> Standing:
    """What the rounds leave: costs and latencies, and no score."""
    sums = {
        one.id: CandidateSums(n_rows=plan.rows, cost_nanos=1000 * number, latency={number: plan.rows})
        for number, one in enumerate(plan.candidates, start=1)
    }
    statistics = RankingStatistics(candidates=sums)
    return Standing(plan, build_ranking(statistics, {one: one for one in sums}), statistics, {})


def vote(plan: EvaluationPlan, winner: str = "b", tie: str = "", votes: int = 1000) -> None:
    person = Person(plan)
    while votes and (shown := person.next()):
        votes -= 1
        person.prefer(
            "nobody" if models_of(shown) == set(tie) else winner if winner in models_of(shown) else "a", shown
        )


def test_people_rank_a_run_by_bradley_terry_and_its_costs_stay(cloud: None) -> None:
    plan = answered(rows=12, rows_per_block=12, evaluation=HUMAN)
    opened(plan)
    lots, person = random.Random(3), Person(plan)
    strength = {"a": 1.0, "b": 2.0, "c": 0.7}
    while shown := person.next():
        first, second = sorted(models_of(shown))
        person.prefer(
            first if lots.random() < strength[first] / (strength[first] + strength[second]) else second, shown
        )
    people = reviews.standing_of(plan)
    concluded = reviews.conclude(plan, of_run(plan))
    order = [one.candidate_id for one in people.ratings]
    assert [entry.candidate_id for entry in concluded.ranking.entries] == order
    fitted = ranking.fit(people.counts, NAMES)
    for one in people.ratings:
        assert one.rating == pytest.approx(1000 + 400 / log(10) * fitted.theta[NAMES.index(one.candidate_id)])
        assert one.low < one.rating < one.high
    top = concluded.ranking.entries[0]
    theta = dict(zip(NAMES, fitted.theta, strict=True))
    others = [theta[one] for one in NAMES if one != top.candidate_id]
    assert top.score == pytest.approx(sum(1 / (1 + exp(one - theta[top.candidate_id])) for one in others) / 2)
    assert top.score_low is not None
    assert top.score_high is not None
    assert top.score_low < (top.score or 0) < top.score_high
    assert {entry.candidate_id: entry.cost_nanos for entry in concluded.ranking.entries} == {
        "a": 1000,
        "b": 2000,
        "c": 3000,
    }
    assert concluded.notes["human"]["end"] == "reviewed"
    assert set(concluded.document()["human"]["ratings"]) == set(NAMES)


def test_a_clear_winner_by_votes_becomes_the_first_production_model(cloud: None) -> None:
    plan = answered(rows=60, rows_per_block=60, evaluation=HUMAN)
    opened(plan, rows=60)
    vote(plan, "b")
    standing = reviews.conclude(plan, of_run(plan))
    assert (now(plan).end, standing.ranking.leader and standing.ranking.leader.candidate_id) == ("winner", "b")
    assert standing.ranking.entries[0].label == "1"
    assert {entry.candidate_id for entry in standing.ranking.entries if entry.pareto} == {"a", "b"}, "a costs less"
    decision = ranking.decide(standing.ranking, {}, champion_id=None, policy="default")
    assert (decision.action, decision.candidate_id) == ("first", "b")
    against = standing.statistics.pairs_against("a")
    promoted = ranking.decide(standing.ranking, against, champion_id="a", policy="default")
    assert (promoted.action, promoted.candidate_id) == ("promote", "b")


def test_a_vote_is_one_for_the_winner_and_none_for_the_loser_and_a_tie_half_for_both(cloud: None) -> None:
    plan = answered(rows=2, names=("a", "b"), evaluation=HUMAN)
    opened(plan)
    vote(plan, "b", votes=1)
    vote(plan, tie="ab")
    pair = reviews.standing_of(plan).statistics.pair("a", "b")
    assert (pair.n, pair.first_sum, pair.second_sum) == (2, 500_000, 1_500_000)
    assert (pair.first_squares, pair.second_squares, pair.products) == (25 * 10**10, 125 * 10**10, 25 * 10**10)


def test_what_several_reviewers_say_of_an_item_is_one_comparison(cloud: None) -> None:
    plan = answered(rows=1, names=("a", "b"), evaluation=HUMAN)
    opened(plan, reviewers_per_item=3)
    for name, winner in (("ann", "a"), ("bob", "a"), ("cid", "b")):
        person = Person(plan, name)
        person.prefer(winner, person.item())
    people = reviews.standing_of(plan)
    pair = people.statistics.pair("a", "b")
    assert (pair.n, pair.first_sum) == (1, 666_667)
    assert (people.counts.won("a", "b"), people.counts.total, people.votes) == (1, 1, 3)
    found = reviews.report(now(plan))
    assert found.reviewers == {"ann": 1, "bob": 1, "cid": 1}
    assert (found.agreement.n, round(found.agreement.observed, 3)) == (3, 0.333)


def test_ratings_make_graded_scores_by_row(cloud: None) -> None:
    plan = answered(rows=3, names=("a", "b"), evaluation=HUMAN)
    opened(plan, mode="rating")
    given = {"a": (0.9, 0.8, 0.7), "b": (0.5, 0.5, 1.0)}
    person = Person(plan)
    while shown := person.next():
        (model,) = models_of(shown)
        person.say(shown.item_id, rating=given[model][int(shown.input.split()[1])])
    standing = reviews.conclude(plan, of_run(plan))
    assert [(one.candidate_id, one.n_scored) for one in standing.ranking.entries] == [("a", 3), ("b", 3)]
    assert standing.ranking.entries[0].score == pytest.approx(0.8)
    assert standing.statistics.pair("a", "b").difference == pytest.approx(0.4 / 3)
    assert now(plan).end == "reviewed"


def test_a_review_closed_by_hand_counts_what_was_said_and_without_a_vote_nobody_leads(cloud: None) -> None:
    plan = answered(rows=5, names=("a", "b"), evaluation=HUMAN)
    queue = opened(plan)
    vote(plan, "b", votes=1)
    reviews.close(queue, "closed")
    assert reviews.conclude(plan, of_run(plan)).ranking.entries[0].candidate_id == "b"
    silent = answered(rows=5, names=("a", "b"), evaluation=HUMAN, answer=lambda model, row: f"{model} anew on {row}")
    reviews.close(opened(silent), "closed")
    standing = reviews.conclude(silent, of_run(silent))
    assert standing.ranking.leader is None
    decision = ranking.decide(standing.ranking, {}, champion_id=None, policy="default")
    assert (decision.action, decision.candidate_id) == ("keep", None)


def test_concluding_shuts_a_review_that_nobody_closed_in_time(cloud: None, woken: list[str]) -> None:
    plan = answered(rows=5, names=("a", "b"), evaluation=HUMAN)
    opened(plan)
    reviews.conclude(plan, of_run(plan))
    assert (now(plan).status, now(plan).end, woken) == ("closed", "ended", [])


def test_a_run_without_a_review_has_no_standing(cloud: None) -> None:
    with pytest.raises(NotFound):
        reviews.standing_of(answered(rows=1))


def test_a_contender_that_nobody_reviewed_is_not_placed_among_those_with_votes(cloud: None) -> None:
    plan = answered(rows=5, evaluation=HUMAN)
    opened(plan)
    person = Person(plan)
    shown = person.item()
    unseen = (set(NAMES) - models_of(shown)).pop()
    person.prefer(min(models_of(shown)), shown)
    people = reviews.standing_of(plan)
    assert {one.candidate_id for one in people.ratings} == models_of(shown) == people.ranges.keys()
    assert sum(one.rating for one in people.ratings) == pytest.approx(2000), "1000 is the mean of those with votes"
    last = reviews.conclude(plan, of_run(plan)).ranking.entries[-1]
    assert (last.candidate_id, last.n_scored, last.rank) == (unseen, 0, 3)


def test_people_who_always_agree_on_the_better_model_agree_wholly(cloud: None) -> None:
    plan = answered(rows=4, names=("a", "b"), evaluation=HUMAN)
    opened(plan, reviewers_per_item=2)
    for name in ("ann", "bob"):
        person = Person(plan, name)
        while shown := person.next():
            person.prefer("a", shown)
    agreement = reviews.report(now(plan)).agreement
    assert (agreement.kappa, agreement.observed, agreement.n) == (1, 1, 4)
