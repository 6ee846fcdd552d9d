"""A token with a budget at the endpoint: what is set aside comes back, whatever becomes of the request."""

import time
from collections.abc import Iterator

import httpx
import pytest

from gero import access, leaderboards
from gero.access import BudgetTerms, budgets
from gero.leaderboards import CandidateInput, LeaderboardPatch, ModelSelection
from tests.functions.conftest import Ready
from tests.functions.serving import app_running, leave, path, sent_messages
from tests.functions.workflow import finished
from tests.waiting import wait_until


class Spender:
    """A token with a budget of a dollar, and the endpoint."""

    def __init__(self, ready: Ready, client: httpx.Client, token_id: str) -> None:
        self.ready = ready
        self.client = client
        self.token_id = token_id

    def ask(self, max_tokens: int = 50, timeout: float = 30) -> httpx.Response:
        body = {"input": "Where is my parcel?", "max_tokens": max_tokens}
        return self.client.post(path(self.ready), json=body, timeout=timeout)

    def state(self) -> access.BudgetState:
        found = budgets.state(self.ready.workspace, self.token_id)
        assert found
        return found

    def used(self) -> int:
        """Nano-dollars, once nothing is set aside any more."""
        return wait_until(lambda: self.state() if self.state().held == 0 else None, 10).used


@pytest.fixture
def spender(ready: Ready) -> Iterator[Spender]:
    budgets.forget()
    dear = CandidateInput(
        name="dear",
        model="good",
        endpoint_url=ready.models.url,
        auth_token="sk-secret",
        input_cost_per_million_usd=500,
        output_cost_per_million_usd=500,
    )
    added = leaderboards.candidates.add(ready.workspace, ready.leaderboard.id, dear)
    finished(ready)
    pin = ModelSelection(mode="manual", model_id=added.id)
    alone = {"model_selection": pin, "inference": {"fallbacks": 0}}
    changed = leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch.model_validate(alone))
    leaderboards.production.select(changed, pin)
    token, secret = access.tokens.create(
        ready.workspace, "shop", ["leaderboards:inference"], budget=BudgetTerms(1_000_000_000, "none")
    )
    with app_running() as url, httpx.Client(base_url=url, headers={"Authorization": f"Bearer {secret}"}) as client:
        yield Spender(ready, client, token.id)


def test_an_answer_costs_what_it_cost_and_says_so(spender: Spender) -> None:
    answer = spender.ask()
    assert answer.status_code == 200
    assert answer.headers["X-Dr.Gero-Token-Budget-Used-Usd"] == "0.02"  # 25 tokens: $0.0125, rounded up
    assert spender.used() == 12_500_000


def test_a_failure_costs_nothing(spender: Spender) -> None:
    spender.ready.models.fault = lambda model, prompt, attempt: 500
    assert spender.ask().status_code == 502
    assert spender.used() == 0


def test_a_fault_of_our_own_lets_go_of_what_was_set_aside(spender: Spender, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise TypeError("a bug")

    monkeypatch.setattr("functions.serve_inference.answering.completion", fail)
    assert spender.ask().status_code == 500
    spender.used()
    assert sent_messages()[0].trace.output == "shipping"


def test_who_leaves_while_it_is_set_aside_holds_nothing_for_long(
    spender: Spender, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = budgets.reserve

    def slow(*given: object) -> budgets.Hold:
        time.sleep(0.3)
        return reserve(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(budgets, "reserve", slow)
    for _ in range(3):
        with pytest.raises(httpx.ReadTimeout):
            spender.ask(timeout=0.15)
    assert spender.used() < 3 * 25_000_000


def test_who_leaves_while_a_model_is_asked_holds_nothing_for_long(spender: Spender) -> None:
    spender.ready.models.latency_seconds = 1.0
    for _ in range(3):
        leave(spender.client, spender.ready, {"input": "Where is my parcel?", "max_tokens": 50})
    # What was asked and given up may be answered to its end, and billed: it is taken for paid.
    assert spender.used() > 3 * 25_000_000


def test_a_stream_that_is_left_costs_what_was_said_until_then(spender: Spender) -> None:
    spender.ready.models.answer = lambda model, prompt: "word " * 200
    spender.ready.models.chunk_seconds = 0.01
    body = {"input": "Where is my parcel?", "max_tokens": 500, "stream": True}
    with spender.client.stream("POST", path(spender.ready), json=body) as answer:
        assert answer.status_code == 200
        next(answer.iter_lines())
    assert 0 < spender.used() < 100_000_000


def test_beyond_the_budget_nothing_is_asked(spender: Spender) -> None:
    before = len(spender.ready.models.requests)
    answer = spender.ask(max_tokens=5_000)
    assert (answer.status_code, answer.json()["code"]) == (402, "budget_exhausted")
    assert answer.headers["X-Dr.Gero-Token-Budget-Remaining-Usd"] == "1.00"
    assert len(spender.ready.models.requests) == before
