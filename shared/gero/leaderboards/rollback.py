"""One call that brings back what served before, exactly as it was served, and keeps runs from undoing that."""

from gero.kit import Conflict, Unavailable, clock, table
from gero.leaderboards import notifications, promotions, store
from gero.leaderboards.leaderboard import Leaderboard, ModelSelection, Production
from gero.leaderboards.promotions import Change, Promotion

_TRIES = 5


def roll_back(leaderboard: Leaderboard, *, by: str = promotions.NOBODY, to: str | None = None) -> Leaderboard:
    """Serve the model that served before the present one: the same endpoint, parameters, secret and prompt.

    `to`: id of a decision; then what served after it. The model is pinned, and held as it was: runs change neither it
    nor its prompt until a person selects a model or takes the pin away. It need not be a candidate any more. Asked for
    what serves already, it changes nothing. Conflict when nothing served before; NotFound when there is no such
    decision.
    """
    for _ in range(_TRIES):
        now = promotions.serving(leaderboard)
        if now.target is None:
            raise Conflict("no model serves yet; complete a run first", code="nothing_to_roll_back")
        served_id = _asked(leaderboard, to) if to else promotions.predecessor(leaderboard, now)
        if served_id == now.served_id and now.held:
            return leaderboard
        try:
            table.transact(_writes(leaderboard, now, served_id, by))
        except Conflict:
            leaderboard = store.get(leaderboard.workspace_id, leaderboard.id)
            continue
        return store.get(leaderboard.workspace_id, leaderboard.id)
    raise Unavailable("the leaderboard is being changed by others; try again")


def _asked(leaderboard: Leaderboard, promotion_id: str) -> str:
    served_id = promotions.get(leaderboard.workspace_id, leaderboard.id, promotion_id).served_id
    if served_id is None:
        raise Conflict("to: no model served after this decision", code="nothing_to_roll_back", field="to")
    return served_id


def _writes(leaderboard: Leaderboard, now: promotions.Serving, served_id: str, by: str) -> list[table.Write]:
    target = promotions.served(leaderboard, served_id) if served_id != now.served_id else now.target
    brought: Promotion = promotions.get(leaderboard.workspace_id, leaderboard.id, served_id)
    assert target is not None
    left = now.target.name if now.target and now.target.candidate_id != target.candidate_id else "another prompt"
    since = f"{clock.parse(brought.at):%Y-%m-%d %H:%M} UTC"
    reason = f"Rolled back by hand from {left} to {target.name} as it served since {since}, and pinned."
    change = Change("rollback", reason, target, by=by, run_id=brought.run_id, held=True, brought_by=served_id)
    record, writes = promotions.writes(leaderboard, change, now)
    before = leaderboard.production
    production = Production(
        model_id=target.candidate_id,
        name=target.name,
        run_id=brought.run_id or "",
        since=before.since if before and before.model_id == target.candidate_id else clock.iso(),
        reason=reason,
    )
    pin = ModelSelection(mode="manual", model_id=target.candidate_id)
    return [
        *store.writes(leaderboard, production=production, model_selection=pin),
        *writes,
        *notifications.of_promotion(leaderboard, record),
    ]
