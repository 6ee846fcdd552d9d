"""What people's verdicts make of a run: its ranking by their votes or ratings instead of by scores."""

from collections import defaultdict
from itertools import pairwise
from math import exp, log
from typing import Any

import msgspec

from gero import ranking
from gero.evaluation import SCORE_SCALE, BatchStatistics, EvaluationPlan, pack_scores
from gero.kit import NotFound
from gero.ranking import CandidateSums, Gap, PairSums, Ranking, RankingEntry, RankingStatistics, Standing, VoteCounts
from gero.reviews import items, race
from gero.reviews import queue as queues
from gero.reviews.queue import End, Mode, Queue

_POINTS, _MEAN_RATING = 400 / log(10), 1000
_CONFIDENCE = 0.95


class Rated(msgspec.Struct, frozen=True):
    """A contender by Bradley–Terry: 1000 is the mean of the field, 400 points more are ten wins to one."""

    candidate_id: str
    rating: float
    low: float
    high: float
    wins: int
    losses: int
    ties: int


class PeopleStanding(msgspec.Struct, frozen=True):
    """Where contenders stand by people's verdicts. `statistics`: of pairs, shares of a comparison (1 win, 1/2 tie); of
    ratings, their means by row. `ratings`, `ranges` and `separated` are of pairs only.
    """

    mode: Mode
    end: End | None
    reviewed: int
    """Items that are done, those that needed nobody (`automatic`) among them."""
    automatic: int
    votes: int
    counts: VoteCounts
    statistics: RankingStatistics
    ratings: tuple[Rated, ...] = ()
    ranges: dict[str, tuple[int, int]] = {}
    separated: bool = False
    """Whether some contender never lost, or never won: its rating is a guess then."""

    def document(self) -> dict[str, Any]:
        """What a run keeps of it, beside the ranking."""
        named = {name: getattr(self, name) for name in ("mode", "end", "reviewed", "automatic", "votes", "separated")}
        return named | {"ratings": {one.candidate_id: msgspec.to_builtins(one) for one in self.ratings}}


def standing_of(plan: EvaluationPlan) -> PeopleStanding:
    """Where the run's contenders stand. NotFound when it put nothing up for review."""
    queue = queues.stored(plan.workspace_id, plan.run_id)
    if queue is None:
        raise NotFound("this run put nothing up for review")
    return standing_in(queue)


def standing_in(queue: Queue) -> PeopleStanding:
    """Where the contenders of a queue stand at this moment."""
    counts = race.vote_counts(queue)
    told: dict[str, Any] = {
        "mode": queue.mode,
        "end": queue.end,
        "reviewed": sum(map(queue.reviewed, queue.all_lanes)),
        "automatic": queue.counts.get("n_automatic", 0),
        "votes": queue.counts.get("n_votes", 0),
        "counts": counts,
        "statistics": _of_ratings(queue) if queue.mode == "rating" else _of_pairs(queue),
    }
    if queue.mode == "rating" or not counts.total:
        return PeopleStanding(**told)
    met = tuple(one for one in queue.contenders if counts.votes_of(one))  # of the others nothing is known
    strengths = ranking.fit(counts, met)
    ranges = ranking.vote_ranges(counts, met, strengths)
    ratings = [_rated(counts, strengths, one) for one in met]
    ratings.sort(key=lambda one: (-one.rating, one.candidate_id))
    return PeopleStanding(**told, ratings=tuple(ratings), ranges=ranges, separated=strengths.separated)


def conclude(plan: EvaluationPlan, standing: Standing) -> Standing:
    """The standing with people's ranking and statistics; costs, latencies and errors stay those of the run. Closes the
    queue, should it be open.

    By pairs, `score` is the chance to win against another contender of the field, from Bradley–Terry ratings, and its
    interval that of the rating. A contender that nobody reviewed is unscored. The evidence is this run's alone: later
    runs put the same rows up for review, which are no new ones. NotFound as in `standing_of`.
    """
    queue = queues.stored(plan.workspace_id, plan.run_id)
    if queue is not None:
        queues.shut(queue, "ended")
    people = standing_of(plan)
    before = standing.statistics
    sums = {one: _with_scores(known, people.statistics.candidates.get(one)) for one, known in before.candidates.items()}
    statistics = RankingStatistics(before.blocks, sums, people.statistics.pairs)
    names = {candidate.id: candidate.name for candidate in plan.candidates}
    if people.ratings:
        # By their chances, so that what else the ranking tells, such as the Pareto front, fits to the scores it shows.
        ratings = {one.candidate_id: one.rating for one in people.ratings}
        chances = {one: _with_chance(known, one, ratings) for one, known in sums.items()}
        made = ranking.build_ranking(RankingStatistics(before.blocks, chances, statistics.pairs), names)
        made = _by_rating(made, people, statistics)
    else:
        made = ranking.build_ranking(statistics, names)
    notes = standing.notes | {"human": people.document()}
    return msgspec.structs.replace(standing, ranking=made, statistics=statistics, evidence=None, notes=notes)


def _of_pairs(queue: Queue) -> RankingStatistics:
    pairs: defaultdict[tuple[str, str], PairSums] = defaultdict(PairSums)
    sums: defaultdict[str, CandidateSums] = defaultdict(CandidateSums)
    for place, item in items.listed(queue):
        share = item.share()
        if share is None:
            continue
        ids = queue.contenders[place.lane.first], queue.contenders[place.lane.second]
        scores = share, SCORE_SCALE - share
        for one, score in zip(ids, scores, strict=True):
            sums[one] += CandidateSums(n_rows=1, n_scored=1, score_sum=score, score_squares=score**2)
        pair = PairSums(1, share, scores[1], share**2, scores[1] ** 2, share * scores[1])
        key = min(ids), max(ids)
        pairs[key] += pair if key == ids else pair.flipped()
    return RankingStatistics(candidates=dict(sums), pairs=dict(pairs))


def _of_ratings(queue: Queue) -> RankingStatistics:
    scores: dict[str, list[int | None]] = {one: [None] * queue.rows for one in queue.contenders}
    for place, item in items.listed(queue):
        scores[queue.contenders[place.lane.first]][place.row] = item.share()
    statistics = RankingStatistics()
    if queue.rows and scores:
        statistics.add_block(
            BatchStatistics(candidate_id=one, round=1, block=0, n_rows=queue.rows, scores=pack_scores(rows))
            for one, rows in scores.items()
        )
    return statistics


def _with_scores(known: CandidateSums, people: CandidateSums | None) -> CandidateSums:
    people = people or CandidateSums()
    scored = {name: getattr(people, name) for name in ("n_scored", "score_sum", "score_squares")}
    return msgspec.structs.replace(known, **scored)


def _with_chance(known: CandidateSums, one: str, ratings: dict[str, float]) -> CandidateSums:
    if one not in ratings:
        return known
    score = round(_chance(ratings[one], [rating for other, rating in ratings.items() if other != one]) * SCORE_SCALE)
    return msgspec.structs.replace(known, score_sum=known.n_scored * score, score_squares=known.n_scored * score**2)


def _rated(counts: VoteCounts, strengths: ranking.Strengths, one: str) -> Rated:
    low, high = strengths.rating_interval(one, _CONFIDENCE)
    others = [other for other in strengths.candidate_ids if other != one]
    return Rated(
        one,
        strengths.rating(one),
        low,
        high,
        wins=sum(counts.won(one, other) for other in others),
        losses=sum(counts.won(other, one) for other in others),
        ties=sum(counts.tied(one, other) for other in others),
    )


def _by_rating(made: Ranking, people: PeopleStanding, statistics: RankingStatistics) -> Ranking:
    places = {one.candidate_id: place for place, one in enumerate(people.ratings)}
    entries = sorted(made.entries, key=lambda entry: (not entry.complete, places.get(entry.candidate_id, len(places))))
    placed = tuple(_placed(entry, number, people) for number, entry in enumerate(entries, start=1))
    gaps = []
    for upper, lower in pairwise(placed):
        pair = statistics.pair(upper.candidate_id, lower.candidate_id)
        separable = upper.rank_high < lower.rank_low
        gaps.append(Gap(upper.candidate_id, lower.candidate_id, pair.n, pair.difference, separable, None))
    return msgspec.structs.replace(made, entries=placed, gaps=tuple(gaps))


def _placed(entry: RankingEntry, number: int, people: PeopleStanding) -> RankingEntry:
    rated = next((one for one in people.ratings if one.candidate_id == entry.candidate_id), None)
    total = len(people.ratings)
    if rated is None or not entry.n_scored:
        return msgspec.structs.replace(
            entry, rank=number, rank_low=min(number, total + 1), rank_high=max(number, total)
        )
    low, high = people.ranges.get(rated.candidate_id, (1, total))
    rivals = [one.rating for one in people.ratings if one is not rated]
    score, score_low, score_high = (_chance(rating, rivals) for rating in (rated.rating, rated.low, rated.high))
    return msgspec.structs.replace(
        entry,
        rank=number,
        rank_low=min(low, number),
        rank_high=max(high, number),
        score=score,
        score_low=score_low,
        score_high=score_high,
    )


def _chance(rating: float, rivals: list[float]) -> float:
    """The chance to be preferred to another contender, the mean over them."""
    chances = [1 / (1 + exp(min(700.0, (rival - rating) / _POINTS))) for rival in rivals]
    return sum(chances) / len(chances) if chances else 0.5
