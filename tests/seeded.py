"""A leaderboard with a long history, written straight into table and bucket: for tests of pages and of their speed.

Everything is written by the slices' own encoders, so it is what a leaderboard of that many runs would have left.
"""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec

from gero import datasets, evaluation, leaderboards, ranking, runs
from gero.datasets import Row
from gero.evaluation import Evaluation, EvaluationPlan, PlannedCandidate
from gero.evaluation import plan as plans
from gero.kit import blobs, clock, new_id, table
from gero.kit.table import Write
from gero.leaderboards import Candidate, CandidateInput, Leaderboard, LeaderboardInput, Production, candidates, store
from gero.leaderboards.promotions import Promotion
from gero.providers import target
from gero.providers.target import Target
from gero.ranking import Decision, Ranking, RankingStatistics, Standing
from gero.runs import Run
from gero.runs.latest import note
from tests.seeded_answers import SeededAnswers

_VARIANTS = 4  # rankings that the runs share: making one takes as long as writing a run
_PLANNED = 40  # so many of the newest runs have their plans, which forecasts and new runs look at
_BLOCK = 100  # rows
_WRITES = 40  # of one transaction, which holds 4 MB
_WRITERS = 16
_TEAMS = ("billing", "shipping", "technical", "account")


class Seeded(NamedTuple):
    """What was written; the runs with the oldest first. The last one also has its rows, batches and answers."""

    leaderboard: Leaderboard
    models: tuple[Candidate, ...]
    runs: tuple[Run, ...]


def seed(workspace_id: str, models: int = 50, runs: int = 200, *, rows: int = 300) -> Seeded:
    """A leaderboard with so many models and completed runs, each of so many rows, one run a day until today."""
    made = leaderboards.create(workspace_id, _wanted())
    present = _candidates(made, models)
    asked = [
        Row(f"ticket-{number:05}", f"Ticket {number}: {_text(number)}", [_TEAMS[number % 4]]) for number in range(rows)
    ]
    version = datasets.freeze(workspace_id, made.id, asked, {"type": "upload"})
    described = msgspec.to_builtins(version) | {"version": version.number}
    asked.sort(key=lambda row: plans.place(made.id, row.input))  # as all runs of a leaderboard have their rows
    plan = _plan(made, present, asked, {name: described[name] for name in ("version", "rows", "sha256", "created_at")})
    standings = [_standing(plan, number) for number in range(min(_VARIANTS, runs))]
    ended = _runs(made, plan, standings, runs)
    _configurations(made, present, ended)
    latest = msgspec.structs.replace(plan, run_id=ended[-1].id)
    for run in ended[-_PLANNED:]:
        plans.save(msgspec.structs.replace(plan, run_id=run.id))
    SeededAnswers(latest, _seed_of(runs - 1)).write(asked)
    return Seeded(_serving(made, latest, ended), present, ended)


def _wanted() -> LeaderboardInput:
    url = "https://huggingface.co/datasets/acme/tickets/resolve/main/tickets.jsonl"
    prompt = "Which team takes this ticket? Answer with one word: billing, shipping, technical or account.\n\n{input}"
    return LeaderboardInput(name="Support triage", system_prompt=prompt, dataset_url=url)


def _text(number: int) -> str:
    chosen = random.Random(number)
    words = ("my", "parcel", "invoice", "is", "late", "wrong", "since", "Monday", "and", "the", "app", "crashes")
    return " ".join(chosen.choice(words) for _ in range(30))


def _candidates(made: Leaderboard, count: int) -> tuple[Candidate, ...]:
    wanted = [
        CandidateInput.model_validate(
            {
                "name": f"acme/model-{number:02}-instruct",
                "model": f"acme/model-{number:02}-instruct",
                "endpoint_url": "http://127.0.0.1:9/v1",
                "auth_token": f"sk-seeded-{number:02}",
                "input_cost_per_million_usd": 0.1 + number / 10,
                "output_cost_per_million_usd": 0.4 + number / 5,
            }
        )
        for number in range(count)
    ]
    present = tuple(candidates.made(made.workspace_id, one) for one in wanted)
    for start in range(0, count, _WRITES):
        some = present[start : start + _WRITES]
        keys = [candidates._key(made.workspace_id, made.id, one.id) for one in some]
        docs = [msgspec.json.encode(one).decode() for one in some]
        table.transact([Write({"pk": pk, "sk": sk, "doc": doc}) for (pk, sk), doc in zip(keys, docs, strict=True)])
    table.transact([candidates._counted(made.workspace_id, made.id, count)])
    return present


def _plan(
    made: Leaderboard, present: Sequence[Candidate], rows: Sequence[Row], dataset: dict[str, Any]
) -> EvaluationPlan:
    block_rows, round_blocks = evaluation.even_layout(len(rows), _BLOCK, 16)
    return EvaluationPlan(
        workspace_id=made.workspace_id,
        leaderboard_id=made.id,
        run_id=new_id(),
        prompt=made.system_prompt,
        evaluation=Evaluation(),
        candidates=tuple(
            PlannedCandidate(one.id, one.name, candidates.resolved(made.workspace_id, one)) for one in present
        ),
        rows=len(rows),
        block_rows=block_rows,
        round_blocks=round_blocks,
        in_flight=made.concurrency,
        seed=made.id,
        dataset=dataset,
        starts=tuple(plans.place(made.id, one.input) for one in rows[::_BLOCK]),
        reuse=True,
    )


def _standing(plan: EvaluationPlan, number: int) -> Standing:
    statistics = RankingStatistics()
    answers = SeededAnswers(plan, _seed_of(number))
    for block in range(plan.blocks):
        statistics.add_block(answers.statistics(block))
    names = {one.id: one.name for one in plan.candidates}
    ranked: Ranking = ranking.build_ranking(statistics, names, total_rows=plan.rows)
    return Standing(plan, ranked, statistics, dict.fromkeys(list(names)[:5], "HTTP 500: the model is overloaded"))


def _seed_of(run: int) -> int:
    return run % _VARIANTS


def _runs(made: Leaderboard, plan: EvaluationPlan, standings: Sequence[Standing], count: int) -> tuple[Run, ...]:
    documents = [one.document() for one in standings]
    costs = [sum(entry.cost_nanos for entry in one.ranking.entries) for one in standings]
    ids = sorted(new_id() for _ in range(count))
    found = []
    for number, run_id in enumerate(ids):
        begun = clock.now() - timedelta(days=count - 1 - number, minutes=5)
        document = documents[_seed_of(number)]
        first = document["entries"][0]["candidate_id"]
        earlier = documents[_seed_of(number - 1)]["entries"][0]["candidate_id"] if number else None
        decision = Decision("promote" if number else "first", first, earlier, "default", "It leads.")
        found.append(
            Run(
                id=run_id,
                workspace_id=made.workspace_id,
                leaderboard_id=made.id,
                source="schedule" if number % 3 else "manual",
                status="completed",
                created_at=clock.iso(begun),
                started_at=clock.iso(begun + timedelta(seconds=2)),
                finished_at=clock.iso(begun + timedelta(seconds=190)),
                dataset=plan.dataset,
                cells_total=plan.rows * len(plan.candidates),
                cells_done=plan.rows * len(plan.candidates),
                errors=sum(entry["n_errors"] for entry in document["entries"]),
                cost_nanos=costs[_seed_of(number)],
                ranking={name: value for name, value in document.items() if name != "outline"},
                outline=document["outline"],
                decision=msgspec.to_builtins(decision),
            )
        )
    writes = [one for run in found for one in (Write(runs.run.to_item(run)), _promotion(run))]
    for start in range(0, len(writes), _WRITES):
        table.transact(writes[start : start + _WRITES])
    table.transact([note(found[-1])])
    return tuple(found)


def _promotion(run: Run) -> Write:
    decision = msgspec.convert(run.decision, Decision)
    names = {entry["candidate_id"]: entry["name"] for entry in (run.ranking or {})["entries"]}
    chosen, before = decision.candidate_id or "", decision.previous_id
    record = Promotion(
        id=run.id,
        at=run.finished_at or "",
        action=decision.action,
        policy=decision.policy,
        reason=decision.reason,
        run_id=run.id,
        model_id=chosen,
        name=names[chosen],
        previous_id=before,
        previous_name=names.get(before or ""),
        served_id=run.id,
    )
    item = {"pk": runs.run.partition(run.workspace_id, run.leaderboard_id), "sk": f"PROMOTION#{run.id}"}
    return Write(item | {"doc": msgspec.json.encode(record).decode()})


def _configurations(made: Leaderboard, present: Sequence[Candidate], ended: Sequence[Run]) -> None:
    shown = [candidates.shown(made.workspace_id, one) for one in present]
    body = msgspec.json.encode({"leaderboard": made.configuration(), "models": shown})
    keys = [f"{plans.run_prefix(made.workspace_id, made.id, run.id)}/configuration.json" for run in ended]
    with ThreadPoolExecutor(_WRITERS) as writers:
        list(writers.map(lambda key: blobs.put(key, body, "application/json"), keys))


def _serving(made: Leaderboard, plan: EvaluationPlan, ended: Sequence[Run]) -> Leaderboard:
    """The leaderboard as the last run left it: with what serves."""
    last = ended[-1]
    best = plan.candidate((last.decision or {})["candidate_id"])
    serves = Target(best.id, best.name, plan.prompt, best.endpoint)
    at = target.key(made.workspace_id, made.id)
    production = Production(
        model_id=best.id, name=best.name, run_id=last.id, since=last.finished_at or "", reason="It leads."
    )
    changed = store.writes(made, latest_run_id=last.id, production=production)
    table.transact([*changed, Write(target.item(at, serves) | {"served_id": last.id, "held": False})])
    return leaderboards.get(made.workspace_id, made.id)
