"""Queues and their consumers: no message lost, none scored twice for want of time."""

from typing import Any

from tests.infra.synthesis import Template, actions


def sources(app: Template) -> dict[str, dict[str, Any]]:
    """Function -> its event source mapping."""
    found = app.of_type("AWS::Lambda::EventSourceMapping").values()
    names = {app.logical_id_of(name): name for name in app.functions}
    return {names[source["FunctionName"]["Ref"]]: source for source in found}


def queue_of(app: Template, source: dict[str, Any]) -> dict[str, Any]:
    return app.of_type("AWS::SQS::Queue")[source["EventSourceArn"]["Fn::GetAtt"][0]]


def test_a_message_stays_hidden_while_its_function_may_still_run(app: Template) -> None:
    for name, source in sources(app).items():
        assert queue_of(app, source)["VisibilityTimeout"] >= app.functions[name]["Timeout"], name


def test_one_bad_message_does_not_return_its_whole_batch(app: Template) -> None:
    found = sources(app)
    workers = {"evaluate_batch", "abandon_batch", "record_traces", "consolidate_dataset", "shadow_requests"}
    assert set(found) == workers
    assert all(source["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for source in found.values())


def test_a_worker_takes_one_batch_and_the_number_of_workers_is_bounded(app: Template) -> None:
    source = sources(app)["evaluate_batch"]
    assert source["BatchSize"] == 1
    assert source["ScalingConfig"] == {"MaximumConcurrency": 4}


def test_traces_are_gathered_before_they_are_written(app: Template) -> None:
    source = sources(app)["record_traces"]
    assert (source["BatchSize"], source["MaximumBatchingWindowInSeconds"]) == (500, 5)


def test_challengers_are_asked_by_few_at_a_time_and_requests_that_wait_too_long_are_forgotten(app: Template) -> None:
    source = sources(app)["shadow_requests"]
    assert (source["BatchSize"], source["ScalingConfig"]) == (10, {"MaximumConcurrency": 5})
    assert queue_of(app, source)["MessageRetentionPeriod"] == 3600


def test_the_inference_endpoint_may_send_to_the_queue_that_it_is_told_of(app: Template) -> None:
    told = app.functions["serve_inference"]["Environment"]["Variables"]["GERO_SHADOW_QUEUE_URL"]["Ref"]
    assert told == sources(app)["shadow_requests"]["EventSourceArn"]["Fn::GetAtt"][0]
    (sends,) = [grant for grant in app.grants_of("serve_inference") if "sqs:SendMessage" in actions(grant)]
    assert {"Fn::GetAtt": [told, "Arn"]} in sends["Resource"]


def test_a_poisoned_message_ends_in_a_dead_letter_queue(app: Template) -> None:
    queues = app.of_type("AWS::SQS::Queue")
    redrives = [queue["RedrivePolicy"] for queue in queues.values() if "RedrivePolicy" in queue]
    targets = [redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] for redrive in redrives]
    assert sorted(redrive["maxReceiveCount"] for redrive in redrives) == [3, 3, 3, 5]
    assert len(set(targets)) == 4
    # Requests for challengers hold what people asked: of them a day.
    assert sorted(queues[target]["MessageRetentionPeriod"] // 86_400 for target in targets) == [1, 14, 14, 14]


def test_batches_given_up_reach_the_function_that_ends_them(app: Template) -> None:
    evaluation = queue_of(app, sources(app)["evaluate_batch"])
    abandoned = sources(app)["abandon_batch"]["EventSourceArn"]
    assert evaluation["RedrivePolicy"]["deadLetterTargetArn"] == abandoned


def test_every_queue_is_encrypted_and_refuses_requests_without_tls(app: Template) -> None:
    queues = app.of_type("AWS::SQS::Queue")
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())
    guarded = set()
    for policy in app.of_type("AWS::SQS::QueuePolicy").values():
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        guarded |= {queue["Ref"] for queue in policy["Queues"]}
    assert guarded == set(queues)
