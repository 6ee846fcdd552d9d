"""`gero push`: send the rows of a local file to a PUSH leaderboard."""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gero.cli import lookup, render
from gero.cli.command import LeaderboardOption, command, new_group
from gero.cli.failure import FAILED, USAGE, Failure
from gero.cli.faults import fault_lines
from gero.cli.pushes import Batch, RowFile, batches, json_records
from gero.cli.render import formats
from gero.cli.root import PRODUCTION
from gero.cli.session import Session
from gero.cli.spreadsheets import csv_records

if TYPE_CHECKING:
    from gero.cli.client import Client

group = new_group()

_COUNTS: Final = ("accepted_rows", "duplicate_rows", "rejected_rows")
_STATE: Final = ("pending_events", "limits", "consolidation")
_SETTINGS: Final = frozenset({"daily_event_limit", "monthly_event_limit", "end_date", "max_samples_to_gather"})
_File = Annotated[
    typer.FileBinaryRead,
    typer.Argument(metavar="FILE", help="JSONL, or .csv whose first line names the fields; may be gzip; - is stdin."),
]
_PushToken = Annotated[
    str | None,
    typer.Option(
        envvar="GERO_PUSH_TOKEN",
        metavar="TOKEN",
        help="Push with an hpd_ token of the leaderboard; others can see it in `ps`, so prefer the environment.",
    ),
]


@command(
    group,
    "push",
    'gero push feedback.jsonl.gz -l "Support triage"',
    "gero push spreadsheet.csv",
    "… | gero push -",
    panel=PRODUCTION,
)
def push(session: Session, file: _File, leaderboard: LeaderboardOption = None, push_token: _PushToken = None) -> None:
    """Push rows to a PUSH leaderboard; repeating it is safe, known rows are skipped."""
    pushing = _Pushing(*_destination(session, leaderboard, push_token))
    rows = RowFile(file)
    read = csv_records if file.name.lower().endswith((".csv", ".csv.gz")) else json_records
    with render.byte_progress(session.stderr, rows.size) as bar:
        for batch in batches(read(rows)):
            pushing.send(batch)
            if bar is not None:
                bar.show(rows.position, f"{sum(pushing.total.values()):,} rows")
            if pushing.stopped:
                break
    session.answer(pushing.report(), pushing.summary)
    if pushing.rejections:
        raise pushing.failure()


def _destination(session: Session, leaderboard: str | None, push_token: str | None) -> "tuple[Client, str]":
    if not push_token:
        return session.api, session.leaderboard_id(leaderboard)
    # A push token may not read, so a name can be looked up only by somebody who is signed in as well.
    if not lookup.is_id(leaderboard) and session.settings.token is None:
        raise Failure("a push token cannot look up names: say which leaderboard by its whole id, -l ID", USAGE)
    target = leaderboard if leaderboard and lookup.is_id(leaderboard) else session.leaderboard_id(leaderboard)
    return session.connect(None, push_token=push_token), target


class _Pushing:
    """What was pushed so far, and what came of it."""

    def __init__(self, api: "Client", leaderboard_id: str) -> None:
        self._api = api
        self._path = f"/v1/leaderboard/{leaderboard_id}/dataset/push"
        self._state: dict[str, Any] = dict.fromkeys(_STATE)
        self._last_line = 0
        self.total = dict.fromkeys(_COUNTS, 0)
        self.rejections: list[dict[str, Any]] = []
        self.stopped = False

    def send(self, batch: Batch) -> None:
        """Push a batch; `stopped` when a limit rejected all of it, so that it makes no sense to go on."""
        self.rejections += batch.faults
        self.total["rejected_rows"] += len(batch.faults)
        if not batch.rows:
            return
        try:
            # The API knows a row by its id or its content, so sending it again changes nothing.
            answer = self._api.post(self._path, {"rows": batch.rows}, repeatable=True)
        except Failure as failure:
            hint = "run it again to go on, no row is counted twice"
            sentence = f"stopped at line {batch.lines[0]}: {failure.message}; {hint}"
            raise Failure(sentence, failure.exit_code, failure.lines) from failure
        for name in _COUNTS:
            self.total[name] += answer.get(name, 0)
        self._state = {name: answer.get(name) for name in _STATE}
        self._last_line = batch.lines[-1]
        refused = answer.get("rejections") or []
        self.rejections += [{**one, "line": batch.lines[one["index"]]} for one in refused]
        self.stopped = len(refused) == len(batch.rows) and all(map(_is_a_limit, refused))

    def report(self) -> dict[str, Any]:
        """Everything, for scripts."""
        return {**self.total, "rejections": self.rejections, **self._state}

    def summary(self) -> str:
        """The numbers, for people."""
        accepted, known, rejected = self.total.values()
        told = f"{formats.counted(accepted, 'row')} accepted, {known:,} known before, {rejected:,} rejected"
        pending = self._state["pending_events"]
        return told if pending is None else f"{told}, {pending:,} waiting for the next version"

    def failure(self) -> Failure:
        """Which rows were rejected and why."""
        rejected = f"rejected {formats.counted(self.total['rejected_rows'], 'row')}"
        stopped = f"stopped after line {self._last_line}, since everything is rejected: {rejected}"
        return Failure(stopped if self.stopped else rejected, FAILED, fault_lines(self.rejections))


def _is_a_limit(rejection: dict[str, Any]) -> bool:
    # What is wrong with a row itself is invalid, or names a field of the row.
    invalid = str(rejection.get("code")).startswith("invalid")
    return not invalid and (rejection.get("field") is None or rejection["field"] in _SETTINGS)
