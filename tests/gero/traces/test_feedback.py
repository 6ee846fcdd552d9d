from datetime import timedelta

import pytest

from gero import traces
from gero.kit import clock
from gero.traces import Feedback, feedback
from tests.gero.traces import made

pytestmark = pytest.mark.usefixtures("cloud")


def stored(retention_days: int | None = None) -> traces.Located:
    one = made.trace(1)
    made.record(one, batch=one.trace_id, retention_days=retention_days)
    return traces.locate("w", "l", [one.trace_id])[one.trace_id]


def test_said_again_it_replaces_what_was_said_and_keeps_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    found = stored()
    first = feedback.put("w", "l", found, Feedback(score=0.5, comment="so so", token_id="t"))
    assert (first.score, first.comment, first.created_at) == (0.5, "so so", first.updated_at)
    later = clock.now() + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    second = feedback.put("w", "l", found, Feedback(corrected=["right"]))
    assert (second.score, second.comment, second.corrected) == (None, None, ["right"])
    assert second.created_at == first.created_at < second.updated_at
    assert feedback.of("w", "l", [found.trace.trace_id, "nobody"]) == {found.trace.trace_id: second}


def test_it_can_be_taken_back_and_belongs_to_one_leaderboard() -> None:
    found = stored()
    feedback.put("w", "l", found, Feedback(score=1))
    assert feedback.of("w", "m", [found.trace.trace_id]) == {}
    feedback.remove("w", "l", "nobody")
    feedback.remove("w", "l", found.trace.trace_id)
    assert feedback.of("w", "l", [found.trace.trace_id]) == {}


def test_it_expires_with_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    found = stored(retention_days=7)
    feedback.put("w", "l", found, Feedback(score=1))
    assert feedback.of("w", "l", [found.trace.trace_id])
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert feedback.of("w", "l", [found.trace.trace_id]) == {}


def test_its_texts_are_kept_as_those_of_traces_are() -> None:
    told = Feedback(score=0, comment="ask ann@x.io", corrected=["bo@x.io", "nobody"])
    shown = told.captured(content=True, redact=["email"])
    assert (shown.comment, shown.corrected, shown.content) == ("ask [email]", ["[email]", "nobody"], "redacted")
    shown = told.captured(content=False, redact=[])
    assert (shown.score, shown.comment, shown.corrected, shown.content) == (0, None, None, "left out")
