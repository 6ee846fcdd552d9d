"""A race: after each round those who certainly are not the best are asked no more, until one is left or all are equal.

Each racer j has the mean over its opponents of the e-processes "i is better than j", itself an e-process while j is
the best; it drops at 1 / alpha, so that the best is ever dropped with probability at most alpha (Ville's inequality),
in any number of rounds and without correction for the pairs (Vovk, Wang 2021). Decide at round barriers only.
"""

from collections.abc import Collection
from math import exp, log
from typing import Literal, Protocol

import msgspec

from gero.evaluation import Race
from gero.ranking.evidence import log_e_value, log_mean_exp, race_stakes
from gero.ranking.merge import CandidateSums, RankingStatistics

End = Literal["winner", "tie", "undecided"]


class RaceField(msgspec.Struct, frozen=True):
    """What is fixed when a race starts."""

    racers: tuple[str, ...]
    """The starting field: evidence is averaged over its opponents to the end, whoever is dropped."""
    rows: int
    """Planned rows, which the bets are tuned to."""
    rules: Race = Race()
    protected: str | None = None
    """The champion: it is asked all rows, because production may only be compared on the same rows."""
    graded: bool = False
    """Whether scores may lie between 0 and 1."""
    promotion_log_e: float | None = None
    """The ln E over the champion below which a winner is no end: more rows may still put it into production."""

    @property
    def drop_alpha(self) -> float:
        """The share of alpha for dropping; the other half is for certifying a tie, if that is allowed."""
        return self.rules.alpha / 2 if self.rules.tie_within > 0 else self.rules.alpha


class Dropped(msgspec.Struct, frozen=True):
    """When a racer was dropped, and why in a few words; `log_e` is None when its endpoint was given up."""

    round: int
    rows: int
    log_e: float | None
    why: str


class RaceState(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a race stands after a round."""

    active: tuple[str, ...]
    """Whom the next round asks, in the order of the field; a protected champion among them though it is beaten."""
    dropped: dict[str, Dropped] = {}
    end: End | None = None
    """None while it goes on. `winner`: the leader is the best, up to `tie_within`; `tie`: the same, but others are as
    good as it by the look of it; both err with probability alpha. `undecided`: nothing of that is certain.
    """
    leader: str | None = None
    """The best mean of those who may still win."""
    tied: tuple[str, ...] = ()
    """At a tie the leader, and those whose means are within `tie_within` of its."""
    beaten: Dropped | None = None
    """The champion's mark, when nothing but its protection keeps it."""
    round: int = 0


class Duels(Protocol):
    """Evidence between any two racers at a round barrier."""

    def log_e(self, first: str, second: str, margin: float = 0.0) -> float:
        """ln E that the first is better than the second by more than `margin`."""
        ...

    def strength(self, racer: str) -> float:
        """What the leader has most of."""
        ...

    def difference(self, first: str, second: str) -> float:
        """By how much the first looks better than the second, in units of the margin."""
        ...

    def asked(self, racer: str) -> int:
        """Its rows so far."""
        ...


class RowDuels:
    """Duels on the common rows of a run."""

    def __init__(self, field: RaceField, statistics: RankingStatistics) -> None:
        self._statistics, self._graded = statistics, field.graded
        self._stakes = race_stakes(len(field.racers), field.rows, field.drop_alpha)

    def log_e(self, first: str, second: str, margin: float = 0.0) -> float:
        """ln E that the first is better than the second by more than `margin`, in score units."""
        return log_e_value(self._statistics.pair(first, second), margin, self._stakes, graded=self._graded)

    def strength(self, racer: str) -> float:
        """The mean of its scored rows."""
        sums = self._sums(racer)
        return sums.score_sum / sums.n_scored if sums.n_scored else -1.0

    def difference(self, first: str, second: str) -> float:
        """Of their means on common rows."""
        return self._statistics.pair(first, second).difference

    def asked(self, racer: str) -> int:
        """Its rows so far."""
        return self._sums(racer).n_rows

    def _sums(self, racer: str) -> CandidateSums:
        return self._statistics.candidates.get(racer, CandidateSums())


def run_race(
    field: RaceField,
    statistics: RankingStatistics,
    known: RaceState | None,
    *,
    round_number: int,
    last: bool = False,
    unable: Collection[str] = (),
) -> RaceState:
    """The race after round `round_number`, from the sums of all rounds so far and its state after the round before.

    `last`: no rows are left. `unable`: racers whose endpoints were given up; from then on they beat nobody. Pure, so
    a repeated round gives the same state. A racer with one opponent left besides a protected champion goes on until
    that is decided too.
    """
    state = advance(field, RowDuels(field, statistics), known, round_number=round_number, last=last, unable=unable)
    if state.end in (None, "undecided") or last or _production_knows(field, statistics, state):
        return state
    return msgspec.structs.replace(state, end=None, tied=())


def advance(
    field: RaceField,
    duels: Duels,
    known: RaceState | None,
    *,
    round_number: int,
    last: bool = False,
    unable: Collection[str] = (),
) -> RaceState:
    """`run_race` on any kind of duels."""
    known = known or RaceState(field.racers)
    dropped = dict(known.dropped)
    for racer in known.active:
        if racer in unable:
            dropped[racer] = Dropped(round_number, duels.asked(racer), None, "its endpoint was given up")
    beaten = None if field.protected in dropped else known.beaten
    able = [racer for racer in field.racers if racer not in dropped]
    contenders = [racer for racer in able if beaten is None or racer != field.protected]
    leader = max(contenders, key=duels.strength, default=None)
    for racer, log_e in _certainly_not_best(field, duels, contenders, unable).items():
        mark = Dropped(round_number, duels.asked(racer), log_e, _why(log_e))
        if racer == leader:
            continue  # that everybody is dropped at once would be an accident of noise
        if racer == field.protected:
            beaten = mark
        else:
            dropped[racer] = mark
        contenders.remove(racer)
    good_enough = leader is not None and _good_enough(field, duels, contenders, leader)
    any_beaten = beaten is not None or any(mark.log_e is not None for mark in dropped.values())
    tied = _level_with(field, duels, contenders, leader) if leader is not None and good_enough else ()
    return RaceState(
        active=tuple(racer for racer in able if racer not in dropped),
        dropped=dropped,
        end=_end(len(contenders), any_beaten, good_enough, len(tied) > 1, last),
        leader=leader,
        tied=tied if len(tied) > 1 else (),
        beaten=beaten,
        round=round_number,
    )


def _certainly_not_best(
    field: RaceField, duels: Duels, contenders: list[str], unable: Collection[str]
) -> dict[str, float]:
    threshold = -log(field.drop_alpha)
    found = {}
    for racer in contenders:
        # A model that cannot be put into production must not rule out one that can: its evidence counts as 0, which
        # keeps the mean below an e-process.
        logs = [duels.log_e(other, racer) for other in field.racers if other != racer and other not in unable]
        log_e = log_mean_exp(logs, len(field.racers) - 1)
        if log_e >= threshold:
            found[racer] = log_e
    return found


def _good_enough(field: RaceField, duels: Duels, contenders: list[str], leader: str) -> bool:
    """Whether the leader certainly is not worse than any other contender by `tie_within` or more."""
    if len(contenders) < 2 or not field.rules.tie_within:
        return False
    threshold = log(2 * (len(field.racers) - 1) / field.rules.alpha)
    rivals = (other for other in contenders if other != leader)
    return all(duels.log_e(leader, other, -field.rules.tie_within) >= threshold for other in rivals)


def _level_with(field: RaceField, duels: Duels, contenders: list[str], leader: str) -> tuple[str, ...]:
    # The certificate speaks for the leader only: the others may be much worse than it.
    within = field.rules.tie_within
    return tuple(one for one in contenders if one == leader or duels.difference(leader, one) < within)


def _end(contenders: int, any_beaten: bool, good_enough: bool, tied: bool, last: bool) -> End | None:
    if contenders < 2:
        return "winner" if contenders and any_beaten else "undecided"
    if good_enough:
        return "tie" if tied else "winner"
    return "undecided" if last else None


def _production_knows(field: RaceField, statistics: RankingStatistics, state: RaceState) -> bool:
    """Whether the leader would not gain from more rows: it serves already, or its evidence is enough to."""
    settled = field.protected in (None, state.leader, *state.tied) or field.protected not in state.active
    if field.promotion_log_e is None or settled:
        return True
    pair = statistics.pair(str(state.leader), str(field.protected))
    return log_e_value(pair) >= field.promotion_log_e


def _why(log_e: float) -> str:
    odds = f"{exp(log_e):,.0f}" if log_e < log(1e6) else "over 1,000,000"
    return f"it is not the best, by evidence of {odds} to 1"
