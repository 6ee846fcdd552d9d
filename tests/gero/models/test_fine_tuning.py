from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from gero import models
from gero.kit import Conflict, Invalid, NotFound, UpstreamFailed, blobs, clock, table
from gero.models import FineTuneInput, FineTuneRun, Model, fine_tuning, store
from gero.providers import target
from infra.local.stand_ins.fine_tuning import FineTuning
from tests.gero.faults import Faults
from tests.gero.models.made import BASE, SECRET, digests, frozen, made, published, rows, tuning

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def stand_in() -> FineTuning:
    return FineTuning(api_key=SECRET)


@pytest.fixture
def url(stand_in: FineTuning) -> Iterator[str]:
    with tuning(stand_in) as url:
        yield url


@pytest.fixture
def model(url: str) -> Model:
    """A model to be fine-tuned on a leaderboard of 50 rows."""
    frozen(rows(50))
    base = BASE | {"endpoint_url": url, "auth_token": SECRET, "input_cost_per_million_usd": 0.5}
    return made(base=base, creation_mode="fine_tune", system_prompt="Be brief.", parameters={"temperature": 0})


def begun(model: Model, **wanted: Any) -> FineTuneRun:
    body = FineTuneInput.model_validate(wanted)
    return fine_tuning.start(models.get("w", model.id), body, leaderboard_id="lb", prompt="Answer: {input}")


def synced(run: FineTuneRun, times: int = 1) -> FineTuneRun:
    for _ in range(times):
        run = fine_tuning.sync("w", run.model_id, run.id)
    return run


def later(monkeypatch: pytest.MonkeyPatch, **delta: int) -> None:
    moment = clock.now() + timedelta(**delta)
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_rows_become_a_model_that_is_published_and_deployed(model: Model, stand_in: FineTuning) -> None:
    run = begun(model, suffix="mine", hyperparameters={"n_epochs": 2})
    assert (run.status, run.rows, run.held_out, run.base_model) == ("validating_files", 40, 10, "keyword-small")
    job = stand_in.jobs[str(run.job_id)].document
    assert (job["metadata"], job["hyperparameters"]["n_epochs"]) == ({"gero_run": run.id}, 2)
    with pytest.raises(Conflict, match="is not deployed"):
        models.deployed_endpoint("w", model.id)
    assert [synced(run).status for _ in range(2)] == ["queued", "running"]
    assert models.get("w", model.id).latest_version == 1
    ended = synced(run)
    assert (ended.status, ended.version, ended.error) == ("succeeded", 2, None)
    assert ended.finished_at
    assert ended.trained_tokens
    version = models.version("w", model.id, 2)
    assert (version.source, version.fine_tune_run_id, version.system_prompt) == ("fine_tune", run.id, "Be brief.")
    assert version.base.model == ended.fine_tuned_model == job["fine_tuned_model"]
    endpoint = models.deployed_endpoint("w", model.id)
    assert (endpoint.version, endpoint.parameters) == (2, {"temperature": 0})
    assert endpoint.headers("w")["Authorization"] == f"Bearer {SECRET}"
    found = target.load(target.model_key("w", model.id))
    assert isinstance(found, target.Target)
    assert found.endpoint == endpoint


def test_the_rows_it_was_trained_on_are_known_and_the_others_can_measure_it(model: Model) -> None:
    run = synced(begun(model), 3)
    seen = models.seen_rows("w", model.id, int(run.version or 0))
    assert len(seen) == 40
    assert len(digests(rows(50)) - seen) == run.held_out == 10
    assert models.seen_rows("w", model.id, 1) == set()
    # What is trained further has seen the rows of both trainings.
    frozen(rows(60))
    again = synced(begun(model), 3)
    assert again.base_model == run.fine_tuned_model
    both = models.seen_rows("w", model.id, int(again.version or 0))
    assert seen < both
    # And what is trained anew from the plain model only those of its own.
    plain = synced(begun(model, base_model="keyword-small", dataset_version=1), 3)
    assert models.seen_rows("w", model.id, int(plain.version or 0)) == seen


def test_however_often_it_is_synced_it_is_published_once(model: Model, faults: Faults) -> None:
    run = synced(begun(model), 2)
    faults.meanwhile("dynamodb", "TransactWriteItems", lambda _: synced(run))
    assert synced(run).version == 2
    assert synced(run, 3).version == 2
    assert fine_tuning.sync_open("w", model.id) == []
    assert models.get("w", model.id).latest_version == 2


def test_what_is_published_meanwhile_comes_before_it(model: Model, faults: Faults) -> None:
    run = synced(begun(model), 2)
    faults.meanwhile("dynamodb", "TransactWriteItems", lambda _: published(model, note="by hand"))
    assert synced(run).version == 3
    assert models.version("w", model.id, 2).note == "by hand"


def test_a_model_that_does_not_update_itself_is_deployed_by_hand(url: str) -> None:
    frozen(rows(20))
    model = made(base=BASE | {"endpoint_url": url, "auth_token": SECRET}, auto_update_model=False)
    assert synced(begun(model), 3).version == 2
    assert models.get("w", model.id).deployed_version == 1


def test_a_model_has_one_run_at_a_time(model: Model, stand_in: FineTuning) -> None:
    run = begun(model)
    with pytest.raises(Conflict, match="is active") as refused:
        begun(model)
    assert refused.value.code == "fine_tune_active"
    assert len(stand_in.files) == len(stand_in.jobs) == 1
    assert len(list(blobs.keys(f"w/models/{model.id}/fine-tune/"))) == 2  # of the first run: its rows and its prompt
    with pytest.raises(Conflict, match="is active"):
        models.delete("w", model.id)
    assert fine_tuning.cancel("w", model.id, run.id).status == "cancelled"
    second = begun(model)
    assert [one.id for one in fine_tuning.listed("w", model.id)] == [second.id, run.id]
    assert [one.status for one in fine_tuning.sync_open("w", model.id)] == ["queued"]


def test_a_model_that_was_deleted_meanwhile_is_not_trained(model: Model, stand_in: FineTuning, faults: Faults) -> None:
    faults.meanwhile("dynamodb", "TransactWriteItems", lambda _: models.delete("w", model.id))
    with pytest.raises(Conflict):
        begun(model)
    assert not stand_in.files
    assert not list(blobs.keys(f"w/models/{model.id}/"))


def test_a_cancelled_run_is_cancelled_at_the_server(model: Model, stand_in: FineTuning) -> None:
    run = synced(begun(model))
    ended = fine_tuning.cancel("w", model.id, run.id)
    assert (ended.status, stand_in.jobs[str(run.job_id)].document["status"]) == ("cancelled", "cancelled")
    assert fine_tuning.cancel("w", model.id, run.id) == synced(run) == ended
    done = synced(begun(model), 3)
    with pytest.raises(Conflict, match="has succeeded already"):
        fine_tuning.cancel("w", model.id, done.id)


def test_a_run_that_had_ended_when_it_was_cancelled_is_kept(model: Model, stand_in: FineTuning) -> None:
    run = begun(model)
    stand_in.jobs[str(run.job_id)].looks = 5
    assert fine_tuning.cancel("w", model.id, run.id).status == "succeeded"
    assert models.get("w", model.id).latest_version == 2


def test_a_job_that_failed_says_why(model: Model, stand_in: FineTuning) -> None:
    run = begun(model)
    stand_in.jobs[str(run.job_id)].fault = "Line 3 is odd."
    ended = synced(run)
    assert (ended.status, ended.error, ended.version) == ("failed", "Line 3 is odd.", None)
    assert models.get("w", model.id).latest_version == 1
    assert begun(model).open


def test_a_job_that_the_server_lost_has_failed(model: Model, stand_in: FineTuning) -> None:
    run = begun(model)
    stand_in.jobs.clear()
    assert "does not know the job any more" in str(synced(run).error)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"auth_token": "sk-wrong-0123456789"}, "answered 401: Incorrect API key provided: …."),
        ({"model": "gpt-none"}, "answered 400: Model gpt-none is not available for fine-tuning."),
    ],
)
def test_what_the_server_refuses_is_told_and_makes_way(
    url: str, stand_in: FineTuning, change: dict[str, str], told: str
) -> None:
    frozen(rows(20))
    model = made(base=BASE | {"endpoint_url": url, "auth_token": SECRET} | change)
    for _ in range(2):
        with pytest.raises(UpstreamFailed, match=told):
            begun(model)
    failed = list(fine_tuning.listed("w", model.id))
    assert [one.status for one in failed] == ["failed", "failed"]
    assert told in str(failed[0].error)
    assert not stand_in.jobs


def test_a_base_that_cannot_be_tuned_is_refused_before_anything_is_sent(model: Model, stand_in: FineTuning) -> None:
    with pytest.raises(NotFound):
        begun(model, dataset_version=9)
    published(model, base=BASE | {"endpoint_url": "http://127.0.0.1:9/generate", "auth_method": "none"})
    with pytest.raises(Invalid, match="ends in /chat/completions"):
        begun(model)
    published(model, base=BASE | {"model": None})
    with pytest.raises(Invalid, match="base_model: name the model"):
        begun(model)
    assert not stand_in.files
    assert not list(fine_tuning.listed("w", model.id))


def test_open_runs_are_looked_at_every_five_minutes(
    model: Model, stand_in: FineTuning, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(model)
    assert fine_tuning.sync_due() == 0
    for _ in range(3):
        later(monkeypatch, minutes=6)
        assert models.sync_due(10) == 1
        assert models.sync_due(10) == 0
    assert fine_tuning.get("w", model.id, run.id).status == "succeeded"
    later(monkeypatch, minutes=6)
    assert models.sync_due(10) == 0


def test_two_ticks_look_at_a_run_once(model: Model, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(model)
    later(monkeypatch, minutes=6)
    others: list[int] = []
    faults.meanwhile("dynamodb", "UpdateItem", lambda _: others.append(models.sync_due()))
    assert (models.sync_due(), others) == (0, [1])


def test_a_server_that_cannot_be_asked_leaves_the_run_open_until_it_is_given_up(
    model: Model, stand_in: FineTuning, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(model)
    stand_in._api_key = "sk-rotated-0123456789"
    with pytest.raises(UpstreamFailed, match="401"):
        synced(run)
    later(monkeypatch, minutes=6)
    assert models.sync_due() == 1
    assert fine_tuning.get("w", model.id, run.id).open
    # A token that is replaced in a newer version is the one that is used.
    published(model, base=BASE | {"endpoint_url": f"{run.root}/chat/completions", "auth_token": stand_in._api_key})
    assert synced(run).status == "queued"
    later(monkeypatch, days=31)
    stand_in._api_key = "sk-lost-0123456789"
    assert models.sync_due() == 1
    assert "did not end within 30 days" in str(fine_tuning.get("w", model.id, run.id).error)


def test_no_secret_is_stored_with_a_run(model: Model) -> None:
    synced(begun(model), 3)
    assert SECRET not in str([*table.query("WS#w"), *table.query(store.partition("w", model.id))])
