"""What is known of a leaderboard whose requests are shadowed: who serves it, how it is traced and scored."""

import msgspec
from msgspec.structs import replace

from gero.evaluation import EvaluationPlan, PlannedCandidate
from gero.evaluation import plan as plans
from gero.kit import NotFound, log, table
from gero.providers import serving
from gero.providers.serving import ServingSettings
from gero.providers.target import Target
from gero.shadows.figures import Pair


class _Latest(msgspec.Struct):
    """The one field that is needed of a leaderboard's document, whose type is pydantic's."""

    latest_run_id: str | None = None


class Shadowing(msgspec.Struct, frozen=True):
    """Production's model, the settings, and the plan of the latest completed run: its scoring is the one in force."""

    production: Target
    settings: ServingSettings
    plan: EvaluationPlan

    def pair(self, challenger: Target) -> Pair:
        """The pair of production and a challenger, which gets production's prompt, too."""
        judge = self.plan.evaluation.judge
        return Pair(
            id=f"{self._identity(self.production)}#{self._identity(challenger)}",
            production_id=self.production.candidate_id,
            production=self.production.name,
            challenger_id=challenger.candidate_id,
            challenger=challenger.name,
            evaluation=self.plan.evaluation.type,
            judge=judge.name if judge else None,
        )

    def _identity(self, target: Target) -> str:
        asked = replace(self.plan, prompt=self.production.prompt)
        return asked.identity_of(PlannedCandidate(target.candidate_id, target.name, target.endpoint))


def load(workspace_id: str, leaderboard_id: str) -> Shadowing | None:
    """What is known; None when there is no such leaderboard (any more), or nothing serves it."""
    served = serving.of_leaderboard(workspace_id, leaderboard_id)
    item = table.get(f"WS#{workspace_id}", f"LB#{leaderboard_id}")
    if item is None or not isinstance(served, serving.Serving):
        return None
    run_id = msgspec.json.decode(item["doc"], type=_Latest).latest_run_id
    try:
        plan = plans.load(workspace_id, leaderboard_id, str(run_id))
    except NotFound as error:
        log.failure("shadows.no_plan", error, leaderboard_id=leaderboard_id)
        return None
    return Shadowing(served.target, served.settings, plan)
