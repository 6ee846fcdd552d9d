"""The settings of a PUSH dataset as options of `gero leaderboard create` and `update`."""

from typing import Annotated, Any, Final, TypedDict

import typer

from gero.cli.failure import USAGE, Failure
from gero.cli.options import ALGORITHMS, NONE, Algorithm

_PANEL: Final = "Rows that are pushed"
_COUNTS: Final = {"daily_event_limit": "--daily-limit", "monthly_event_limit": "--monthly-limit"}


def _option(*names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel=_PANEL, **settings)


class PushOptions(TypedDict, total=False):
    """What may be given, by the API's names; None where it was not."""

    max_samples_to_gather: Annotated[
        int | None, _option("--max-samples", min=1, metavar="N", help="Keep at most so many rows in a version.")
    ]
    auto_limit_size: Annotated[
        bool | None, _option("--auto-limit/--no-auto-limit", help="Sample rows beyond that, or refuse them.")
    ]
    sampling_algorithm: Annotated[
        Algorithm | None,
        _option("--sampling", case_sensitive=False, metavar="WHICH", help=f"Which rows stay: {ALGORITHMS}."),
    ]
    daily_event_limit: Annotated[
        str | None, _option("--daily-limit", metavar="N|none", help="Accept at most so many rows a day (UTC).")
    ]
    monthly_event_limit: Annotated[
        str | None, _option("--monthly-limit", metavar="N|none", help="Accept at most so many rows a month (UTC).")
    ]
    end_date: Annotated[
        str | None, _option("--end-date", metavar="DATE|none", help="Last day on which rows are accepted: 2026-12-31.")
    ]
    consolidate_every_events: Annotated[
        int | None, _option("--consolidate-events", min=1, metavar="N", help="Make a new version after so many rows.")
    ]
    consolidate_every_hours: Annotated[
        int | None, _option("--consolidate-hours", min=1, metavar="N", help="Make a new version after so many hours.")
    ]
    dedupe: Annotated[bool | None, _option("--dedupe/--no-dedupe", help="Take a row once, or each time it comes.")]
    run_on_new_version: Annotated[
        bool | None, _option("--run-on-new-version/--no-run-on-new-version", help="Run after each new version.")
    ]


def push_fields(options: PushOptions) -> dict[str, Any]:
    """The API's fields of what was given; `none` takes a limit or the end date away."""
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    for name, option in _COUNTS.items():
        if name in given:
            given[name] = _count(option, given[name])
    if given.get("end_date") == NONE:
        given["end_date"] = None
    return given


def _count(option: str, text: str) -> int | None:
    if text == NONE:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise Failure(f"{option} {text} is neither a number of rows nor none", USAGE)
    return int(text)
