"""What a worker has answered so far, kept so that an answer once paid for is never asked again.

Two layers. A local file gets every answer at once: it survives the death of the process (on Lambda the next runtime in
the same environment finds it). Parts in S3 get what is new every few seconds and when a batch is handed back: they
survive the loss of the environment.
"""

import asyncio
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from gero import traces
from gero.evaluation import results
from gero.evaluation.job import BatchJob
from gero.kit import blobs
from gero.traces import Trace


class Tally(msgspec.Struct, frozen=True):
    """What of a batch is done, and what was paid for it, in nano-dollars."""

    cells_done: int
    errors: int
    cost_nanos: int


class Checkpoint:
    """The journal of one batch. `answered` maps row ids to what is known of them, `unjudged` to answers that wait for
    the judge's verdict.
    """

    def __init__(self, job: BatchJob, *, redelivered: bool, judged: bool = False) -> None:
        """Reads what earlier tries left behind; S3 is asked only when there can have been one."""
        self._parts_prefix = results.parts_prefix(job)
        self._path = Path(tempfile.gettempdir()) / "gero" / job.run_id / job.name.replace("/", "-")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._unsaved: list[bytes] = []
        self._part_keys = list(blobs.keys(self._parts_prefix)) if redelivered or job.parts else []
        # Results without a count: the process that stored them died before it could say so.
        uncounted = list(blobs.keys(results.key_prefix(job))) if redelivered or job.parts else []
        lines = [line for key in [*self._part_keys, *uncounted] for line in blobs.get_lines(key)]
        known = len(lines)
        lines += self._local_lines()
        self._unsaved = lines[known:]
        self.answered: dict[str, Trace] = {}
        self.unjudged: dict[str, Trace] = {}
        for one in _readable(lines):
            self._know(one, judged and _waits(one))
        # Unbuffered: a line is with the operating system before the next answer is looked at.
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def add(self, trace: Trace) -> None:
        """Remember what came of a row."""
        self._write(trace)
        self._know(trace, waits=False)

    def add_unjudged(self, trace: Trace) -> None:
        """Remember an answer that is still to be judged."""
        self._write(trace)
        self._know(trace, waits=True)

    def _write(self, trace: Trace) -> None:
        line = traces.encode(trace)
        os.write(self._file, line + b"\n")
        self._unsaved.append(line)

    def _know(self, trace: Trace, waits: bool) -> None:
        row_id = str(trace.row_id)
        if not waits:
            self.unjudged.pop(row_id, None)
            self.answered[row_id] = trace
        elif row_id not in self.answered:
            self.unjudged[row_id] = trace

    def tally(self) -> Tally:
        """What is done so far."""
        found = list(self.answered.values())
        errors = sum(one.error is not None and one.attempts > 0 for one in found)
        paid = [one for one in (*found, *self.unjudged.values()) if not one.reused_from]
        judging = sum(one.judge_cost_nanos for one in found)
        return Tally(len(found), errors, sum(one.cost_nanos for one in paid) + judging)

    async def save_part(self) -> None:
        """Bring what is new since the last part to S3."""
        lines, self._unsaved = self._unsaved, []
        if not lines:
            return
        key = f"{self._parts_prefix}{len(self._part_keys):05}-{os.urandom(4).hex()}.jsonl.gz"
        self._part_keys.append(key)
        try:
            await asyncio.to_thread(blobs.put_lines, key, lines)
        except BaseException:
            self._unsaved = lines + self._unsaved
            raise

    def close(self, *, forget: bool) -> None:
        """End the journal; `forget` the local file when nobody needs it (parts end by the bucket's lifecycle)."""
        os.close(self._file)
        if forget:
            self._path.unlink(missing_ok=True)

    def _local_lines(self) -> list[bytes]:
        if not self._path.exists():
            return []
        whole, _, torn = self._path.read_bytes().rpartition(b"\n")
        if torn:  # the process died while it wrote this line
            os.truncate(self._path, len(whole) + 1 if whole else 0)
        return [line for line in whole.split(b"\n") if line]


def _waits(trace: Trace) -> bool:
    return trace.error is None and trace.score is None and trace.judge_error is None


def _readable(lines: Iterable[bytes]) -> Iterable[Trace]:
    for line in lines:
        try:
            yield traces.decode(line)
        except msgspec.DecodeError:
            continue
