"""`gero fine-tune`: train a model of your own on the rows of a leaderboard, where its base is served."""

from typing import Annotated, Any, Final

import typer

from gero.cli import lookup, render
from gero.cli.command import ModelOption, command, new_group
from gero.cli.failure import FAILED, INTERRUPTED, Failure
from gero.cli.options import AlgorithmOption, dataset_size, key_values
from gero.cli.polling import follow
from gero.cli.render import formats
from gero.cli.session import Session

group = new_group("Train a model of your own through the OpenAI-compatible fine-tuning API of its base.")

_ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})
_LONGEST_PAUSE_SECONDS: Final = 30.0
Run = Annotated[
    str | None, typer.Argument(metavar="RUN", help="Id or its end; the latest by default.", show_default=False)
]
Wait = Annotated[bool, typer.Option("--wait", "-w", help="Ask again until it ends; fails when the training does.")]


@command(
    group,
    "start",
    "gero fine-tune start -m Triage -l 'Support triage' --wait",
    "gero fine-tune start -m Triage --rows 500 --algorithm LAST_N --training-share 0.9",
    "gero fine-tune start -m Triage --base-model gpt-4o-mini --hyperparameter n_epochs=2 --suffix triage",
)
def start(
    session: Session,
    model: ModelOption = None,
    leaderboard: Annotated[
        str | None,
        typer.Option("--leaderboard", "-l", metavar="NAME|ID", help="Whose rows; the first of the model by default."),
    ] = None,
    wait: Wait = False,
    dataset_version: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Rows of this version of the dataset, not the newest.")
    ] = None,
    rows: Annotated[int | None, typer.Option(min=10, metavar="N", help="Take at most so many rows.")] = None,
    auto_rows: Annotated[bool, typer.Option("--auto-rows", help="Gero picks how many rows are taken.")] = False,
    all_rows: Annotated[bool, typer.Option("--all-rows", help="Take every row; so it is without an option.")] = False,
    algorithm: AlgorithmOption = None,
    training_share: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Share of the rows to train on, the rest is held out; 0.8.")
    ] = None,
    base_model: Annotated[str | None, typer.Option(metavar="MODEL", help="Train this one, not the base.")] = None,
    hyperparameter: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="For the server, such as n_epochs=3; repeat.")
    ] = None,
    suffix: Annotated[str | None, typer.Option(metavar="TEXT", help="A part of the new model's name.")] = None,
) -> None:
    """Send rows of a leaderboard to the server of the base and train on them; the server bills for it."""
    size = dataset_size(rows, algorithm, auto_rows=auto_rows, all_rows=all_rows)
    options = {
        "leaderboard_id": session.leaderboard_id(leaderboard) if leaderboard else None,
        "dataset_version": dataset_version,
        "dataset_size": size,
        "training_share": training_share,
        "base_model": base_model,
        "hyperparameters": key_values(hyperparameter, "--hyperparameter", "n_epochs=3") or None,
        "suffix": suffix,
    }
    body = {name: value for name, value in options.items() if value is not None}
    model_id = session.model_id(model)
    run = session.api.post(f"/api/models/{model_id}/fine-tune/run", body, patient=True)
    if wait:
        _wait(session, model_id, run["id"])
        return
    trained, held_out = formats.counted(run["rows"], "row"), formats.counted(run["held_out"], "row")
    session.answer(run, lambda: f"Started fine-tuning {run['id']} on {trained}; {held_out} held out")
    session.note(f"Follow it with: gero fine-tune show {run['id']} -m {model_id} --wait")


@command(group, "list", "gero fine-tune list -m Triage")
def list_runs(
    session: Session,
    model: ModelOption = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
) -> None:
    """List the fine-tuning runs of a model, the newest first."""
    found = list(session.api.every(f"{_path(session, model)}/runs", "runs", limit))
    session.answer({"runs": found, "count": len(found)}, lambda: render.fine_tune_table(found))


@command(group, "show", "gero fine-tune show -m Triage", "gero fine-tune show 9b1c22d4 -m Triage --wait")
def show(session: Session, run: Run = None, model: ModelOption = None, wait: Wait = False) -> None:
    """Show a run as it was when the server was last asked; --wait asks it until the run ends."""
    model_id = session.model_id(model)
    run_id = lookup.fine_tune_id(session.api, model_id, run)
    if wait:
        _wait(session, model_id, run_id)
        return
    found = session.api.get(f"/api/models/{model_id}/fine-tune/runs/{run_id}")
    session.answer(found, lambda: render.fine_tune_card(found))


@command(group, "sync", "gero fine-tune sync -m Triage", "gero fine-tune sync 9b1c22d4 -m Triage")
def sync(
    session: Session,
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Id or its end; all open ones by default.", show_default=False)
    ] = None,
    model: ModelOption = None,
) -> None:
    """Ask the server now how training is doing; a finished one becomes a version."""
    model_id = session.model_id(model)
    path = f"/api/models/{model_id}/fine-tune"
    if run is None:
        synced = session.api.post(f"{path}/sync", repeatable=True)
        session.answer(synced, lambda: render.fine_tune_table(synced["runs"]) if synced["runs"] else "No run is open")
        return
    run_id = lookup.fine_tune_id(session.api, model_id, run)
    found = session.api.post(f"{path}/runs/{run_id}/sync", repeatable=True)
    session.answer(found, lambda: render.fine_tune_card(found))


@command(group, "cancel", "gero fine-tune cancel -m Triage", "gero fine-tune cancel 9b1c22d4 -m Triage")
def cancel(session: Session, run: Run = None, model: ModelOption = None) -> None:
    """Stop an open run and its training."""
    model_id = session.model_id(model)
    run_id = lookup.fine_tune_id(session.api, model_id, run)
    found = session.api.post(f"/api/models/{model_id}/fine-tune/runs/{run_id}/cancel", repeatable=True)
    session.answer(found, lambda: f"Fine-tuning {run_id} is {found['status']}")


def _path(session: Session, model: str | None) -> str:
    return f"/api/models/{session.model_id(model)}/fine-tune"


def _wait(session: Session, model_id: str, run_id: str) -> None:
    """Ask until the run ends, saying what changes, and show it; Failure when it did not succeed."""
    path = f"/api/models/{model_id}/fine-tune/runs/{run_id}/sync"
    status = ""
    found: dict[str, Any] = {}

    def read() -> dict[str, Any]:
        return session.api.post(path, repeatable=True)

    try:
        for found in follow(read, lambda one: one["status"] in _ENDED, longest_pause_seconds=_LONGEST_PAUSE_SECONDS):
            if found["status"] != status:
                status = found["status"]
                session.note(f"{formats.plain(status)} …" if status not in _ENDED else formats.plain(status))
    except KeyboardInterrupt as interruption:
        place = f"{run_id} -m {model_id}"
        lines = [f"follow it: gero fine-tune show {place} --wait", f"cancel it: gero fine-tune cancel {place}"]
        raise Failure("stopped waiting, the training goes on", INTERRUPTED, lines) from interruption
    if status == "succeeded" or session.as_json:
        session.answer(found, lambda: render.fine_tune_card(found))
    if status != "succeeded":
        reason = f": {found['error']}" if found.get("error") else ""
        raise Failure(f"the training {'was cancelled' if status == 'cancelled' else 'failed'}{reason}", FAILED)
