"""What AWS charges for evaluated calls: operations counted where they leave the process, at list prices (DESIGN §8)."""

import pytest

from functions.evaluate_batch.handler import handler as evaluate_batch
from gero import datasets, runs
from gero.datasets import Row
from gero.evaluation import BatchJob, Evaluation, EvaluationPlan, PlannedCandidate
from gero.evaluation import plan as plans
from gero.kit import settings, table
from gero.leaderboards.planning import MAX_ROWS_PER_BLOCK, MIN_ROWS_PER_BLOCK, WAVES
from gero.providers import Endpoint, seal_secret
from tests.benchmarks.prices import DYNAMODB_WRITE, LAMBDA_GB_SECOND, LAMBDA_REQUEST, SQS, metered
from tests.functions.context import Context
from tests.functions.workflow import received
from tests.model_server import ModelServer

pytestmark = pytest.mark.benchmark

LINE_USD_PER_MILLION_CALLS = 0.50
CONCURRENCY = 16  # the default of a leaderboard
ROWS = max(MIN_ROWS_PER_BLOCK, min(WAVES * CONCURRENCY, MAX_ROWS_PER_BLOCK))
WORKER_GB = 1.0


def test_a_million_evaluated_calls_stay_below_the_line(cloud: None) -> None:
    with ModelServer(lambda model, prompt: "yes").running() as models:
        job = queued(models.url)
        records = received()
        with metered() as meter:
            assert evaluate_batch({"Records": records}, Context()) == {"batchItemFailures": []}
            bill = meter.bill()
    assert len(models.requests) == ROWS
    assert len(list(runs.rounds.batches(job.workspace_id, job.run_id, 1))) == 1
    # Around the worker: its message (sent in tens, received, deleted), its invocation, its share of the dispatch.
    operations = bill.dollars() + 2.1 * SQS + LAMBDA_REQUEST + 0.1 * DYNAMODB_WRITE
    compute = -(-ROWS // CONCURRENCY) * 0.2 * WORKER_GB * LAMBDA_GB_SECOND  # at an endpoint of 200 ms
    batches = 1_000_000 / ROWS
    print(f"\n1 M calls: operations ${operations * batches:.3f}, compute at 200 ms ${compute * batches:.3f}")
    assert (operations + compute) * batches <= LINE_USD_PER_MILLION_CALLS


def queued(url: str) -> BatchJob:
    """A batch of the default size in the queue, its run active and its round open."""
    secret = seal_secret("w", "model", "sk-secret")
    endpoint = Endpoint("custom", url, "m", "bearer", sealed_secret=secret, secret_owner="model")
    run = runs.start("w", "l", source="manual", configuration={})
    plan = EvaluationPlan(
        workspace_id="w",
        leaderboard_id="l",
        run_id=run.id,
        prompt="Answer.",
        evaluation=Evaluation(),
        candidates=(PlannedCandidate("model", "model", endpoint),),
        rows=ROWS,
        block_rows=(ROWS,),
        round_blocks=(1,),
        in_flight=CONCURRENCY,
        seed="s",
        dataset={},
    )
    plans.save(plan)
    rows = [datasets.encode(Row(id=f"q{n}", input=f"Question {n}? " * 20, expected=["yes"])) for n in range(ROWS)]
    plans.save_block(plans.run_prefix("w", "l", run.id), 0, rows)
    # Two batches in the round, so that no workflow is woken: moto has none that waits.
    runs.rounds.dispatch(plan, 1, "token", settings.required("GERO_EVALUATION_QUEUE_URL"))
    table.update(f"WS#w#RUN#{run.id}", "ROUND#001", table.Changes(add={"total": 1}))
    return BatchJob("w", "l", run.id, 1, 0, "model")
