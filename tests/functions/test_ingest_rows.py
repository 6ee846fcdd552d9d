import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from gero import datasets, leaderboards
from gero.datasets import Row
from gero.kit import clock
from gero.leaderboards import MAX_PUSHED_BYTES, MAX_PUSHED_ROWS
from tests.functions.pushing import Pushing, answered, logged, row

GET = {"dataset_type": "GET", "dataset_url": "https://huggingface.co/datasets/a/b/resolve/main/f.jsonl"}


def stored(pushing: Pushing) -> list[Row]:
    """The rows that were taken, in the order of their arrival."""
    board = pushing.leaderboard
    version = datasets.consolidate(board.workspace_id, board.id, board.rules())
    return [datasets.decode(line) for line in datasets.read(version)] if version else []


def test_good_rows_are_accepted_and_bad_ones_told_with_their_place(pushing: Pushing) -> None:
    status, answer = pushing.send()
    assert status == 202
    assert (answer["accepted_rows"], answer["rejected_rows"], answer["status"]) == (2, 1, "accepted")
    (rejection,) = answer["rejections"]
    assert (rejection["index"], rejection["field"], rejection["code"]) == (2, "input", "invalid_request")
    first, second = stored(pushing)
    assert (first.id, first.origin) == ("t-1", {"batch_id": answer["batch_id"]})
    assert (second.input, second.expected) == ("I was charged twice", ["billing", "payments"])


def test_every_rejection_has_its_place_and_they_come_in_order(cloud: None) -> None:
    limited = Pushing(daily_event_limit=2)
    answer = limited.send([row("a"), "text", row("b"), row("c"), {"input": "x"}, row("d")])[1]
    assert (answer["accepted_rows"], answer["rejected_rows"]) == (2, 4)
    assert [(one["index"], one["code"], one["field"]) for one in answer["rejections"]] == [
        (1, "invalid_request", None),
        (3, "daily_limit", None),
        (4, "invalid_request", "expected"),
        (5, "daily_limit", None),
    ]
    assert "exact evaluation needs an answer" in answer["rejections"][2]["error"]
    limits = answer["limits"]
    assert (limits["daily_event_limit"], limits["daily_accepted"], limits["daily_remaining"]) == (2, 2, 0)
    assert (limits["monthly_event_limit"], limits["monthly_accepted"], limits["monthly_remaining"]) == (None, 2, None)
    assert (limits["max_rows_per_request"], limits["max_body_bytes"]) == (MAX_PUSHED_ROWS, MAX_PUSHED_BYTES)
    status, answer = limited.send([row("e")])
    assert (status, answer["rejections"][0]["code"]) == (202, "daily_limit"), "a limit is no error of the request"


@pytest.mark.parametrize("field", ["rows", "events", "samples"])
def test_rows_have_three_names(pushing: Pushing, field: str) -> None:
    assert pushing.send({field: [row("a"), row("b")]})[1]["accepted_rows"] == 2


def test_one_row_and_a_plain_list_are_bodies_as_well(pushing: Pushing) -> None:
    assert pushing.send(case="one_row")[1]["accepted_rows"] == 1
    assert pushing.send([row("a"), row("b")])[1]["accepted_rows"] == 2
    assert pushing.send([])[1]["accepted_rows"] == 0


def test_mapped_fields_are_read_from_their_places(cloud: None) -> None:
    mapped = Pushing(field_mapping={"input": "ticket.text", "expected": "team"})
    answer = mapped.send([{"ticket": {"text": "Broken"}, "team": "tech"}, row("a")])[1]
    assert answer["accepted_rows"] == 1
    assert "'ticket.text'" in answer["rejections"][0]["error"]
    assert [(one.input, one.expected) for one in stored(mapped)] == [("Broken", ["tech"])]


def test_a_body_in_base64_is_read_and_measured_as_the_bytes_it_stands_for(pushing: Pushing) -> None:
    payload = pushing.event("three_rows")
    payload |= {"body": base64.b64encode(json.dumps([row("größe")]).encode()).decode(), "isBase64Encoded": True}
    assert answered(payload)[1]["accepted_rows"] == 1
    filled = json.dumps([row("b")]).encode().ljust(MAX_PUSHED_BYTES)
    payload["body"] = base64.b64encode(filled).decode()
    assert answered(payload)[1]["accepted_rows"] == 1, "exactly as large as a body may be"
    payload["body"] = base64.b64encode(filled + b" ").decode()
    assert answered(payload)[0] == 413


@pytest.mark.parametrize(
    ("body", "code", "limit"),
    [
        ([{"input": "a", "output": "b"}] * (MAX_PUSHED_ROWS + 1), "too_many_rows", MAX_PUSHED_ROWS),
        ('"' + "ö" * (MAX_PUSHED_BYTES // 2) + '"', "body_too_large", MAX_PUSHED_BYTES),
    ],
    ids=["rows", "bytes"],
)
def test_a_request_that_is_too_large_is_told_the_limit(pushing: Pushing, body: Any, code: str, limit: int) -> None:
    status, answer = pushing.send(body)
    assert (status, answer["code"], answer["details"]) == (413, code, {"limit": limit})
    assert f"{limit:,}" in answer["error"]
    assert "send smaller batches" in answer["error"]


def test_as_many_rows_as_are_allowed_are_taken(pushing: Pushing) -> None:
    answer = pushing.push(*map(str, range(MAX_PUSHED_ROWS)))
    assert answer["accepted_rows"] == answer["pending_events"] == MAX_PUSHED_ROWS


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{broken", "invalid_json"),
        ("", "invalid_json"),
        ("[" * 100_000, "invalid_json"),
        ('{"input": "\ud800"}', "invalid_json"),
        ('[{"input": NaN}]', "invalid_json"),
        ({"rows": 3}, "invalid_request"),
        ('"text"', "invalid_request"),
    ],
    ids=["broken", "empty", "deep", "half a pair", "not a number", "a number", "a text"],
)
def test_a_body_that_is_no_push_is_refused_in_words(pushing: Pushing, body: Any, code: str) -> None:
    status, answer = pushing.send(body)
    assert (status, answer["code"]) == (400, code)
    assert set(answer) == {"error", "code", "details"}


def test_the_rows_that_wait_make_a_consolidation_due(cloud: None) -> None:
    pushing = Pushing(consolidate_every_events=3, consolidate_every_hours=2)
    first = pushing.push("a", "b")
    assert first["pending_events"] == 2
    told = first["consolidation"]
    assert (told["should_consolidate"], told["every_events"], told["every_hours"]) == (False, 3, 2)
    assert clock.iso() < told["due_at"] <= clock.iso(clock.now() + timedelta(hours=2))
    second = pushing.push("c")
    assert second["pending_events"] == 3
    assert second["consolidation"]["should_consolidate"] is True
    assert second["consolidation"]["due_at"] <= clock.iso()
    assert datasets.send_due_consolidations() == 1


def test_a_row_is_taken_once_and_a_correction_replaces_it(pushing: Pushing) -> None:
    pushing.push("a", "b")
    again = pushing.push("a", "b=new")
    assert (again["accepted_rows"], again["duplicate_rows"]) == (1, 1)
    assert [(one.id, one.input) for one in stored(pushing)] == [("a", "a"), ("b", "new")]


@pytest.mark.parametrize("dedupe", [True, False])
def test_the_same_idempotency_key_takes_the_rows_once(cloud: None, dedupe: bool) -> None:
    pushing = Pushing(dedupe=dedupe)
    rows = [{"input": "a", "output": "b"}, {"input": "c", "output": "d"}]
    key = {"idempotency-key": "monday"}
    first, again = pushing.send(rows, key)[1], pushing.send(rows, key)[1]
    assert (first["accepted_rows"], first["duplicate_rows"]) == (2, 0)
    assert (again["accepted_rows"], again["duplicate_rows"]) == (0, 2)
    assert first["batch_id"] == again["batch_id"]
    other = pushing.send(rows, {"idempotency-key": "tuesday"})[1]
    assert other["batch_id"] != first["batch_id"]
    assert other["accepted_rows"] == (0 if dedupe else 2)
    assert len(stored(pushing)) == (2 if dedupe else 4)


def test_an_idempotency_key_belongs_to_its_leaderboard(pushing: Pushing) -> None:
    key = {"idempotency-key": "monday"}
    first = pushing.send([row("a")], key)[1]
    pushing.leaderboard = pushing.another()
    other = pushing.send([row("a")], key)[1]
    assert other["accepted_rows"] == 1
    assert other["batch_id"] != first["batch_id"]


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_an_idempotency_key_has_a_length(pushing: Pushing, key: str) -> None:
    status, answer = pushing.send([row("a")], {"idempotency-key": key})
    assert (status, answer["details"]) == (400, {"field": "Idempotency-Key"})


def test_a_dataset_of_a_url_takes_no_rows(pushing: Pushing) -> None:
    pushing.leaderboard = pushing.another(**GET)
    status, answer = pushing.send()
    assert status == 409
    assert "only PUSH leaderboards take rows" in answer["error"]


def test_nothing_is_taken_after_the_leaderboard_is_deleted(pushing: Pushing) -> None:
    secret = pushing.push_token()
    leaderboards.delete(pushing.workspace, pushing.leaderboard.id)
    assert pushing.send()[0] == 404
    assert pushing.send(headers={"x-dr.gero-push-token": secret})[0] == 404


def test_what_nobody_foresaw_is_told_and_logged_without_the_rows(
    pushing: Pushing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GERO_BUCKET", "no-such-bucket")
    status, answer = pushing.send([row("a=" + "private words " * 500)])
    assert (status, answer["code"], answer["details"]) == (500, "internal_error", {})
    assert "push.failed" in logged(caplog)
    assert "private words" not in logged(caplog)


def test_a_push_is_logged_in_numbers(pushing: Pushing, caplog: pytest.LogCaptureFixture) -> None:
    pushing.send([row("a=private words"), {"input": "private words"}])
    (record,) = [one for one in caplog.records if one.message == "rows.pushed"]
    assert (vars(record)["accepted"], vars(record)["rejected"]) == (1, 1)
    assert "private words" not in logged(caplog)
