"""What a person hears of."""

from typing import Any

from tests.infra.synthesis import Template


def watched(app: Template, metric: str) -> set[str]:
    """The logical ids (or names) a metric is watched for."""
    found = [alarm for alarm in app.of_type("AWS::CloudWatch::Alarm").values() if alarm.get("MetricName") == metric]
    return {_subject(alarm["Dimensions"][0]["Value"]) for alarm in found}


def _subject(value: dict[str, Any]) -> str:
    subject: str = value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]
    return subject


def test_every_dead_letter_queue_is_watched(app: Template) -> None:
    queues = app.of_type("AWS::SQS::Queue").values()
    dead = {q["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] for q in queues if "RedrivePolicy" in q}
    seen = watched(app, "NumberOfMessagesReceived") | watched(app, "ApproximateNumberOfMessagesVisible")
    assert len(dead) == 4
    assert seen == dead


def test_every_function_is_watched_for_errors(app: Template) -> None:
    assert watched(app, "Errors") == {app.logical_id_of(name) for name in app.functions}


def test_failed_runs_a_stuck_queue_and_server_errors_are_watched(app: Template) -> None:
    assert watched(app, "ExecutionsFailed") == watched(app, "ExecutionsTimedOut") != set()
    assert watched(app, "ApproximateAgeOfOldestMessage")
    assert watched(app, "5xx")


def test_every_alarm_reaches_the_topic_and_cloudwatch_may_publish_there(app: Template) -> None:
    (topic,) = app.of_type("AWS::SNS::Topic")
    for alarm in app.of_type("AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == [{"Ref": topic}]
        assert alarm["TreatMissingData"] == "notBreaching"
    statements = app.only("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    allowed = [statement["Principal"] for statement in statements if statement["Effect"] == "Allow"]
    assert allowed == [{"Service": "cloudwatch.amazonaws.com"}]
