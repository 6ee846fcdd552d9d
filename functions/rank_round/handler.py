"""Rank the candidates on what has been scored so far.

Trigger: Step Functions, after a round's last batch.
May: dynamodb:GetItem, dynamodb:Query, dynamodb:UpdateItem, s3:GetObject, s3:PutObject
"""

from typing import Any

from gero import evaluation, ranking, runs
from gero.kit import log


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Merge the round's statistics, show the interim ranking, and say whom the next round asks, if there is one."""
    run = runs.get(event["workspace_id"], event["leaderboard_id"], event["run_id"])
    plan = evaluation.plan.load(run.workspace_id, run.leaderboard_id, run.id)
    number = event["round"]
    standing = ranking.rank_round(plan, number)
    runs.show_ranking(run, standing.document(), standing.cells(number))
    log.event("round.ranked", run_id=run.id, round=number, summary=standing.ranking.summary())
    return {
        **event,
        "round": number + 1,
        "finished": standing.finished(number),
        "review": plan.evaluation.type == "human",
        "racers": standing.racers,
    }
