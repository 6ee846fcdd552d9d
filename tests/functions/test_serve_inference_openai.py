import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gero import access, leaderboards, models
from gero.leaderboards import CandidateInput, LeaderboardInput, LeaderboardPatch, ModelSelection
from tests.functions.conftest import Ready
from tests.functions.serving import app_running, sent_messages, sent_trace
from tests.functions.workflow import finished

ASKED = [{"role": "user", "content": "Where is my parcel?"}]


@pytest.fixture
def openai(ready: Ready) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {ready.token}"}
    with app_running() as url, httpx.Client(base_url=f"{url}/v1", headers=headers) as client:
        yield client


def chat(openai: httpx.Client, **fields: Any) -> httpx.Response:
    return openai.post("/chat/completions", json={"messages": ASKED} | fields)


def test_a_model_is_a_leaderboard_by_its_id_its_name_or_its_slug(openai: httpx.Client, ready: Ready) -> None:
    finished(ready)
    for name in (ready.leaderboard.id, "Tickets", "tickets"):
        answer = chat(openai, model=name)
        assert answer.status_code == 200
        body = answer.json()
        assert body["choices"][0]["message"] == {"role": "assistant", "content": "shipping"}
        assert set(body) == {"id", "object", "created", "model", "choices", "usage"}
        assert answer.headers["X-Dr.Gero-Model-Name"] == "good"
    assert ready.models.requests[-1]["body"]["messages"][0]["content"] == "Which team?\n\nWhere is my parcel?"


def test_a_renamed_leaderboard_is_found_by_its_new_name_only(openai: httpx.Client, ready: Ready) -> None:
    finished(ready)
    leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch(name="Support Tickets, 2nd!"))
    assert chat(openai, model="support-tickets-2nd").status_code == 200
    answer = chat(openai, model="tickets")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    leaderboards.delete(ready.workspace, ready.leaderboard.id)
    assert openai.get("/models").json()["data"] == []


def test_two_of_one_name_are_told_apart_by_id(openai: httpx.Client, ready: Ready) -> None:
    finished(ready)
    wanted = LeaderboardInput(name="tickets", system_prompt="x", dataset_url=ready.leaderboard.dataset_url)
    leaderboards.create(ready.workspace, wanted)
    answer = chat(openai, model="tickets")
    assert (answer.status_code, answer.json()["error"]["param"]) == (409, "model")
    assert ready.leaderboard.id in answer.json()["error"]["message"]
    assert chat(openai, model=ready.leaderboard.id).status_code == 200


def test_a_deployed_model_of_ones_own_answers_too_and_is_listed(openai: httpx.Client, ready: Ready) -> None:
    base = {"platform": "custom", "endpoint_url": ready.models.url, "model": "good"}
    wanted = models.ModelInput.model_validate({"name": "Sorter", "base": base, "system_prompt": "Which team?"})
    own = models.create(ready.workspace, wanted)
    listed = openai.get("/models").json()
    assert [one["id"] for one in listed["data"]] == ["sorter"], "a leaderboard that nothing serves yet is not listed"
    assert openai.get("/models/sorter").json()["gero_id"] == own.id
    ready.models.answer = lambda model, prompt: "shipping"
    assert chat(openai, model="Sorter").json()["choices"][0]["message"]["content"] == "shipping"
    assert openai.get("/models/tickets").status_code == 404


@pytest.mark.parametrize(("plan", "days"), [("free", 30), ("enterprise", None)])
def test_traces_of_a_model_of_ones_own_are_kept_as_long_as_the_plan_says(
    openai: httpx.Client, ready: Ready, plan: str, days: int | None
) -> None:
    base = {"platform": "custom", "endpoint_url": ready.models.url, "model": "good"}
    models.create(ready.workspace, models.ModelInput.model_validate({"name": "Sorter", "base": base}))
    access.workspaces.set_plan(ready.workspace, plan)
    assert chat(openai, model="Sorter").status_code == 200
    assert sent_messages()[0].retention_days == days


def test_tools_formats_and_images_pass_through_both_ways(openai: httpx.Client, ready: Ready) -> None:
    finished(ready)
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"a": 1}'}}
    ready.models.message = lambda model: {"content": None, "tool_calls": [call], "refusal": None}
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    fields: dict[str, Any] = {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "The app crashes"}, image]}],
        "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}],
        "tool_choice": "auto",
        "response_format": {"type": "json_object"},
        "seed": 7,
    }
    ready.models.answer = lambda model, prompt: ""
    answer = chat(openai, model="tickets", **fields).json()
    assert answer["choices"][0]["message"]["tool_calls"] == [call]
    sent = ready.models.requests[-1]["body"]
    assert {name: sent[name] for name in ("tools", "tool_choice", "response_format", "seed")} == {
        name: fields[name] for name in ("tools", "tool_choice", "response_format", "seed")
    }
    assert sent["messages"][0]["content"] == [{"type": "text", "text": "Which team?\n\nThe app crashes"}, image]
    assert sent_trace().tool_calls == [call]


def test_errors_are_openais(openai: httpx.Client, ready: Ready) -> None:
    answer = chat(openai, model="tickets")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_ranking")
    assert chat(openai).json()["error"]["param"] == "model"
    wrong = openai.post("/chat/completions", json={"model": "x"}).json()["error"]
    assert (wrong["type"], wrong["param"]) == ("invalid_request_error", "messages")
    stranger = openai.get("/models", headers={"Authorization": "Bearer drgero_x"})
    assert (stranger.status_code, stranger.json()["error"]["type"]) == (401, "authentication_error")
    assert "error" in openai.post("/embeddings", json={}).json()


def test_a_stream_holds_usage_only_where_it_was_asked_for(openai: httpx.Client, ready: Ready) -> None:
    finished(ready)
    for options, told in (({}, 0), ({"stream_options": {"include_usage": True}}, 1)):
        lines = chat(openai, model="tickets", stream=True, **options).text.split("\n\n")
        chunks = [json.loads(line.removeprefix("data: ")) for line in lines if line and "[DONE]" not in line]
        assert lines[-2:] == ["data: [DONE]", ""]
        assert [one["usage"]["total_tokens"] for one in chunks if one.get("usage")] == [25] * told
        assert [one for one in chunks if not one["choices"] and not one.get("usage")] == []


def test_a_name_without_letters_is_nobodys(openai: httpx.Client, ready: Ready) -> None:
    finished(ready)
    assert len(openai.get("/models").json()["data"]) == 1
    assert chat(openai, model="!!!").status_code == 404
    assert len(openai.get("/models/").json()["data"]) == 1


def test_a_wrong_method_says_which_is_right(openai: httpx.Client, ready: Ready) -> None:
    answer = openai.get("/chat/completions")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_name_that_is_no_header_is_told_as_one(openai: httpx.Client, ready: Ready) -> None:
    extra = CandidateInput(name="größe\nX-Evil: 1 ", model="good", endpoint_url=ready.models.url, auth_token="sk-2")
    added = leaderboards.candidates.add(ready.workspace, ready.leaderboard.id, extra)
    finished(ready)
    pin = ModelSelection(mode="manual", model_id=added.id)
    changed = leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch(model_selection=pin))
    leaderboards.production.select(changed, pin)
    answer = chat(openai, model="tickets")
    assert (answer.status_code, answer.headers["X-Dr.Gero-Model-Name"]) == (200, "gr??e?X-Evil: 1")


def test_a_text_completion_is_told_as_a_chat(openai: httpx.Client, ready: Ready) -> None:
    finished(ready)
    ready.models.raw = lambda model: ("application/json", b'{"choices": [{"text": "billing"}], "model": null}')
    body = chat(openai, model="tickets").json()
    assert (body["choices"][0]["message"]["content"], body["model"]) == ("billing", "good")
