"""Which model judges a leaderboard's answers."""

from collections.abc import Sequence

from gero.evaluation import Judge, PlannedCandidate
from gero.leaderboards.leaderboard import Leaderboard


def judge_of(leaderboard: Leaderboard, planned: Sequence[PlannedCandidate]) -> Judge:
    """The judge of a run of these candidates."""
    raise NotImplementedError
