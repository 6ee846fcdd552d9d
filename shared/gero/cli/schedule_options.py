"""From the options of `gero schedule set` to the API's schedule object."""

from typing import Annotated, Any, Literal, TypedDict

import typer

from gero.cli.failure import USAGE, Failure
from gero.cli.options import AlgorithmOption, dataset_size

Cadence = Literal["daily", "weekly", "monthly"]


class ScheduleOptions(TypedDict, total=False):
    """What may be given; None or False where it was not."""

    cron: Annotated[
        str | None,
        typer.Option(metavar="EXPRESSION", help="Minute, hour, day of month, month, day of week: 0 6 * * 1."),
    ]
    every: Annotated[Cadence | None, typer.Option(help="Instead of --cron: at midnight, on Sundays, on the first.")]
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Clock of --cron or --every, UTC else: Europe/Berlin.")
    ]
    new_data: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="When so many pushed rows are new since the latest run.")
    ]
    check: Annotated[
        Literal["hourly", "daily", "weekly", "monthly"] | None, typer.Option(help="How often to look for new rows.")
    ]
    model_version: Annotated[Cadence | None, typer.Option(help="Look so often whether a model has a new version.")]
    rows: Annotated[int | None, typer.Option(min=1, help="A run takes at most so many rows.")]
    auto_rows: Annotated[bool, typer.Option("--auto-rows", help="Gero picks how many rows a run takes.")]
    all_rows: Annotated[bool, typer.Option("--all-rows", help="A run takes every row; so it is without an option.")]
    algorithm: AlgorithmOption


def schedule_object(options: ScheduleOptions) -> dict[str, Any]:
    """The schedule, version 2. Failure when options contradict each other, or nothing says when it runs."""
    triggers = {"cron": _cron(options), "new_data": _new_data(options), "model_version": _model_version(options)}
    enabled = {name: {"enabled": True, **trigger} for name, trigger in triggers.items() if trigger}
    if not enabled:
        raise Failure("say when it runs: --cron, --every, --new-data or --model-version", USAGE)
    return {"version": 2, "triggers": enabled, "dataset": _dataset(options), "paused": False}


def _cron(options: ScheduleOptions) -> dict[str, Any] | None:
    expression, every, timezone = options.get("cron"), options.get("every"), options.get("timezone")
    if expression and every:
        raise Failure("give either --cron or --every", USAGE)
    if not expression and not every:
        if timezone:
            raise Failure("--timezone is that of --cron or --every: give one of them", USAGE)
        return None
    when = {"preset": "CUSTOM", "expression": expression} if expression else {"preset": str(every).upper()}
    return {**when, **({"timezone": timezone} if timezone else {})}


def _new_data(options: ScheduleOptions) -> dict[str, Any] | None:
    count, check = options.get("new_data"), options.get("check")
    if count is None:
        if check:
            raise Failure("--check is how often --new-data is looked at: give both", USAGE)
        return None
    return {"every_new_events": count, **({"check_cadence": check.upper()} if check else {})}


def _model_version(options: ScheduleOptions) -> dict[str, Any] | None:
    cadence = options.get("model_version")
    return {"cadence": cadence.upper()} if cadence else None


def _dataset(options: ScheduleOptions) -> dict[str, Any]:
    return dataset_size(
        options.get("rows"),
        options.get("algorithm"),
        auto_rows=options.get("auto_rows"),
        all_rows=options.get("all_rows"),
    )
