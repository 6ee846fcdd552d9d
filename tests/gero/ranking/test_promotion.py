from typing import Any

import msgspec
import pytest

from gero.ranking import Decision, Guardrails, RankingStatistics, build_ranking, decide
from tests.gero.ranking.samples import batch_of, exact, statistics_of

NAMES = {"new": "Newcomer", "old": "Champion"}


def met(
    better: int, worse: int, ties: int, old: dict[str, Any] | None = None, new: dict[str, Any] | None = None
) -> RankingStatistics:
    """ "new" alone is right on `better` rows, "old" alone on `worse`, both on `ties`."""
    statistics = RankingStatistics()
    statistics.add_block(
        [
            batch_of("new", exact(*[1] * better, *[0] * worse, *[1] * ties), **(new or {})),
            batch_of("old", exact(*[0] * better, *[1] * worse, *[1] * ties), **(old or {})),
        ]
    )
    return statistics


def decision(statistics: RankingStatistics, champion_id: str | None = "old", **options: Any) -> Decision:
    pairs = statistics.pairs_against(champion_id) if champion_id else {}
    return decide(build_ranking(statistics, NAMES), pairs, champion_id=champion_id, **options)


def test_the_top_model_becomes_the_first_champion() -> None:
    made = decision(met(5, 4, 91), champion_id=None)
    assert (made.action, made.candidate_id, made.previous_id) == ("first", "new", None)
    assert made.reason == (
        "Newcomer leads the ranking with a mean of 0.960 on 100 rows and becomes the first production model."
    )


def test_a_deleted_champion_is_replaced_by_the_top_model() -> None:
    made = decision(met(5, 4, 91), champion_id="gone")
    assert (made.action, made.candidate_id, made.previous_id) == ("promote", "new", "gone")
    assert "replaces gone, which is no longer a candidate" in made.reason


def test_a_model_chosen_by_hand_stays_whatever_the_ranking_says() -> None:
    made = decision(met(500, 0, 0), mode="manual")
    assert (made.action, made.candidate_id) == ("keep", "old")
    assert decision(met(500, 0, 0), champion_id=None, mode="manual").candidate_id is None


def test_nothing_changes_when_no_row_was_scored() -> None:
    made = decision(statistics_of({"old": exact(None), "new": exact(None)}))
    assert (made.action, made.candidate_id) == ("keep", "old")


def test_a_leading_champion_is_kept() -> None:
    made = decision(met(10, 40, 50))
    assert (made.action, made.candidate_id) == ("keep", "old")
    assert made.reason == "Champion leads the ranking with a mean of 0.900 on 100 rows."


def test_a_certainly_better_challenger_is_promoted_with_the_numbers() -> None:
    made = decision(met(80, 30, 890))
    assert (made.action, made.candidate_id, made.previous_id) == ("promote", "new", "old")
    assert made.reason.startswith("Newcomer is better than Champion by 0.050 on the 1,000 rows both scored, with")
    assert made.reason.endswith("where 10 to 1 is required.")
    assert made.evidence is not None
    assert made.evidence.log_e_better > made.evidence.log_threshold


def test_a_challenger_ahead_without_evidence_is_held_with_the_rows_still_needed() -> None:
    made = decision(met(30, 20, 950))
    assert (made.action, made.candidate_id, made.previous_id) == ("hold", "old", "old")
    assert made.rows_needed == 2803  # 2 * .05 * (ln(1 / .1) + 1.5) / .01^2 = 3802.6 in all
    assert made.reason.endswith("where 10 to 1 is required; about 2,803 more rows are needed.")


@pytest.mark.parametrize(
    ("policy", "action"), [("strict", "hold"), ("default", "hold"), ("eager", "promote"), ("top", "promote")]
)
def test_the_policies_differ_in_the_evidence_they_ask_for(policy: str, action: str) -> None:
    assert decision(met(40, 20, 940), policy=policy).action == action


def test_the_top_policy_follows_the_mean_and_keeps_a_leading_champion() -> None:
    made = decision(met(21, 20, 59), policy="top")
    assert (made.action, made.candidate_id, made.evidence) == ("promote", "new", None)
    assert decision(met(20, 21, 59), policy="top").action == "keep"


def test_a_certain_but_tiny_gain_is_not_worth_a_change() -> None:
    made = decision(met(60, 10, 14_930))
    assert made.action == "hold"
    assert made.rows_needed is None
    assert "+0.003" in made.reason
    assert "less than the +0.005 that is worth a change" in made.reason


def test_more_expected_challengers_raise_the_threshold() -> None:
    assert decision(met(60, 30, 910)).action == "promote"
    assert decision(met(60, 30, 910), max_challengers=20).action == "hold"


def test_a_challenger_that_fails_more_often_is_held_back() -> None:
    made = decision(met(80, 20, 900, new={"n_errors": 30}, old={"n_errors": 10}))
    assert made.action == "hold"
    assert "but it fails on 3.0% of rows against 1.0%" in made.reason
    assert decision(met(80, 20, 900, new={"n_errors": 20}, old={"n_errors": 10})).action == "promote"


@pytest.mark.parametrize(
    ("guardrails", "objection"),
    [
        (Guardrails(max_cost_ratio=2), "costs more than 2 times as much"),
        (Guardrails(max_latency_ratio=1.5), "takes more than 1.5 times as long at the 95th percentile"),
    ],
)
def test_cost_and_latency_limits_hold_back_a_better_challenger(guardrails: Guardrails, objection: str) -> None:
    dear = {"cost_nanos": 3000, "latency": {200: 1000}}
    statistics = met(80, 20, 900, new=dear, old={"cost_nanos": 1000, "latency": {180: 1000}})
    assert decision(statistics).action == "promote"
    made = decision(statistics, guardrails=guardrails)
    assert made.action == "hold"
    assert objection in made.reason


def test_an_equal_but_clearly_cheaper_challenger_is_promoted() -> None:
    statistics = met(20, 22, 5000, new={"cost_nanos": 10**12}, old={"cost_nanos": 2 * 10**12})
    made = decision(statistics)
    assert (made.action, made.candidate_id) == ("promote", "new")
    assert "is not worse than Champion by 0.01 or more" in made.reason
    assert "costs $198.3 instead of $396.7 per 1,000 rows" in made.reason


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"cost_nanos": 900}, {"cost_nanos": 1000}),
        ({"cost_nanos": 500, "latency": {200: 9}}, {"cost_nanos": 1000, "latency": {190: 9}}),
        ({}, {}),
    ],
)
def test_an_equal_challenger_that_saves_little_or_is_slower_changes_nothing(
    new: dict[str, Any], old: dict[str, Any]
) -> None:
    assert decision(met(20, 22, 5000, new=new, old=old)).action == "keep"


def test_candidates_that_never_met_are_not_compared() -> None:
    statistics = statistics_of({"new": exact(*[1] * 100), "old": exact(*[None] * 100)})
    made = decision(statistics)
    assert (made.action, made.candidate_id) == ("hold", "old")
    assert made.reason == "Newcomer and Champion have no scored rows in common, so they cannot be compared."


def test_evidence_given_from_earlier_runs_counts() -> None:
    today, earlier = met(15, 9, 976), met(60, 30, 910)
    pairs = {"new": today.pair("new", "old") + earlier.pair("new", "old")}
    ranking = build_ranking(today, NAMES)
    assert decide(ranking, today.pairs_against("old"), champion_id="old").action == "hold"
    assert decide(ranking, pairs, champion_id="old").action == "promote"


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown promotion policy"):
        decision(met(1, 1, 1), policy="bold")


def test_a_decision_survives_json() -> None:
    made = decision(met(30, 20, 950))
    assert msgspec.json.decode(msgspec.json.encode(made), type=Decision) == made


GIVEN_UP = {"n_not_asked": 3}


def test_a_challenger_whose_endpoint_was_given_up_is_not_promoted_however_well_it_did() -> None:
    for policy in ("top", "default"):
        made = decision(met(80, 0, 20, new=GIVEN_UP), policy=policy)
        assert (made.action, made.candidate_id) == ("keep", "old"), policy


def test_while_the_champions_endpoint_is_given_up_nobody_takes_its_place() -> None:
    for policy in ("top", "default"):
        made = decision(met(80, 0, 20, old=GIVEN_UP), policy=policy)
        assert (made.action, made.candidate_id) == ("hold", "old"), policy
        assert made.reason.startswith("The endpoint of Champion was given up with 3 rows not asked")


def test_the_first_champion_is_the_best_of_those_that_were_asked_everything() -> None:
    assert decision(met(80, 5, 10, new=GIVEN_UP), champion_id=None).candidate_id == "old"
    nobody = decision(met(80, 5, 10, new=GIVEN_UP, old=GIVEN_UP), champion_id=None)
    assert (nobody.action, nobody.candidate_id) == ("keep", None)
    assert nobody.reason.startswith("No endpoint was asked all rows")


DOUBT = "the judge was checked on 12 labels, and it takes 100"


def test_a_provisional_ranking_replaces_no_champion_whatever_the_policy() -> None:
    for policy in ("top", "eager", "default", "strict"):
        made = decision(met(500, 0, 0), policy=policy, provisional=DOUBT)
        assert (made.action, made.candidate_id, made.previous_id) == ("hold", "old", "old"), policy
        assert made.reason == f"Newcomer leads, but the ranking is provisional and changes no production: {DOUBT}."
    assert decision(met(500, 0, 0), champion_id="gone", provisional=DOUBT).candidate_id == "gone"


def test_the_first_champion_of_a_provisional_ranking_is_said_to_be_provisional() -> None:
    made = decision(met(5, 4, 91), champion_id=None, provisional=DOUBT)
    assert (made.action, made.candidate_id) == ("first", "new")
    assert made.reason.endswith(f"and becomes the first production model, provisionally: {DOUBT}.")


def test_on_exactly_these_rows_the_top_mean_is_the_answer() -> None:
    made = decision(met(11, 5, 984), target="dataset", total_rows=1000)
    assert (made.action, made.candidate_id) == ("promote", "new")
    assert made.reason == (
        "Newcomer is better than Champion by 0.006 on the 1,000 rows both scored, which is all of them."
    )
    assert decision(met(11, 5, 984)).action == "hold"  # as a sample they prove nothing


def test_a_gain_on_these_rows_that_is_too_small_changes_nothing() -> None:
    made = decision(met(9, 5, 986), target="dataset", total_rows=1000)
    assert made.action == "hold"
    assert "less than the +0.005 that is worth a change" in made.reason
    assert decision(met(10, 5, 985), target="dataset", total_rows=1000).action == "promote"


def test_of_rows_that_were_not_all_scored_only_evidence_tells() -> None:
    assert decision(met(11, 5, 984), target="dataset", total_rows=1001).action == "hold"
    assert decision(met(80, 30, 890), target="dataset", total_rows=5000).action == "promote"
    unscored = statistics_of({"new": exact(1, 1, 1), "old": exact(0, 0, None)})
    assert decision(unscored, target="dataset").action == "hold"


def test_guardrails_hold_back_the_top_mean_of_these_rows() -> None:
    made = decision(met(80, 20, 900, new={"n_errors": 30}), target="dataset", total_rows=1000)
    assert made.action == "hold"
    assert "but it fails on 3.0% of rows against 0.0%" in made.reason


def test_a_cheaper_model_that_is_hardly_worse_on_these_rows_is_promoted() -> None:
    prices: dict[str, Any] = {"new": {"cost_nanos": 10**12}, "old": {"cost_nanos": 2 * 10**12}}
    made = decision(met(5, 10, 985, **prices), target="dataset", total_rows=1000)
    assert (made.action, made.candidate_id) == ("promote", "new")
    assert "on the 1,000 rows both scored (all of them) and costs" in made.reason
    assert decision(met(0, 10, 990, **prices), target="dataset", total_rows=1000).action == "keep"
