"""Rank the candidates on what has been scored so far.

Trigger: Step Functions, after a round's last batch.
May: dynamodb:GetItem, dynamodb:Query, dynamodb:UpdateItem, s3:GetObject, s3:PutObject
"""

from typing import Any

from gero import evaluation, ranking, runs
from gero.kit import log


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Merge the round's statistics, show the interim ranking, and say whether it was the last round."""
    run = runs.get(event["workspace_id"], event["leaderboard_id"], event["run_id"])
    plan = evaluation.plan.load(run.workspace_id, run.leaderboard_id, run.id)
    standing = ranking.rank_round(plan, event["round"])
    runs.show_ranking(run, standing.document())
    log.event("round.ranked", run_id=run.id, round=event["round"], summary=standing.ranking.summary())
    return {**event, "round": event["round"] + 1, "finished": event["round"] >= plan.rounds}
