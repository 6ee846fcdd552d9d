"""Traces turned into rows: what was asked and answered becomes an example of the dataset."""

from collections.abc import Sequence

import msgspec

from gero import datasets, traces
from gero.datasets import Pushed, Rejection, Row
from gero.kit import Invalid
from gero.leaderboards.leaderboard import Leaderboard
from gero.leaderboards.pushed_rows import check_takes_rows
from gero.traces import Trace


class FromTraces(msgspec.Struct):
    """What became of the traces; `missing` are the ids that were not found."""

    pushed: Pushed
    missing: list[str]


def add(leaderboard: Leaderboard, wanted: Sequence[tuple[str, list[str] | None]], batch_id: str) -> FromTraces:
    """Push the traces, by id with the answers that count as right; None takes those of the trace.

    Those are what the trace's row expected, else what the model answered. Conflict when the dataset takes no rows.
    """
    check_takes_rows(leaderboard)
    ids = dict.fromkeys(trace_id for trace_id, _ in wanted)
    found = traces.by_ids(leaderboard.workspace_id, leaderboard.id, ids)
    rows: list[tuple[int, Row]] = []
    rejections = []
    for index, (trace_id, expected) in enumerate(wanted):
        if trace_id not in found:
            continue
        try:
            rows.append((index, _row(found[trace_id], expected, batch_id)))
        except Invalid as error:
            rejections.append(Rejection(index, error.message, error.code, error.details.get("field")))
    pushed = datasets.push(leaderboard.workspace_id, leaderboard.id, rows, leaderboard.rules(), batch_id)
    pushed.rejections += rejections
    return FromTraces(pushed, [trace_id for trace_id in ids if trace_id not in found])


def add_one(leaderboard: Leaderboard, trace: Trace, expected: list[str] | None, batch_id: str) -> Pushed:
    """Push one trace that was found already; as `add`."""
    check_takes_rows(leaderboard)
    try:
        row = _row(trace, expected, batch_id)
    except Invalid as error:
        rejection = Rejection(0, error.message, error.code, error.details.get("field"))
        return Pushed(rejections=[rejection])
    return datasets.push(leaderboard.workspace_id, leaderboard.id, [(0, row)], leaderboard.rules(), batch_id)


def _row(trace: Trace, expected: list[str] | None, batch_id: str) -> Row:
    if trace.content == "left out":
        told = "trace_id: what this trace was asked was not kept, so there is no question for a row; push it yourself"
        raise Invalid(told, code="content_not_kept", field="trace_id")
    answers = expected or trace.expected or ([trace.output] if trace.output else [])
    if not answers:
        raise Invalid("expected: this trace has no answer; give one", field="expected")
    asked = {"messages": trace.messages} if trace.messages else {"input": trace.input}  # whole, as a push would have it
    document = {"id": trace.trace_id, **asked, "expected": answers}
    return datasets.parse(document, origin={"batch_id": batch_id, "trace_id": trace.trace_id})
