"""Clients of others, unchanged: each runs once against the inference app and tells what it saw."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gero.kit import is_id
from tests.third_party import scripted
from tests.third_party.expected import CLASSES, CODES, STATUSES
from tests.third_party.servers import ENVIRONMENT, ROOT
from tests.third_party.serving import Served, served
from tests.waiting import wait_until

_FOLDER = Path(__file__).parent / "clients"
_NODE = Path(__file__).parent / "node_modules"
_PYTHON = (ENVIRONMENT / "bin" / "python", "-m")
CLIENTS: dict[str, tuple[Path | str, ...]] = {
    "openai-python": (*_PYTHON, "tests.third_party.clients.openai_client"),
    "litellm": (*_PYTHON, "tests.third_party.clients.litellm_client"),
    "openai-javascript": ("node", _FOLDER / "openai_client.mjs"),
    "ai-sdk-compatible": ("node", _FOLDER / "ai_sdk_client.mjs", "openai-compatible"),
    "ai-sdk-openai": ("node", _FOLDER / "ai_sdk_client.mjs", "openai-chat"),
}
ANSWER = scripted.SAID["Where is my parcel?"]


class Seen(NamedTuple):
    """What a client told, what reached the model meanwhile, and how many streams had been left before."""

    client: str
    told: dict[str, Any]
    asked: list[dict[str, Any]]
    left_before: int

    def bodies(self, words: str) -> list[dict[str, Any]]:
        """The requests with these words in their last message."""
        found = [body for body in self.asked if words in str(body["messages"][-1]["content"])]
        assert found
        return found


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Served]:
    for made, target in ((ENVIRONMENT / ".ready", ENVIRONMENT / ".ready"), (_NODE / "openai", _NODE)):
        if not made.exists():
            raise FileNotFoundError(f"make {target.relative_to(ROOT)}")
    with served() as found:
        yield found


@pytest.fixture(scope="module", params=CLIENTS)
def seen(request: pytest.FixtureRequest, endpoint: Served, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    asked, left = len(endpoint.model.requests), endpoint.model.left
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path_factory.mktemp("home")),
        "BASE_URL": endpoint.url,
        "TOKEN": endpoint.token,
        "POOR_TOKEN": endpoint.poor_token,
        "NAMES": json.dumps(endpoint.names),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # prices are in the package; by default it fetches newer ones
    }
    command = CLIENTS[request.param]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr[-4000:] or "it ended before all was answered"
    bodies = [one["body"] for one in endpoint.model.requests[asked:]]
    return Seen(request.param, json.loads(ended.stdout), bodies, left)


def test_a_question_is_answered_with_its_usage(seen: Seen) -> None:
    assert seen.told["whole"] == {"text": ANSWER, "finish": "stop", "usage": [20, 5]}
    assert seen.bodies("Where is my parcel?")[0]["messages"] == [
        {"role": "user", "content": "Answer briefly: Where is my parcel?"}
    ]
    assert seen.told["concurrently"] == [ANSWER] * 8


def test_a_stream_comes_in_pieces_with_its_usage_at_the_end(seen: Seen) -> None:
    pieces = [f"{word} " for word in ANSWER.split()]
    assert seen.told["stream"] == {"pieces": pieces, "finish": "stop", "usage": [[20, 5]], "usage_last": True}


def test_what_gero_says_of_an_answer_can_be_read(seen: Seen) -> None:
    assert is_id(seen.told["trace_id"])
    assert seen.told.get("request_id", seen.told["trace_id"]) == seen.told["trace_id"]


def test_a_tool_is_called_whole_and_streamed_and_its_result_is_answered(seen: Seen) -> None:
    told = seen.told["tools"]
    for ended, identity, name, arguments in (told["whole"], told["streamed"]):
        assert (ended.replace("-", "_"), identity, name) == ("tool_calls", "call_1", "look_up")
        assert json.loads(arguments) == {"parcel": 7}
    assert [part for part in told["parts"] if part] == ['{"par', 'cel": 7}']
    assert told["second_turn"] == scripted.SAID['{"late":true}']
    assert {body["tools"][0]["function"]["name"] for body in seen.bodies("Look it up")} == {"look_up"}
    question, call, result = seen.bodies("late")[0]["messages"]
    assert question["content"] == "Answer briefly: Look it up", "the prompt stays where it was in later turns"
    assert call["tool_calls"][0]["id"] == result["tool_call_id"] == "call_1"


def test_an_answer_has_the_form_that_was_asked_for(seen: Seen) -> None:
    assert seen.told["structured"] == [scripted.TEAM] * 2
    for body in seen.bodies("Fill in the form"):
        wanted = body["response_format"]
        assert wanted["type"] == "json_schema"
        assert set(wanted["json_schema"]["schema"]["properties"]) == {"team", "urgent"}


def test_an_image_reaches_the_model_as_it_was_sent(seen: Seen) -> None:
    assert seen.told["image"] == "yes"
    text, image = seen.bodies("What is it?")[0]["messages"][0]["content"]
    assert text == {"type": "text", "text": "Answer briefly: What is it?"}
    assert (image["type"], image["image_url"]["url"]) == ("image_url", "data:image/png;base64,iVBORw0KGgo=")


def test_a_model_is_a_slug_a_name_or_an_id(seen: Seen, endpoint: Served) -> None:
    assert seen.told["names"] == dict.fromkeys(endpoint.names, ANSWER)
    asked = [body["model"] for body in seen.bodies("Where is my parcel?")]
    assert {name: asked.count(name) >= 3 for name in asked} == {"sorter-1": True, "sorter-2": True}


def test_what_can_be_asked_is_listed_and_read(seen: Seen) -> None:
    if seen.client.startswith("ai-sdk"):
        pytest.skip("it lists no models")
    assert sorted(seen.told["models"]) == ["own-sorter", "ticket-teams-eu"]
    retrieved = ["ticket-teams-eu"] * 3 + ["own-sorter"] * 3
    assert seen.told.get("retrieved", retrieved) == retrieved


def test_two_answers_to_one_question_stay_apart(seen: Seen) -> None:
    if seen.client.startswith("ai-sdk"):
        pytest.skip("it asks for one answer only")
    assert seen.told["twice"] == [["first", "second"], ["first!", "second!"]]


def test_what_went_wrong_is_raised_in_the_clients_own_classes(seen: Seen) -> None:
    errors = seen.told["errors"]
    assert {kind: told["class"] for kind, told in errors.items()} == CLASSES[seen.client]
    assert {kind: errors[kind]["status"] for kind in STATUSES if kind in errors} == {
        kind: status for kind, status in STATUSES.items() if kind in errors
    }
    assert [errors[kind].get("code", code) for kind, code in CODES.items()] == list(CODES.values())
    assert "POST /v1/chat/completions" in errors["elsewhere"]["message"], "where to go instead"
    assert "told to refuse" in errors["refused"]["message"], "the provider's own words"
    assert seen.told.get("tries", 1) == 1, "what stays wrong is not asked again"


def test_an_error_in_the_middle_of_a_stream_is_raised(seen: Seen) -> None:
    assert "the model ran out of memory" in seen.told["errors"]["halfway"]["message"]


def test_a_client_that_goes_away_ends_the_call_of_the_model(seen: Seen, endpoint: Served) -> None:
    assert [word for word in seen.told["left"] if word][:2] == ["one ", "two "], "they came while the model spoke"
    leaves = 1 + ("slow_stream" in seen.told["errors"])  # by leaving, and by losing patience
    wait_until(lambda: endpoint.model.left - seen.left_before >= leaves)
    assert endpoint.model.left - seen.left_before == leaves
