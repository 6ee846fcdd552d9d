"""Cumulative sums of a run: integers only, so that merging is exact in any order and any grouping."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import TypeVar

import msgspec

from gero.evaluation import BatchStatistics, JudgeSums, add_counts
from gero.ranking.blocks import BlockRanges, contains, disjoint_union
from gero.ranking.pairs import BlockScores, Pairs, PairSums, block_pairs


class CandidateSums(msgspec.Struct, frozen=True):
    """Sums over every row of a candidate, asked or not; scores over the rows that were scored."""

    n_rows: int = 0
    n_scored: int = 0
    score_sum: int = 0
    """In 1 / SCORE_SCALE."""
    score_squares: int = 0
    """In 1 / SCORE_SCALE^2."""
    n_errors: int = 0
    cost_nanos: int = 0
    cost_nanos_squared: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    n_not_asked: int = 0
    latency: dict[int, int] = {}
    paid_nanos: int = 0
    """What this run paid for its answers: less than `cost_nanos` where earlier runs had paid."""
    judge_nanos: int = 0
    n_reused: int = 0
    judge: JudgeSums = JudgeSums()

    @classmethod
    def of_batch(cls, batch: BatchStatistics, scores: BlockScores) -> "CandidateSums":
        """The sums of one batch, whose scores were prepared already."""
        return cls(
            n_rows=batch.n_rows,
            n_scored=scores.n,
            score_sum=scores.score_sum,
            score_squares=scores.score_squares,
            n_errors=batch.n_errors,
            cost_nanos=batch.cost_nanos,
            cost_nanos_squared=batch.cost_nanos_squared,
            tokens_in=batch.tokens_in,
            tokens_out=batch.tokens_out,
            n_not_asked=batch.n_not_asked,
            latency=batch.latency,
            paid_nanos=batch.paid_nanos,
            judge_nanos=batch.judge_nanos,
            n_reused=batch.n_reused,
            judge=batch.judge or JudgeSums(),
        )

    def __add__(self, other: "CandidateSums") -> "CandidateSums":
        return CandidateSums(
            self.n_rows + other.n_rows,
            self.n_scored + other.n_scored,
            self.score_sum + other.score_sum,
            self.score_squares + other.score_squares,
            self.n_errors + other.n_errors,
            self.cost_nanos + other.cost_nanos,
            self.cost_nanos_squared + other.cost_nanos_squared,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.n_not_asked + other.n_not_asked,
            add_counts(self.latency, other.latency),
            self.paid_nanos + other.paid_nanos,
            self.judge_nanos + other.judge_nanos,
            self.n_reused + other.n_reused,
            self.judge + other.judge,
        )


class _Stored(msgspec.Struct):
    blocks: dict[int, BlockRanges]
    candidates: dict[str, CandidateSums]
    pairs: tuple[PairSums, ...]
    """In the order of `combinations(candidates, 2)`, as `seen` is."""
    seen: tuple[PairSums, ...] = ()


@dataclass(slots=True)
class RankingStatistics:
    """Everything the ranking and the promotion of one run are computed from.

    A block is known by (round, block); its batches are added together or not at all, because a pair of candidates is
    compared on the rows of one block. Pairs are keyed (smaller id, larger id).
    """

    blocks: dict[int, BlockRanges] = field(default_factory=dict)
    candidates: dict[str, CandidateSums] = field(default_factory=dict)
    pairs: Pairs = field(default_factory=dict)
    seen: Pairs = field(default_factory=dict)
    """The part of `pairs` over rows that both had been scored on in an earlier run: no new evidence."""

    def add_block(self, batches: Iterable[BatchStatistics]) -> bool:
        """Add all batches of one block; False, and nothing changes, when the block was merged before.

        Raises ValueError when the batches are not of one block or a candidate appears twice.
        """
        batches = tuple(batches)
        round_number, block = _one_block(batches)
        known = self.blocks.get(round_number, ())
        if contains(known, block):
            return False
        scores, pairs, seen = block_pairs(batches)
        self.blocks[round_number] = disjoint_union(known, ((block, block),))
        for batch in batches:
            sums = CandidateSums.of_batch(batch, scores[batch.candidate_id])
            self.candidates[batch.candidate_id] = self.candidates.get(batch.candidate_id, CandidateSums()) + sums
        _add_pairs(self.pairs, pairs)
        _add_pairs(self.seen, seen)
        return True

    def merge(self, other: "RankingStatistics") -> "RankingStatistics":
        """The statistics of both, leaving each unchanged; raises ValueError when they share a block."""
        return RankingStatistics(
            blocks={
                number: disjoint_union(self.blocks.get(number, ()), other.blocks.get(number, ()))
                for number in self.blocks | other.blocks
            },
            candidates=_added(self.candidates, other.candidates),
            pairs=_added(self.pairs, other.pairs),
            seen=_added(self.seen, other.seen),
        )

    def pair(self, first_id: str, second_id: str) -> PairSums:
        """Paired sums with `first_id` first; zeros when they never met."""
        if first_id <= second_id:
            return self.pairs.get((first_id, second_id), PairSums())
        return self.pairs.get((second_id, first_id), PairSums()).flipped()

    def fresh_pair(self, first_id: str, second_id: str) -> PairSums:
        """The same over the rows that this pair was scored on for the first time."""
        flip = first_id > second_id
        ids = (second_id, first_id) if flip else (first_id, second_id)
        fresh = self.pairs.get(ids, PairSums()) - self.seen.get(ids, PairSums())
        return fresh.flipped() if flip else fresh

    def pairs_against(self, champion_id: str) -> dict[str, PairSums]:
        """Challenger id -> paired sums, challenger first."""
        return {other: self.pair(other, champion_id) for other in sorted(self.candidates) if other != champion_id}

    def to_json(self) -> bytes:
        """Compact JSON; equal statistics give equal bytes, whatever the order they were merged in."""
        ids = sorted(self.candidates)
        return msgspec.json.encode(
            _Stored(
                blocks=dict(sorted(self.blocks.items())),
                candidates={key: _with_sorted_latency(self.candidates[key]) for key in ids},
                pairs=tuple(self.pair(first, second) for first, second in combinations(ids, 2)),
                seen=tuple(self.seen.get(pair, PairSums()) for pair in combinations(ids, 2)) if self.seen else (),
            )
        )

    @classmethod
    def from_json(cls, text: bytes | str) -> "RankingStatistics":
        """The inverse of `to_json`; raises msgspec.ValidationError."""
        stored = msgspec.json.decode(text, type=_Stored)
        ids = list(combinations(stored.candidates, 2))
        pairs = {pair: sums for pair, sums in zip(ids, stored.pairs, strict=True) if sums.n}
        seen = {pair: sums for pair, sums in zip(ids, stored.seen, strict=False) if sums.n}
        return cls(stored.blocks, stored.candidates, pairs, seen)


def _add_pairs(total: Pairs, more: Pairs) -> None:
    for ids, pair in more.items():
        if pair.n:
            total[ids] = total.get(ids, PairSums()) + pair


def _one_block(batches: tuple[BatchStatistics, ...]) -> tuple[int, int]:
    if len({(batch.round, batch.block, batch.n_rows) for batch in batches}) != 1:
        raise ValueError("the batches of one block share its round, number and rows")
    if len({batch.candidate_id for batch in batches}) != len(batches):
        raise ValueError("a candidate has one batch per block")
    return batches[0].round, batches[0].block


def _with_sorted_latency(sums: CandidateSums) -> CandidateSums:
    return msgspec.structs.replace(sums, latency=dict(sorted(sums.latency.items())))


_Key = TypeVar("_Key")
_Sums = TypeVar("_Sums", CandidateSums, PairSums)


def _added(one: Mapping[_Key, _Sums], other: Mapping[_Key, _Sums]) -> dict[_Key, _Sums]:
    total = dict(one)
    for key, sums in other.items():
        total[key] = total[key] + sums if key in total else sums
    return total
