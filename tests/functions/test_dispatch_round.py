import json

from functions.dispatch_round.handler import handler
from gero.kit import table
from tests.functions.conftest import Ready
from tests.functions.context import Context
from tests.functions.workflow import planned, received


def test_a_round_becomes_one_message_for_each_model_and_block(ready: Ready, context: Context) -> None:
    run = planned(ready)
    handler(ready.event("dispatch_round", "first_round", run=run.id), context)
    jobs = [json.loads(record["body"]) for _ in range(2) for record in received()]
    assert {job["candidate_id"] for job in jobs} == {ready.good, ready.bad}
    assert all(job["run_id"] == run.id and job["block"] == 0 for job in jobs)
    assert not received()


def test_dispatching_again_sends_nothing_twice_and_keeps_the_new_token(ready: Ready, context: Context) -> None:
    run = planned(ready)
    event = ready.event("dispatch_round", "first_round", run=run.id)
    handler(event, context)
    handler(event | {"task_token": "NEW"}, context)
    assert len([record for _ in range(4) for record in received()]) == 2
    opened = table.get(f"WS#{ready.workspace}#RUN#{run.id}", "ROUND#001")
    assert opened
    assert opened["task_token"] == "NEW"
