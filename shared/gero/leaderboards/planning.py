"""From a leaderboard to the plan of a run: its dataset frozen, its candidates fixed, its rows in blocks."""

from functools import partial
from itertools import islice
from typing import Any, Unpack

import msgspec

from gero import access, datasets, models, ranking, runs
from gero.datasets import DatasetVersion, PushRules
from gero.evaluation import Evaluation, EvaluationPlan, PlannedCandidate, Race, even_layout
from gero.evaluation import plan as plans
from gero.kit import Conflict, Invalid, NotFound, money
from gero.leaderboards import candidates, dataset_traces, earlier, judging
from gero.leaderboards.candidates import Candidate
from gero.leaderboards.leaderboard import Leaderboard
from gero.runs import Run

MIN_CANDIDATES = 2
BLOCKS_PER_ROUND = 50
# Above so many rows a race is run unless it is asked for or ruled out: below there is little to save.
RACE_ROWS = 1000
_FIRST_ROUND, _LEAST_ROUND, _GROWTH = 20, 20, 1.25  # a race's rounds: a 20th of the rows, then growing
# A worker asks a block in waves of `concurrency` calls. Fewer waves waste the last one's empty places; more make a
# batch so long that it must be handed back.
WAVES = 16
MIN_ROWS_PER_BLOCK, MAX_ROWS_PER_BLOCK = 128, 1024


def start_run(leaderboard: Leaderboard, source: runs.Source, **options: Unpack[runs.Options]) -> Run:
    """Start a run. Conflict or Invalid as `pinned_version` and `callable_candidates`, Conflict while one is active."""
    pinned_version(leaderboard, options.get("dataset_version"))
    present = callable_candidates(leaderboard)
    configuration = {
        "leaderboard": leaderboard.configuration(),
        "models": [candidates.shown(leaderboard.workspace_id, candidate) for candidate in present],
    }
    if leaderboard.eval_type == "judge":
        judging.check_judge(leaderboard)
    options["max_cost_nanos"] = cost_limit(leaderboard, options)
    if leaderboard.dataset_type == "PUSH":
        options["accepted_rows"] = datasets.accepted_rows(leaderboard.workspace_id, leaderboard.id)
    return runs.start(leaderboard.workspace_id, leaderboard.id, source=source, configuration=configuration, **options)


def plan_run(leaderboard: Leaderboard, run: Run) -> EvaluationPlan:
    """Make and store the run's plan. Invalid when the dataset cannot be used; Conflict when the run ended meanwhile;
    PaymentRequired when the run would use more rows than the workspace's plan allows.

    The leaderboard is taken as it was when the run was started. Planning again (the workflow retried) plans the same
    rows in the same order, unless the dataset changed meanwhile.
    """
    configuration = runs.configuration(run)
    now = leaderboard
    leaderboard = Leaderboard.model_validate(now.model_dump() | configuration["leaderboard"])
    if now.dataset_type != leaderboard.dataset_type:
        raise Conflict("the leaderboard takes pushed rows since this run was started; run again")
    version = pinned_version(leaderboard, run.dataset_version) or _frozen_dataset(leaderboard, now.rules())
    access.plans.of(run.workspace_id).check("run_rows", min(version.rows, run.rows_limit or version.rows))
    planned = _planned(leaderboard, configuration)
    seen, by = _seen_rows(leaderboard, planned)
    rounds = partial(round_layout, leaderboard)
    blocks = runs.blocks.write(
        version,
        plans.run_prefix(leaderboard.workspace_id, leaderboard.id, run.id),
        lambda rows: [block for one in rounds(rows) for block in one],
        runs.blocks.Selection(
            # The leaderboard's, not the run's: then runs share their order, and what one has asked the next finds.
            seed=leaderboard.id,
            limit=run.rows_limit,
            algorithm=run.algorithm,
            without=seen,
            need_expected=leaderboard.eval_type == "exact",
            # A person who runs again wants the same rows; a schedule that is limited gets to know others each time.
            draw=run.id if run.source == "schedule" else None,
        ),
    )
    if not blocks.rows:
        raise Invalid(
            f"every row was shown to {' or '.join(by)}, or trained on; add other rows, or deploy another version",
            code="no_unseen_rows",
        )
    scoring = evaluation_of(leaderboard, planned, blocks.answered)
    known = earlier.found(leaderboard, planned, scoring, pinned=run.dataset_version is not None)
    plan = EvaluationPlan(
        workspace_id=leaderboard.workspace_id,
        leaderboard_id=leaderboard.id,
        run_id=run.id,
        prompt=leaderboard.system_prompt,
        evaluation=scoring,
        candidates=known.candidates,
        rows=blocks.rows,
        block_rows=blocks.block_rows,
        round_blocks=tuple(len(one) for one in rounds(blocks.rows)),
        in_flight=leaderboard.concurrency,
        seed=leaderboard.id,
        dataset=_described(version, run, blocks, by),
        starts=blocks.starts,
        race=_race(leaderboard, blocks.rows, len(planned)),
        champion_id=now.production.model_id if now.production else None,
        reuse=leaderboard.reuse_answers and not run.fresh,
        target=leaderboard.evaluation_target,
        max_cost_nanos=run.max_cost_nanos,
        evidence_from=known.evidence_from,
    )
    plans.save(plan)
    runs.begin(run, dataset=plan.dataset, cells_total=blocks.rows * len(plan.candidates))
    return plan


def round_layout(leaderboard: Leaderboard, rows: int) -> list[list[int]]:
    """The rounds of a run on so many rows: of each, the rows of its blocks."""
    size = max(MIN_ROWS_PER_BLOCK, min(WAVES * leaderboard.concurrency, MAX_ROWS_PER_BLOCK))
    if not is_raced(leaderboard, rows):
        block_rows, round_blocks = even_layout(rows, size, BLOCKS_PER_ROUND)
        blocks = iter(block_rows)
        return [list(islice(blocks, count)) for count in round_blocks]
    rounds, left, wanted = [], rows, max(_LEAST_ROUND, rows / _FIRST_ROUND)
    while left:
        taken = left if left < 2 * wanted else int(wanted)
        pieces = -(-taken // size)
        rounds.append([taken // pieces + (number < taken % pieces) for number in range(pieces)])
        left, wanted = left - taken, wanted * _GROWTH
    return rounds


def _race(leaderboard: Leaderboard, rows: int, candidates: int) -> Race | None:
    if not is_raced(leaderboard, rows):
        return None
    return Race(promotion_log_e=ranking.log_threshold(leaderboard.promotion_policy, candidates - 1))


def is_raced(leaderboard: Leaderboard, rows: int) -> bool:
    """Whether a run on so many rows is a race."""
    if leaderboard.racing == "auto":
        return rows > RACE_ROWS and leaderboard.eval_type != "human"
    return leaderboard.racing == "on" and leaderboard.eval_type != "human"


def evaluation_of(leaderboard: Leaderboard, planned: tuple[PlannedCandidate, ...], answered: float = 1.0) -> Evaluation:
    """How a run of these candidates is scored. Conflict when no judge can be had.

    `answered`: the share of rows that have an accepted answer.
    """
    judge = judging.judge_of(leaderboard, planned, answered) if leaderboard.eval_type == "judge" else None
    return Evaluation(leaderboard.eval_type, tuple(leaderboard.normalizers), leaderboard.answer_pattern, judge)


def callable_candidates(leaderboard: Leaderboard) -> list[Candidate]:
    """Those that a run would compare. Conflict with fewer than two, or with one that cannot be called as things are."""
    present = list(candidates.listed(leaderboard.workspace_id, leaderboard.id))
    if len(present) < MIN_CANDIDATES:
        raise Conflict(
            f"a run compares at least {MIN_CANDIDATES} models, this leaderboard has {len(present)}; add models first",
            code="too_few_models",
        )
    for candidate in present:
        check_callable(leaderboard, candidate)
    return present


def check_callable(leaderboard: Leaderboard, candidate: Candidate) -> None:
    """Conflict when the candidate cannot be called as things are."""
    try:
        models.check_connected(leaderboard.workspace_id, candidates.resolved(leaderboard.workspace_id, candidate))
    except (Conflict, NotFound) as error:
        raise Conflict(f"{candidate.name}: {error.message}", code=error.code, model_id=candidate.id) from error


def pinned_version(leaderboard: Leaderboard, number: int | None) -> DatasetVersion | None:
    """The version of the dataset that a run is to evaluate, None where it was not said. Invalid when there is none of
    that number; Conflict when it has no rows.
    """
    if number is None:
        return None
    try:
        version = datasets.version(leaderboard.workspace_id, leaderboard.id, number)
    except NotFound as error:
        message = f"dataset_version: this leaderboard's dataset has no version {number}; choose one of its versions"
        raise Invalid(message, field="dataset_version") from error
    if not version.rows:
        message = f"dataset_version: version {number} of the dataset has no rows; choose another one"
        raise Conflict(message, code="empty_dataset", field="dataset_version")
    return version


def cost_limit(leaderboard: Leaderboard, options: runs.Options) -> int | None:
    """The nano-dollars that a run may spend before it pauses: its own limit, else the leaderboard's; None for any."""
    limit = options.get("max_cost_nanos")
    if limit is None and leaderboard.max_run_cost_usd is not None:
        return money.to_nanos(leaderboard.max_run_cost_usd)
    return limit


def _frozen_dataset(leaderboard: Leaderboard, rules: PushRules) -> DatasetVersion:
    """The newest data. Pushed rows are kept by the rules of now: they are the dataset's, not the run's."""
    if leaderboard.dataset_type == "PUSH":
        version = dataset_traces.consolidate(leaderboard, rules)
        if version is None or version.rows == 0:
            raise Invalid("the dataset has no rows yet; push some first", code="empty_dataset")
        return version
    return datasets.freeze_upstream(
        leaderboard.workspace_id,
        leaderboard.id,
        str(leaderboard.dataset_url),
        mapping=leaderboard.field_mapping,
        token=access.integrations.token_of(leaderboard.workspace_id, "huggingface"),
    )


def _planned(leaderboard: Leaderboard, configuration: dict[str, Any]) -> tuple[PlannedCandidate, ...]:
    wanted = [model["id"] for model in configuration["models"]]
    found = [candidates.get(leaderboard.workspace_id, leaderboard.id, candidate_id) for candidate_id in wanted]
    return tuple(
        PlannedCandidate(id=one.id, name=one.name, endpoint=candidates.resolved(leaderboard.workspace_id, one))
        for one in found
    )


def _seen_rows(leaderboard: Leaderboard, planned: tuple[PlannedCandidate, ...]) -> tuple[set[bytes], list[str]]:
    """Digests of the rows that Dr.Gero models among the candidates were given with their answers, and which models. No
    candidate is asked them: they would be no test of that one, and all are compared on the same rows.
    """
    seen: set[bytes] = set()
    by: list[str] = []
    for one in planned:
        if one.endpoint.version is not None:
            candidate = candidates.get(leaderboard.workspace_id, leaderboard.id, one.id)
            model_id = str(candidate.drgero_model_id)
            own = models.seen_rows(leaderboard.workspace_id, model_id, one.endpoint.version)
            seen |= own
            by += [f"{one.name} (version {one.endpoint.version})"] if own else []
    return seen, by


def _described(version: DatasetVersion, run: Run, blocks: runs.blocks.Written, seen_by: list[str]) -> dict[str, Any]:
    described: dict[str, Any] = msgspec.to_builtins(version)
    described["version"] = described.pop("number")
    del described["key"]
    if blocks.duplicates:
        described["duplicates_left_out"] = blocks.duplicates
    different = version.rows - blocks.duplicates
    wanted = min(different, run.rows_limit or different)
    if blocks.rows < wanted:
        described["rows_left_out"] = wanted - blocks.rows
        described["seen_by"] = seen_by
    if run.rows_limit is not None:
        described["limit"] = {"rows": run.rows_limit, "algorithm": run.algorithm}
    return described
