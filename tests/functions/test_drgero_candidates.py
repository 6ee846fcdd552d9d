"""A Dr.Gero model among the candidates: asked as its version says, never what it has seen, served as evaluated."""

import httpx
import pytest

from gero import leaderboards, models, providers, runs, traces
from gero.kit import Conflict
from gero.leaderboards import CandidateInput, candidates
from gero.models import Model, ModelInput, VersionInput
from gero.providers.target import Target
from tests.functions.conftest import ROWS, Ready
from tests.functions.serving import sent_messages
from tests.functions.workflow import finished, planned


def made(ready: Ready, **fields: object) -> Model:
    base = {"platform": "custom", "endpoint_url": ready.models.url, "model": "good"}
    wanted = {"name": "Sorter", "base": base, "system_prompt": "Be brief."} | fields
    return models.create(ready.workspace, ModelInput.model_validate(wanted))


def added(ready: Ready, model: Model) -> str:
    wanted = CandidateInput(platform="drgero", drgero_model_id=model.id)
    return candidates.add(ready.workspace, ready.leaderboard.id, wanted).id


def test_it_is_asked_with_its_prompt_and_examples_and_named_with_its_version(ready: Ready) -> None:
    model = made(ready, examples=[{"input": "Hi", "output": "sales"}], parameters={"top_p": 1})
    candidate_id = added(ready, model)
    run = finished(ready)
    assert run.status == "completed"
    asked = next(one["body"] for one in ready.models.requests if len(one["body"]["messages"]) > 1)
    assert [one["role"] for one in asked["messages"]] == ["system", "user", "assistant", "user"]
    assert (asked["model"], asked["top_p"]) == ("good", 1)
    (shown,) = [one for one in runs.configuration(run)["models"] if one["id"] == candidate_id]
    assert (shown["platform"], shown["drgero_model_id"], shown["drgero_version"]) == ("drgero", model.id, 1)


def test_no_candidate_is_asked_a_row_that_it_was_shown_with_the_answer(ready: Ready) -> None:
    seen = ROWS[1]
    added(ready, made(ready, examples=[{"input": seen["input"], "output": seen["output"]}]))
    run = finished(ready)
    assert run.dataset is not None
    assert run.dataset["rows_left_out"] == 1
    prompts = {one["body"]["messages"][-1]["content"] for one in ready.models.requests}
    assert len(prompts) == len(ROWS) - 1
    assert not any(seen["input"] in prompt for prompt in prompts)


def test_a_model_that_saw_every_row_cannot_be_measured(ready: Ready) -> None:
    added(ready, made(ready, examples=[{"input": row["input"], "output": row["output"]} for row in ROWS]))
    with pytest.raises(Exception, match=r"every row was shown to Sorter \(version 1\)"):
        planned(ready)


def test_what_serves_is_the_version_that_was_evaluated(ready: Ready) -> None:
    model = made(ready)
    for other in (ready.good, ready.bad):
        candidates.remove(ready.workspace, ready.leaderboard.id, other)
    candidate_id = added(ready, model)
    wanted = CandidateInput(name="bad", model="bad", endpoint_url=ready.models.url)
    candidates.add(ready.workspace, ready.leaderboard.id, wanted)
    finished(ready)
    models.publish(ready.workspace, model.id, VersionInput(system_prompt="Another.", deploy=True))
    served = providers.target.load(providers.target.key(ready.workspace, ready.leaderboard.id))
    assert isinstance(served, Target)
    assert (served.candidate_id, served.endpoint.version) == (candidate_id, 1)
    found = candidates.get(ready.workspace, ready.leaderboard.id, candidate_id)
    assert candidates.shown(ready.workspace, found)["drgero_version"] == 2, "the next run evaluates it"


def test_a_model_that_is_not_deployed_stops_a_run_before_it_starts(ready: Ready) -> None:
    model = made(ready)
    added(ready, model)
    models.undeploy(ready.workspace, model.id)
    leaderboard = leaderboards.get(ready.workspace, ready.leaderboard.id)
    with pytest.raises(Conflict, match="Sorter: ") as refused:
        leaderboards.start_run(leaderboard, "manual")
    assert refused.value.code == "model_not_deployed"
    assert runs.active_run_id(ready.workspace, ready.leaderboard.id) is None


def test_it_answers_at_its_own_path_and_keeps_its_traces(endpoint: httpx.Client, ready: Ready) -> None:
    model = made(ready)
    for path in (f"/v1/models/{model.id}/inference", f"/api/models/{model.id}/inference"):
        answer = endpoint.post(path, json={"input": "Which team?\n\nThe app crashes"})
        assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["output"], told["model_id"], told["leaderboard_id"]) == ("technical", model.id, None)
    first, second = ready.models.requests[-1]["body"]["messages"]
    assert (first["content"], second["content"]) == ("Be brief.", "Which team?\n\nThe app crashes")
    message = sent_messages(2)[0]
    assert message.leaderboard_id == model.id
    traces.record(ready.workspace, message.leaderboard_id, "b", "inference", [traces.encode(message.trace)])
    found = traces.find(ready.workspace, model.id, limit=10, offset=0, batch_limit=5)
    assert [one.trace_id for one in found.traces] == [message.trace.trace_id]


def test_a_model_that_is_not_deployed_or_not_there_says_so(endpoint: httpx.Client, ready: Ready) -> None:
    model = made(ready, deploy=False)
    answer = endpoint.post(f"/v1/models/{model.id}/inference", json={"input": "x"})
    assert (answer.status_code, answer.json()["code"]) == (409, "model_not_deployed")
    missing = endpoint.post(f"/v1/models/{ready.leaderboard.id}/inference", json={"input": "x"})
    assert (missing.status_code, missing.json()["error"]) == (404, "no such model in this workspace")
