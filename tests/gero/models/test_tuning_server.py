import io
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from gero.kit import Invalid, UpstreamFailed
from gero.models import tuning_server
from gero.models.tuning_server import REFUSED, TuningServer
from infra.local.stand_ins.fine_tuning import FineTuning
from tests.gero.models.conftest import Replies
from tests.gero.models.made import SECRET, tuning

pytestmark = pytest.mark.usefixtures("cloud")
HEADERS = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json", "Accept": "application/json"}
CONVERSATION = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
LINES = (json.dumps(CONVERSATION) + "\n").encode() * 10


def root_of(url: str) -> str:
    return url.removesuffix("/chat/completions")


@pytest.fixture
def stand_in() -> FineTuning:
    return FineTuning(api_key=SECRET)


@pytest.fixture
def server(stand_in: FineTuning) -> Iterator[TuningServer]:
    with tuning(stand_in) as url:
        yield TuningServer(root_of(url), HEADERS)


def started(server: TuningServer, mark: str, **wanted: Any) -> tuning_server.Job:
    file_id = server.upload("rows.jsonl", io.BytesIO(LINES))
    return server.create({"model": "keyword-small", "training_file": file_id, "metadata": {"gero_run": mark}} | wanted)


def test_a_file_arrives_as_it_is(server: TuningServer, stand_in: FineTuning) -> None:
    file_id = server.upload("rows.jsonl", io.BytesIO(LINES))
    document, content = stand_in.files[file_id]
    assert (document["filename"], document["purpose"], content) == ("rows.jsonl", "fine-tune", LINES)


def test_a_job_is_started_looked_at_and_ended(server: TuningServer) -> None:
    job = started(server, "r", suffix="mine")
    assert (job.status, job.fine_tuned_model) == ("validating_files", None)
    seen = [one for _ in range(3) if (one := server.job(job.id))]
    assert [one.status for one in seen] == ["queued", "running", "succeeded"]
    assert str(seen[-1].fine_tuned_model).startswith("ft:keyword-small:stand-in:mine:")
    assert seen[-1].trained_tokens
    with pytest.raises(UpstreamFailed, match="already completed") as refused:
        server.cancel(job.id)
    assert refused.value.code == REFUSED
    assert server.cancel(started(server, "s").id).status == "cancelled"
    assert server.job("ftjob-nothing") is None


def test_a_job_is_found_by_its_mark_among_many(server: TuningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning_server, "_PAGE", 2)
    jobs = {mark: started(server, mark) for mark in ("a", "b", "c", "d", "e")}
    found = server.find("gero_run", "a")
    assert found is not None
    assert found.id == jobs["a"].id
    assert server.find("gero_run", "z") is None


def test_who_knows_no_filter_answers_with_every_job_and_is_asked_for_the_next_page(replies: Replies) -> None:
    def reply(request: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        later = "after=j9" in request.path
        numbers = range(10, 20) if later else range(10)
        jobs = [{"id": f"j{n}", "status": "running", "metadata": {"gero_run": f"r{n}"}, "more": [1]} for n in numbers]
        return 200, json.dumps({"data": jobs, "has_more": not later}).encode()

    replies.reply = reply
    server = TuningServer(replies.root, HEADERS)
    for mark in ("r3", "r13"):
        found = server.find("gero_run", mark)
        assert found is not None
        assert found.id == mark.replace("r", "j")
    assert server.find("gero_run", "r99") is None
    assert "metadata%5Bgero_run%5D=r3" in replies.paths[0]


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, {"error": {"message": f"Incorrect API key provided: {SECRET}."}}, "Incorrect API key provided: …."),
        (400, {"error": f"Bearer {SECRET} is odd"}, "answered 400: … is odd"),
        (429, {"error": {"message": "slow down"}}, "answered 429: slow down"),
        (404, ["nothing"], "answered 404"),
        (302, {}, "answered 302"),
        (408, {"error": {"message": None}}, "answered 408"),
        (500, {"error": {"message": "x" * 10_000}}, "answered 500: xxx"),
    ],
)
def test_a_refusal_is_told_without_the_key(replies: Replies, status: int, body: Any, told: str) -> None:
    replies.reply = lambda _: (status, json.dumps(body).encode())
    with pytest.raises(UpstreamFailed) as refused:
        TuningServer(replies.root, HEADERS).create({"model": "m"})
    assert told in refused.value.message
    assert SECRET not in str(refused.value.body())
    assert len(refused.value.message) < 600
    assert (refused.value.code == REFUSED) is (status in (400, 401, 404, 429))
    assert len(replies.paths) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<html>", "does not answer as OpenAI does"),
        (b'{"id": "j"}', "does not answer as OpenAI does"),
        (b'{"id": 5, "status": "running"}', "does not answer as OpenAI does"),
        (b'{"id": "j\\n../", "status": "running"}', "an id that cannot be used"),
        (b'{"id": "", "status": "running"}', "an id that cannot be used"),
        (b"x" * (5 << 20), "answers too much"),
    ],
    ids=lambda body: str(body)[:20],
)
def test_an_answer_that_makes_no_sense_is_a_failure(replies: Replies, body: bytes, told: str) -> None:
    replies.reply = lambda _: (200, body)
    with pytest.raises(UpstreamFailed, match=told):
        TuningServer(replies.root, HEADERS).job("j")


def test_an_id_cannot_lead_to_another_path(replies: Replies) -> None:
    replies.reply = lambda _: (200, b'{"id": "j", "status": "running"}')
    TuningServer(replies.root, HEADERS).job("../../files?x=1")
    assert replies.paths == ["/v1/fine_tuning/jobs/..%2F..%2Ffiles%3Fx%3D1"]


def test_a_private_server_is_not_called(replies: Replies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GERO_PRIVATE_NETWORKS")
    with pytest.raises(Invalid, match="private address"):
        TuningServer(replies.root, HEADERS).upload("rows.jsonl", io.BytesIO(LINES))
    assert replies.paths == []


def test_a_server_that_is_not_there_cannot_be_reached() -> None:
    with pytest.raises(UpstreamFailed, match="cannot be reached") as failed:
        TuningServer("http://127.0.0.1:9/v1", HEADERS).job("j")
    assert failed.value.code == "unreachable"
