"""Which model becomes the first in production."""

from collections.abc import Sequence

from gero.ranking import Decision, RankingStatistics, build_ranking, decide
from tests.gero.ranking.test_promotion import NAMES, met


def first(statistics: RankingStatistics, tied: Sequence[str] = ()) -> Decision:
    return decide(build_ranking(statistics, NAMES), {}, champion_id=None, tied=tied)


def test_of_a_certified_tie_the_cheapest_becomes_the_first_production_model() -> None:
    statistics = met(2, 1, 97, old={"cost_nanos": 4_000}, new={"cost_nanos": 9_000})
    assert first(statistics).candidate_id == "new"
    chosen = first(statistics, tied=("new", "old"))
    assert (chosen.action, chosen.candidate_id) == ("first", "old")
    assert "Champion is as good as Newcomer, which leads the ranking, costs less" in chosen.reason
    unknown = met(2, 1, 97, new={"cost_nanos": 9_000})
    assert first(unknown, tied=("new", "old")).candidate_id == "new", "0 is an unknown cost"
