"""The fine-tuning stand-in: OpenAI's files and jobs, and models that have learned from their file."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from infra.local.stand_ins import TICKETS
from infra.local.stand_ins.background import BackgroundServers
from infra.local.stand_ins.fine_tuning import FineTuning

KEY = "sk-stand-in"


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    yield from serving(FineTuning(api_key=KEY))


def serving(server: FineTuning) -> Iterator[httpx.Client]:
    servers = BackgroundServers()
    try:
        headers = {"Authorization": f"Bearer {KEY}"}
        with httpx.Client(base_url=f"{servers.serve(server.app())}/v1", headers=headers) as client:
            yield client
    finally:
        servers.close()


def lines(pairs: list[tuple[str, str]]) -> bytes:
    told = [[{"role": "user", "content": ask}, {"role": "assistant", "content": answer}] for ask, answer in pairs]
    return "".join(json.dumps({"messages": one}) + "\n" for one in told).encode()


PAIRS = [(f"word{number} again", f"answer {number}") for number in range(10)]


def uploaded(client: httpx.Client, content: bytes, purpose: str = "fine-tune") -> Any:
    return client.post("/files", data={"purpose": purpose}, files={"file": ("rows.jsonl", content)}).json()


def started(client: httpx.Client, content: bytes, **wanted: Any) -> Any:
    body = {"model": "keyword-small", "training_file": uploaded(client, content)["id"]} | wanted
    return client.post("/fine_tuning/jobs", json=body).json()


def looked_at(client: httpx.Client, job: Any) -> Any:
    return client.get(f"/fine_tuning/jobs/{job['id']}").json()


def test_a_file_is_kept_with_what_openai_tells_of_it(client: httpx.Client) -> None:
    content = lines(PAIRS)
    file = uploaded(client, content)
    told = (file["object"], file["purpose"], file["bytes"], file["filename"])
    assert told == ("file", "fine-tune", len(content), "rows.jsonl")
    assert client.get(f"/files/{file['id']}/content").content == content
    assert "purpose" in uploaded(client, content, "rows")["error"]["message"]
    assert client.post("/files", data={"purpose": "fine-tune"}).status_code == 400
    assert client.get("/files/file-none/content").status_code == 404


def test_a_job_goes_one_step_further_each_time_it_is_looked_at(client: httpx.Client) -> None:
    job = started(client, lines(PAIRS), suffix="mine", metadata={"a": "b"}, hyperparameters={"n_epochs": 1})
    assert (job["object"], job["status"], job["metadata"]) == ("fine_tuning.job", "validating_files", {"a": "b"})
    assert job["hyperparameters"]["n_epochs"] == 1
    assert [looked_at(client, job)["status"] for _ in range(4)] == ["queued", "running", "succeeded", "succeeded"]
    ended = looked_at(client, job)
    assert ended["fine_tuned_model"].startswith("ft:keyword-small:stand-in:mine:")
    assert ended["trained_tokens"] > 0
    assert ended["finished_at"]
    refused = client.post(f"/fine_tuning/jobs/{job['id']}/cancel")
    assert (refused.status_code, refused.json()["error"]["message"]) == (400, f"Job has already completed: {job['id']}")


def test_a_job_may_take_its_time_instead() -> None:
    for client in serving(FineTuning(api_key=KEY, step_seconds=0.05)):
        job = started(client, lines(PAIRS))
        assert looked_at(client, job)["status"] in ("validating_files", "queued")
        time.sleep(0.2)
        assert looked_at(client, job)["status"] == "succeeded"


def test_a_tuned_model_answers_as_it_has_learned(client: httpx.Client) -> None:
    tickets = [json.loads(line) for line in TICKETS.read_text().splitlines()]
    label = next(name for name in ("output", "expected", "answer") if name in tickets[0])
    pairs = [(f"Team?\n<message>{one['input']}</message>", str(one[label])) for one in tickets]
    job = started(client, lines(pairs))
    name = [looked_at(client, job) for _ in range(3)][-1]["fine_tuned_model"]
    right = 0
    for ask, answer in pairs[:40]:
        body = {"model": name, "messages": [{"role": "user", "content": ask}]}
        told = client.post("/chat/completions", json=body).json()
        right += told["choices"][0]["message"]["content"] == answer
    assert right == 40
    again = started(client, lines(PAIRS), model=name)
    assert [looked_at(client, again) for _ in range(3)][-1]["fine_tuned_model"].startswith(
        "ft:keyword-small:stand-in::"
    )
    untuned = {"model": "always-billing", "messages": [{"role": "user", "content": "x"}]}
    assert client.post("/chat/completions", json=untuned).json()["choices"][0]["message"]["content"] == "billing"
    assert client.post("/chat/completions", json=untuned | {"model": "ft:none"}).status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"training_file": "file-none"}, 400, "invalid training_file: file-none"),
        ({"model": "gpt-none"}, 400, "Model gpt-none is not available for fine-tuning."),
        ({"suffix": "x" * 65}, 400, "is too long - 'suffix'"),
    ],
)
def test_what_openai_refuses_is_refused(client: httpx.Client, change: dict[str, str], status: int, told: str) -> None:
    body = {"model": "keyword-small", "training_file": uploaded(client, lines(PAIRS))["id"]} | change
    refused = client.post("/fine_tuning/jobs", json=body)
    assert refused.status_code == status
    assert told in refused.json()["error"]["message"]


def test_fewer_than_ten_examples_are_refused_and_faulty_lines_fail_the_job(client: httpx.Client) -> None:
    few = started(client, lines(PAIRS[:9]))["error"]
    assert few["message"] == "Training file has 9 example(s), but must have at least 10 examples"
    assert few["code"] == "invalid_n_examples"
    job = started(client, lines(PAIRS) + b'{"prompt": "old"}\n')
    assert job["status"] == "validating_files"
    failed = looked_at(client, job)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "invalid_training_file")
    assert "Line 11 is not." in failed["error"]["message"]
    assert failed["fine_tuned_model"] is None
    assert client.post("/fine_tuning/jobs", content=b"{").status_code == 400


def test_jobs_are_listed_newest_first_by_page_and_mark(client: httpx.Client) -> None:
    jobs = [started(client, lines(PAIRS), metadata={"run": str(number % 2)})["id"] for number in range(5)]
    page = client.get("/fine_tuning/jobs", params={"limit": 2}).json()
    assert [one["id"] for one in page["data"]] == [jobs[4], jobs[3]]
    assert page["has_more"]
    rest = client.get("/fine_tuning/jobs", params={"limit": 9, "after": jobs[3]}).json()
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == ([jobs[2], jobs[1], jobs[0]], False)
    marked = client.get("/fine_tuning/jobs", params={"metadata[run]": "1"}).json()["data"]
    assert [one["id"] for one in marked] == [jobs[3], jobs[1]]


def test_a_job_can_be_cancelled_and_nobody_comes_without_the_key(client: httpx.Client) -> None:
    job = started(client, lines(PAIRS))
    assert client.post(f"/fine_tuning/jobs/{job['id']}/cancel").json()["status"] == "cancelled"
    assert looked_at(client, job)["status"] == "cancelled"
    assert client.get("/fine_tuning/jobs/ftjob-none").json()["error"]["code"] == "fine_tune_not_found"
    refused = client.get("/fine_tuning/jobs", headers={"Authorization": "Bearer sk-other"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
