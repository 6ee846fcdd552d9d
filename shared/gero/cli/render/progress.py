"""Live progress: a run on its way, a file being pushed or fetched. Where there is no terminal, a line now and then."""

import time
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from gero.cli.client import Client
from gero.cli.polling import ENDED, WAITING, follow_run
from gero.cli.render import formats
from gero.cli.render.runs import calls

_LINE_EVERY_SECONDS: Final = 10


class _Display(Protocol):
    def show(self, run: dict[str, Any]) -> None: ...


def watch_run(client: Client, leaderboard_id: str, run_id: str, console: Console) -> dict[str, Any]:
    """Show a run on `console` until it ends, or waits for a person, and return it, whatever its status is then.

    KeyboardInterrupt ends the watching, not the run; Failure when the API stays out of reach.
    """
    run: dict[str, Any] = {}
    with _RunBar(console) if console.is_terminal else nullcontext(_RunLines(console)) as display:
        for run in follow_run(client, leaderboard_id, run_id):
            display.show(run)
    return run


def byte_progress(console: Console, total_bytes: int | None) -> "AbstractContextManager[ByteBar | None]":
    """A bar of the bytes of a file that went through; None where there is no terminal."""
    return ByteBar(console, total_bytes) if console.is_terminal else nullcontext(None)


class ByteBar:
    """The share of a file that went through, and what it gave; a moving bar when the size is unknown."""

    def __init__(self, console: Console, total_bytes: int | None) -> None:
        text = TextColumn("{task.fields[facts]}")
        self._progress = Progress(
            SpinnerColumn(), BarColumn(), text, TimeElapsedColumn(), console=console, transient=True
        )
        self._task = self._progress.add_task("", total=total_bytes, facts="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def show(self, position: int | None, facts: str) -> None:
        """Move to `position`, in bytes of the file."""
        self._progress.update(self._task, completed=position, facts=facts)


class _RunBar:
    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[facts]}"),
            TimeElapsedColumn(),
            TextColumn("[dim]left"),
            TimeRemainingColumn(compact=True),
            console=console,
            expand=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def show(self, run: dict[str, Any]) -> None:
        if self._task is None:
            self._task = self._progress.add_task(run["status"], total=None, facts="")
            self._progress.tasks[0].start_time = self._progress.get_time() - _seconds_since_start(run)
        progress = run["progress"]
        self._progress.update(
            self._task,
            description=run["status"],
            total=progress["cells_total"] or None,
            completed=progress["cells_done"],
            facts=_facts(run),
        )
        if run["status"] in ENDED | WAITING:
            self._progress.stop_task(self._task)


class _RunLines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = ""
        self._next = 0.0

    def show(self, run: dict[str, Any]) -> None:
        now = time.monotonic()
        if run["status"] == self._status and now < self._next:
            return
        self._status, self._next = run["status"], now + _LINE_EVERY_SECONDS
        self._console.print(f"{run['status']}: {_facts(run)}", markup=False)


def _facts(run: dict[str, Any]) -> str:
    progress = run["progress"]
    facts = [
        f"{calls(progress)} calls",
        formats.counted(progress["errors"], "error"),
        formats.money(run["cost_usd"]),
        formats.one_line(run["waits_for"]) if run.get("waits_for") else "",
    ]
    return ", ".join(filter(None, facts))


def _seconds_since_start(run: dict[str, Any]) -> float:
    started = formats.moment(run.get("started_at") or run["created_at"])
    # A clock that differs from the API's must not show a time below zero.
    return max(0.0, (datetime.now(UTC) - started).total_seconds()) if started else 0.0
