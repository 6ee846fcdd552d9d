"""Fine-tuning: rows of a leaderboard to a server that trains, and what came of it as the model's next version.

A run is stored before anything is sent, and its job carries the run's id: whatever breaks off in between, `sync` finds
the job again, or ends the run when there is none.
"""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from typing import IO

from msgspec.structs import replace

from gero.kit import Conflict, GeroError, Invalid, blobs, clock, log, new_id
from gero.models import bases, examples, publishing, recipe, store, training, tuning_outcomes, tuning_runs
from gero.models.bodies import FineTuneInput
from gero.models.recipe import Model
from gero.models.tuning_runs import FineTuneRun
from gero.models.tuning_server import REFUSED, TuningServer
from gero.providers import Endpoint

_MARK = "gero_run"  # the job's metadata that names its run
_START_WITHIN = timedelta(minutes=10)
_GIVE_UP_AFTER = timedelta(days=30)

get, listed = tuning_runs.get, tuning_runs.listed


def start(model: Model, wanted: FineTuneInput, *, leaderboard_id: str, prompt: str) -> FineTuneRun:
    """Send the rows of a leaderboard, whose task is `prompt`, and start a job.

    Conflict while another run of the model is open; Invalid when the base cannot be fine-tuned or the rows do not
    suffice; UpstreamFailed when the server refuses.
    """
    source = publishing.version(model.workspace_id, model.id, model.latest_version)
    root, base_model = bases.api_root(source.base), wanted.base_model or source.base.model
    if not base_model:
        raise Invalid("base_model: name the model to fine-tune", field="base_model")
    recipe.check(replace(source, examples=(), prompt=prompt))  # what comes of it must be fit to be published
    version = examples.version_of(model.workspace_id, leaderboard_id, wanted.dataset_version)
    with tempfile.TemporaryFile() as file:
        written = training.write(version, file, wanted, prompt=prompt, system_prompt=source.system_prompt)
        run_id, now = new_id(), clock.iso()
        place = f"{model.workspace_id}/models/{model.id}/fine-tune/{run_id}"
        run = FineTuneRun(
            id=run_id,
            workspace_id=model.workspace_id,
            model_id=model.id,
            status="starting",
            created_at=now,
            updated_at=now,
            root=root,
            base_model=base_model,
            from_version=source.number,
            leaderboard_id=leaderboard_id,
            dataset_version=version.number,
            rows=written.rows,
            held_out=written.held_out,
            digests_key=f"{place}/rows.bin",
            prompt_key=f"{place}/prompt.txt",
            suffix=wanted.suffix,
            hyperparameters=wanted.hyperparameters,
        )
        _store(run, prompt, written.digests | _seen_before(model, base_model))
        return _sent(run, _server(run, source.base), file)


def sync(workspace_id: str, model_id: str, run_id: str) -> FineTuneRun:
    """Ask the server how a run is doing. One that succeeded becomes the model's next version, once.

    UpstreamFailed when the server cannot be asked; the run stays as it is.
    """
    run = tuning_runs.get(workspace_id, model_id, run_id)
    if not run.open:
        return run
    server = _server(run, tuning_outcomes.base_of(run))
    job = server.job(run.job_id) if run.job_id else server.find(_MARK, run.id)
    if job:
        return tuning_outcomes.applied(run, job)
    if run.job_id:
        return tuning_runs.save(run, status="failed", error="the fine-tuning server does not know the job any more")
    if clock.parse(run.created_at) + _START_WITHIN > clock.now():
        return run
    return tuning_runs.save(run, status="failed", error="it broke off before the job was started; start another run")


def sync_open(workspace_id: str, model_id: str) -> list[FineTuneRun]:
    """`sync` every open run of a model."""
    store.get(workspace_id, model_id)
    return [sync(workspace_id, model_id, run.id) for run in tuning_runs.listed(workspace_id, model_id) if run.open]


def sync_due(limit: int = 20) -> int:
    """`sync` the open runs of all workspaces, each every five minutes; returns how many were looked at."""
    looked_at = 0
    for run in tuning_runs.claim_due(limit):
        looked_at += 1
        try:
            _looked_at(run)
        except Exception as error:  # noqa: BLE001  one run's trouble must not keep the others waiting
            log.failure("fine_tune.not_synced", error, run_id=run.id)
    return looked_at


def cancel(workspace_id: str, model_id: str, run_id: str) -> FineTuneRun:
    """End an open run and its job. Conflict when it has ended otherwise."""
    run = tuning_runs.get(workspace_id, model_id, run_id)
    if run.status == "cancelled":
        return run
    if not run.open:
        raise Conflict(f"this run has {run.status} already", code="run_ended")
    server = _server(run, tuning_outcomes.base_of(run))
    job = server.job(run.job_id) if run.job_id else server.find(_MARK, run.id)
    if job is None:
        return tuning_runs.save(run, status="cancelled")
    if job.status in tuning_runs.ENDED:
        return tuning_outcomes.applied(run, job)
    return tuning_outcomes.applied(run, server.cancel(job.id))


def _looked_at(run: FineTuneRun) -> None:
    try:
        run = sync(run.workspace_id, run.model_id, run.id)
    except GeroError as error:
        log.warning("fine_tune.not_synced", run_id=run.id, code=error.code)
    if run.open and clock.parse(run.created_at) + _GIVE_UP_AFTER < clock.now():
        tuning_runs.save(run, status="failed", error="the job did not end within 30 days")


def _store(run: FineTuneRun, prompt: str, digests: set[bytes]) -> None:
    kept = {run.digests_key: b"".join(sorted(digests)), str(run.prompt_key): prompt.encode()}
    for key, content in kept.items():
        blobs.put(key, content)
    try:
        tuning_runs.begin(run)
    except Conflict:
        blobs.delete_many(list(kept))
        raise


def _sent(run: FineTuneRun, server: TuningServer, file: IO[bytes]) -> FineTuneRun:
    """Send file and job of a run that is stored."""
    try:
        run = tuning_runs.save(run, file_id=server.upload(f"gero-{run.id}.jsonl", file))
        if not run.open:
            return run
        job = server.create(dict(_wanted_job(run)))
    except GeroError as error:
        if run.file_id and error.code != REFUSED:
            log.warning("fine_tune.unclear", run_id=run.id, code=error.code)
            return run  # whether there is a job by now, `sync` finds out
        tuning_runs.save(run, status="failed", error=error.message)
        raise
    after = tuning_outcomes.applied(run, job)
    if not after.open and after.job_id is None:
        server.cancel(job.id)  # somebody ended the run before there was a job
    return after


def _wanted_job(run: FineTuneRun) -> Iterator[tuple[str, object]]:
    yield from (("model", run.base_model), ("training_file", run.file_id), ("metadata", {_MARK: run.id}))
    if run.suffix:
        yield "suffix", run.suffix
    if run.hyperparameters:
        yield "hyperparameters", run.hyperparameters


def _seen_before(model: Model, base_model: str) -> set[bytes]:
    """What the model that is trained on has seen already: one that was trained here may be trained further."""
    tuned = publishing.trained(model.workspace_id, model.id, base_model)
    return publishing.trained_rows(tuned) if tuned else set()


def _server(run: FineTuneRun, base: Endpoint) -> TuningServer:
    return TuningServer(run.root, base.headers(run.workspace_id))
