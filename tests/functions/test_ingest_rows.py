import json
from typing import Any

import pytest

from functions.ingest_rows.handler import MAX_ROWS, handler
from gero import access, leaderboards
from gero.leaderboards import LeaderboardInput
from tests.events import event
from tests.functions.conftest import Context


class Push:
    """A PUSH leaderboard and a way to push to it."""

    def __init__(self) -> None:
        self.workspace, self.token = access.workspaces.create("test")
        wanted = LeaderboardInput(name="Pushed", system_prompt="Team?", dataset_type="PUSH")
        self.leaderboard = leaderboards.create(self.workspace.id, wanted)

    def __call__(
        self, case: str = "three_rows", body: Any = None, token: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        payload = event("ingest_rows", case, leaderboard=self.leaderboard.id, token=token or self.token)
        if body is not None:
            payload["body"] = body if isinstance(body, str) else json.dumps(body)
        answer = handler(payload, Context())
        return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def push(cloud: None) -> Push:
    return Push()


def test_good_rows_are_accepted_and_bad_ones_told_with_their_place(push: Push) -> None:
    status, answer = push()
    assert status == 202
    assert (answer["accepted_rows"], answer["rejected_rows"]) == (2, 1)
    assert answer["rejections"][0]["index"] == 2
    assert answer["rejections"][0]["field"] == "input"


def test_a_row_that_could_not_be_scored_is_refused_at_once(push: Push) -> None:
    answer = push(body=[{"input": "a"}, {"input": "b", "output": "c"}])[1]
    assert answer["accepted_rows"] == 1
    assert "exact evaluation needs an answer" in answer["rejections"][0]["error"]


def test_a_retry_accepts_nothing_twice(push: Push) -> None:
    push()
    _, answer = push()
    assert (answer["accepted_rows"], answer["duplicate_rows"]) == (0, 2)


def test_one_row_and_a_plain_list_are_bodies_as_well(push: Push) -> None:
    assert push("one_row")[1]["accepted_rows"] == 1
    assert push(body=[{"input": "a", "output": "b"}])[1]["accepted_rows"] == 1


def test_what_cannot_be_a_push_is_refused_in_words(push: Push) -> None:
    assert push(body="{broken")[0] == 400
    assert push(body={"rows": 3})[0] == 400
    assert push(body=[{"input": "a"}] * (MAX_ROWS + 1))[0] == 413
    assert push(token="drgero_nobody")[0] == 401


def test_a_token_that_may_only_read_may_not_push(push: Push) -> None:
    _, reader = access.tokens.create(push.workspace.id, "reader", ["leaderboards:read"])
    status, answer = push(token=reader)
    assert status == 403
    assert "leaderboards:write" in answer["error"]


def test_another_workspace_does_not_find_the_leaderboard(push: Push) -> None:
    _, stranger = access.workspaces.create("other")
    assert push(token=stranger)[0] == 404
