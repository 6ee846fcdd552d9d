"""Whatever a server tells of a job, the job can end, and what is kept of it is short and without secrets."""

import json
from typing import Any

import pytest

from gero import models
from gero.models import FineTuneInput, FineTuneRun, Model, fine_tuning
from gero.models.tuning_server import TuningServer
from tests.gero.models.conftest import Replies
from tests.gero.models.made import BASE, frozen, made, rows

pytestmark = pytest.mark.usefixtures("cloud")
TOKEN = "abc-0123456789"
DONE: dict[str, Any] = {"id": "j", "status": "succeeded", "fine_tuned_model": "ft:m"}


@pytest.fixture
def model(replies: Replies) -> Model:
    """A model whose token has a scheme of its own."""
    frozen(rows(20))
    auth = {"auth_method": "authorization", "auth_token": f"Token {TOKEN}"}
    return made(base=BASE | {"endpoint_url": f"{replies.root}/chat/completions"} | auth)


def told(model: Model, replies: Replies, **job: Any) -> FineTuneRun:
    """The run whose job is told so when it is asked for."""
    replies.reply = lambda _: (200, b'{"id": "j", "status": "running"}')
    run = fine_tuning.start(model, FineTuneInput(), leaderboard_id="lb", prompt="{input}")
    replies.reply = lambda _: (200, json.dumps(DONE | job).encode())
    return fine_tuning.sync("w", model.id, run.id)


@pytest.mark.parametrize("name", ["ft:" + "m" * 298, "a name", "a\nname", "a\u00a0name", {"name": "m"}, 7, ["m"]])
def test_a_model_by_whose_name_nobody_can_call_it_is_a_failure(model: Model, replies: Replies, name: Any) -> None:
    run = told(model, replies, fine_tuned_model=name)
    assert (run.status, run.fine_tuned_model, run.version) == ("failed", None, None)
    assert "gave the trained model a name by which it cannot be called" in str(run.error)
    assert models.get("w", model.id).latest_version == 1


@pytest.mark.parametrize("name", ["ft:" + "m" * 297, "ft:gpt-4o:org/é:1"])
def test_a_model_that_can_be_called_is_published(model: Model, replies: Replies, name: str) -> None:
    run = told(model, replies, fine_tuned_model=name)
    assert (run.status, run.fine_tuned_model, run.version) == ("succeeded", name, 2)


@pytest.mark.parametrize("name", [None, ""])
def test_a_model_that_has_no_name_yet_is_waited_for(model: Model, replies: Replies, name: Any) -> None:
    assert told(model, replies, fine_tuned_model=name).status == "running"


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        ({"message": "x" * 500_000}, "x" * 500),
        ({"message": f"the key {TOKEN} of 'Token {TOKEN}' is spent"}, "the key … of '…' is spent"),
        ({"message": "y" * 495 + TOKEN}, "y" * 495 + "…"),
        ("in one word", "in one word"),
        ({"message": {"odd": 1}}, None),
        ({}, None),
        ([1], None),
        (None, None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_job_that_failed_says_why_in_500_characters_without_the_key(
    model: Model, replies: Replies, error: Any, kept: str | None
) -> None:
    run = told(model, replies, status="failed", fine_tuned_model=None, error=error)
    assert (run.status, run.error) == ("failed", kept)


@pytest.mark.parametrize("odd", [{"trained_tokens": 2**70}, {"trained_tokens": "many"}, {"metadata": [1]}])
def test_what_can_be_done_without_may_be_odd(model: Model, replies: Replies, odd: dict[str, Any]) -> None:
    run = told(model, replies, **odd)
    assert (run.status, run.trained_tokens) == ("succeeded", None)
    assert told(made(base=model_base(model)), replies, trained_tokens=12).trained_tokens == 12


def model_base(model: Model) -> dict[str, Any]:
    return BASE | {"endpoint_url": models.version("w", model.id, 1).base.url}


@pytest.mark.parametrize("scheme", ["Token", "Bearer", "Key"], ids=lambda scheme: f"{scheme} abc")
def test_a_refusal_does_not_quote_what_follows_a_scheme(replies: Replies, scheme: str) -> None:
    replies.reply = lambda _: (401, json.dumps({"error": {"message": f"{TOKEN} is unknown"}}).encode())
    with pytest.raises(Exception, match="answered 401: … is unknown"):
        TuningServer(replies.root, {"Authorization": f"{scheme} {TOKEN}"}).job("j")


def test_an_odd_entry_of_a_list_does_not_hide_the_others(replies: Replies) -> None:
    odd: list[Any] = [None, 5, {}, {"id": "j\n", "status": "running"}, {"id": 5, "status": "x"}, {"id": "k"}]
    mine = {"id": "mine", "status": "running", "metadata": {"gero_run": "r"}}
    pages = {True: [*odd, mine], False: [*odd, {"id": "j1", "status": "running", "metadata": "odd"}, *odd]}
    replies.reply = lambda request: (
        200,
        json.dumps({"data": pages["after=j1" in request.path], "has_more": True}).encode(),
    )
    found = TuningServer(replies.root, {}).find("gero_run", "r")
    assert found is not None
    assert found.id == "mine"
    pages[False] = odd
    assert TuningServer(replies.root, {}).find("gero_run", "r") is None
