import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from functions.consolidate_dataset.handler import handler
from gero import datasets, leaderboards, runs
from gero.kit import clock, settings, workflows
from gero.runs import Run
from tests.cloud import BUCKET
from tests.events import event
from tests.functions.context import Context
from tests.functions.pushing import Pushing, asked

DONE: dict[str, Any] = {"batchItemFailures": []}


def message(pushing: Pushing, **changed: Any) -> dict[str, Any]:
    """The payload of the queue for this leaderboard, with fields of its job changed."""
    payload = event(
        "consolidate_dataset", "one_dataset", workspace=pushing.workspace, leaderboard=pushing.leaderboard.id
    )
    record = payload["Records"][0]
    record["body"] = json.dumps(json.loads(record["body"]) | changed)
    return payload


def numbers(pushing: Pushing) -> list[int]:
    return [one.number for one in datasets.versions(pushing.workspace, pushing.leaderboard.id)]


def started(pushing: Pushing) -> list[Run]:
    return list(runs.listed(pushing.workspace, pushing.leaderboard.id, 10))


def planned(pushing: Pushing) -> Run:
    """The newest run, planned: from then on it has a dataset."""
    run = started(pushing)[0]
    leaderboards.plan_run(leaderboards.get(pushing.workspace, pushing.leaderboard.id), run)
    return runs.get(pushing.workspace, pushing.leaderboard.id, run.id)


def test_waiting_rows_become_a_version_and_the_message_again_changes_nothing(pushing: Pushing) -> None:
    pushing.push("a", "b")
    pushing.push("c")
    assert handler(message(pushing), Context()) == DONE
    (version,) = datasets.versions(pushing.workspace, pushing.leaderboard.id)
    assert (version.number, version.rows) == (1, 3)
    assert handler(message(pushing), Context()) == DONE
    assert list(datasets.versions(pushing.workspace, pushing.leaderboard.id)) == [version]
    assert started(pushing) == [], "nobody asked for a run"


def test_a_dataset_that_nobody_pushed_to_is_left_alone(pushing: Pushing) -> None:
    assert handler(message(pushing, run=True), Context()) == DONE
    assert numbers(pushing) == []
    assert started(pushing) == []


def test_the_message_of_a_deleted_leaderboard_is_dropped(pushing: Pushing, caplog: pytest.LogCaptureFixture) -> None:
    pushing.push("a")
    leaderboards.delete(pushing.workspace, pushing.leaderboard.id)
    assert handler(message(pushing), Context()) == DONE
    assert numbers(pushing) == []
    assert [one.message for one in caplog.records if one.levelname != "INFO"] == [], "nothing for a person to look at"


def test_a_dataset_that_fails_is_named_and_the_others_go_on(pushing: Pushing) -> None:
    other = Pushing()
    for one in (pushing, other):
        one.push("a=" + "x" * 3000)  # too long for the table: it waits in an object
    broken = message(pushing)["Records"][0] | {"messageId": "broken"}
    unreadable = broken | {"messageId": "unreadable", "body": "{}"}
    good = message(other)["Records"][0] | {"messageId": "good"}
    waiting = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"{pushing.workspace}/")["Contents"]
    corrupt = {"Bucket": BUCKET, "Key": waiting[0]["Key"]}
    stored = boto3.client("s3").get_object(**corrupt)["Body"].read()
    boto3.client("s3").put_object(**corrupt, Body=b"no gzip")
    answer = handler({"Records": [broken, unreadable, good]}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "broken"}, {"itemIdentifier": "unreadable"}]}
    assert (numbers(pushing), numbers(other)) == ([], [1])
    boto3.client("s3").put_object(**corrupt, Body=stored)
    assert handler({"Records": [broken]}, Context()) == DONE
    assert numbers(pushing) == [1], "what failed comes again and is not lost"


@pytest.mark.parametrize("asked_by", ["leaderboard", "message"])
def test_a_run_starts_on_a_new_version_and_once_for_each(cloud: None, asked_by: str) -> None:
    pushing = Pushing(run_on_new_version=asked_by == "leaderboard")
    pushing.add_models()
    wanted = message(pushing, run=asked_by == "message")
    pushing.push("a", "b")
    assert handler(wanted, Context()) == DONE
    (run,) = started(pushing)
    assert run.source == "dataset_improvement"
    assert workflows.status(run.id) == "RUNNING"
    first = planned(pushing)
    assert first.dataset
    assert first.dataset["version"] == 1
    assert handler(wanted, Context()) == DONE, "redelivered while it is active"
    runs.finish(first, "completed")
    assert handler(wanted, Context()) == DONE, "redelivered after its end"
    assert len(started(pushing)) == 1
    pushing.push("c")
    assert handler(wanted, Context()) == DONE
    second = planned(pushing)
    assert second.dataset
    assert (len(started(pushing)), second.dataset["version"]) == (2, 2)


def test_a_version_that_comes_while_a_run_is_active_is_looked_at_again(
    cloud: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushing = Pushing(run_on_new_version=True)
    pushing.add_models()
    pushing.push("a")
    handler(message(pushing), Context())
    first = planned(pushing)
    pushing.push("b")
    assert handler(message(pushing), Context()) == DONE
    assert (numbers(pushing), len(started(pushing))) == ([2, 1], 1)
    runs.finish(first, "completed")
    assert datasets.send_due_consolidations() == 0
    soon = clock.now() + timedelta(minutes=10)
    monkeypatch.setattr(clock, "now", lambda: soon)
    assert datasets.send_due_consolidations() == 1
    assert handler({"Records": asked()}, Context()) == DONE
    assert len(started(pushing)) == 2
    assert datasets.intake.read(pushing.workspace, pushing.leaderboard.id).due_at is None


def test_without_models_enough_the_version_is_made_and_no_run_starts(
    cloud: None, caplog: pytest.LogCaptureFixture
) -> None:
    pushing = Pushing(run_on_new_version=True)
    pushing.add_models(1)
    pushing.push("a")
    assert handler(message(pushing), Context()) == DONE
    assert (numbers(pushing), started(pushing)) == ([1], [])
    assert [vars(one)["code"] for one in caplog.records if one.message == "improvement.skipped"] == ["too_few_models"]


def test_a_version_without_rows_starts_no_run(cloud: None) -> None:
    pushing = Pushing(run_on_new_version=True)
    pushing.push("a")
    handler(message(pushing), Context())
    pushing.add_models()
    datasets.remove(pushing.workspace, pushing.leaderboard.id, "a", pushing.leaderboard.rules())
    assert handler(message(pushing), Context()) == DONE
    assert (numbers(pushing), started(pushing)) == ([2, 1], [])


def test_a_run_that_could_not_be_started_is_tried_again(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pushing = Pushing(run_on_new_version=True)
    pushing.add_models()
    pushing.push("a")
    payload = message(pushing)
    machine = settings.required("GERO_STATE_MACHINE_ARN")
    monkeypatch.setenv("GERO_STATE_MACHINE_ARN", f"{machine}-gone")
    assert handler(payload, Context()) == {
        "batchItemFailures": [{"itemIdentifier": payload["Records"][0]["messageId"]}]
    }
    monkeypatch.setenv("GERO_STATE_MACHINE_ARN", machine)
    assert handler(payload, Context()) == DONE
    assert [run.status for run in started(pushing)] == ["queued", "failed"]
