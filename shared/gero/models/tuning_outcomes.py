"""What a fine-tuning job says of its run; one that succeeded is the model's next version, once."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from gero.kit import Invalid, TooLarge, blobs
from gero.kit.table import Write
from gero.models import bases, publishing, tuning_runs
from gero.models.recipe import ModelVersion, Training
from gero.models.tuning_runs import FineTuneRun
from gero.models.tuning_server import Job
from gero.providers import Endpoint

_STATUSES = frozenset({"validating_files", "queued", "running", "paused", *tuning_runs.ENDED})


def applied(run: FineTuneRun, job: Job) -> FineTuneRun:
    """The run as its job is. Harmless when repeated, and when two do it at once."""
    status = job.status if job.status in _STATUSES else "running"
    if status == "succeeded" and not job.fine_tuned_model:
        status = "running"  # it is about to be named
    told = {
        "job_id": job.id,
        "status": status,
        "fine_tuned_model": job.fine_tuned_model,
        "trained_tokens": job.trained_tokens,
        "error": job.error,
    }
    if status == "succeeded":
        return _Outcome(run, told).published()
    if all(getattr(run, name) == value for name, value in told.items()):
        return run
    return tuning_runs.save(run, **told)


def base_of(run: FineTuneRun) -> Endpoint:
    """How the run's server is called: as the newest version says that builds on it, whose token may be a newer one."""
    for version in publishing.versions(run.workspace_id, run.model_id):
        if version.number == run.from_version or bases.same_server(version.base.url, run.root):
            return version.base
    return publishing.version(run.workspace_id, run.model_id, run.from_version).base


class _Ended(Exception):
    """Somebody else has ended the run, and published what came of it."""


class _Outcome:
    """The end of a run that succeeded: run and version are written at once."""

    def __init__(self, run: FineTuneRun, told: dict[str, Any]) -> None:
        self._run = run
        self._told = told

    def published(self) -> FineTuneRun:
        """The run as it is now."""
        place = self._run.workspace_id, self._run.model_id
        try:
            publishing.publish(*place, self._version, also=self._ending)
        except _Ended:
            pass
        except (Invalid, TooLarge) as error:
            told = f"the job has succeeded, but its version cannot be published: {error.message}"
            return tuning_runs.save(self._run, **self._told | {"status": "failed", "error": told})
        return tuning_runs.get(*place, self._run.id)

    def _version(self, _: ModelVersion | None) -> ModelVersion:
        self._run = run = tuning_runs.get(self._run.workspace_id, self._run.model_id, self._run.id)
        if not run.open:
            raise _Ended
        # With the prompt it was trained with, and without examples: there were none in the training.
        source = publishing.version(run.workspace_id, run.model_id, run.from_version)
        return ModelVersion(
            0,
            "",
            "fine_tune",
            replace(base_of(run), model=self._told["fine_tuned_model"]),
            system_prompt=source.system_prompt,
            parameters=source.parameters,
            trained_on=Training(run.leaderboard_id, run.dataset_version, run.rows, run.held_out, run.digests_key),
            fine_tune_run_id=run.id,
            prompt=_prompt(run),
            note=f"Fine-tuned on {run.rows:,} rows; {run.held_out:,} inputs were held out for evaluation.",
        )

    def _ending(self, made: ModelVersion) -> Sequence[Write]:
        return tuning_runs.changed(self._run, **self._told, version=made.number)[1]


def _prompt(run: FineTuneRun) -> str | None:
    """The leaderboard's prompt that the rows were rendered with; None of runs that did not keep it yet."""
    kept = blobs.get(run.prompt_key) if run.prompt_key else None
    return kept.decode() if kept else None
