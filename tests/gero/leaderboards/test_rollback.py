import re
from typing import Any

import pytest

from gero import leaderboards, runs
from gero.kit import Conflict, NotFound, table, workflows
from gero.leaderboards import Candidate, Leaderboard, LeaderboardPatch, production, promotions
from gero.leaderboards.rollback import roll_back
from tests.gero.leaderboards.boards import add, board
from tests.gero.leaderboards.decided import complete, evaluated, forget_history, pin, serving

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Leaderboard:
    monkeypatch.setattr(workflows, "succeed_task", lambda _: None)
    return board(promotion_policy="top")


@pytest.fixture
def a(made: Leaderboard) -> Candidate:
    return add(made, "a", auth_method="bearer", auth_token="its-secret")


@pytest.fixture
def b(made: Leaderboard) -> Candidate:
    return add(made, "b")


def now(made: Leaderboard) -> Leaderboard:
    return leaderboards.get("w", made.id)


def back(made: Leaderboard, to: str | None = None) -> str:
    """Roll back; the name of the model that serves then."""
    rolled = roll_back(now(made), by="token-1", to=to)
    assert rolled == now(made)
    return serving(made).name


def test_one_call_serves_what_served_before_exactly_as_it_was(made: Leaderboard, a: Candidate, b: Candidate) -> None:
    complete(made, {"a": 3, "b": 1}, prompt="Old {input}")
    before = serving(made)
    complete(made, {"a": 1, "b": 3}, prompt="New {input}")
    assert serving(made).name == "b"
    assert back(made) == "a"
    assert serving(made) == before
    assert (before.prompt, before.endpoint.secret("w")) == ("Old {input}", "its-secret")
    shown = now(made)
    assert (shown.model_selection.mode, shown.model_selection.model_id) == ("manual", a.id)
    record = next(promotions.listed("w", made.id))
    assert (record.action, record.name, record.previous_name, record.by) == ("rollback", "a", "b", "token-1")
    assert shown.production is not None
    assert shown.production.reason == record.reason
    told = r"Rolled back by hand from b to a as it served since \d{4}-\d\d-\d\d \d\d:\d\d UTC, and pinned\."
    assert re.fullmatch(told, record.reason)


def test_a_run_does_not_undo_a_rollback_nor_change_the_prompt(made: Leaderboard, a: Candidate, b: Candidate) -> None:
    complete(made, {"a": 3, "b": 1}, prompt="Old {input}")
    complete(made, {"a": 1, "b": 3})
    active = evaluated(made, {"a": 0, "b": 3}, prompt="Newest {input}")
    assert back(made) == "a"
    decision = production.complete_run(*active)
    assert decision is not None
    assert (decision.action, decision.candidate_id) == ("keep", a.id)
    assert (serving(made).name, serving(made).prompt) == ("a", "Old {input}")
    pin(made, None)  # a person's word ends it
    assert (serving(made).name, serving(made).prompt) == ("b", "Newest {input}")
    complete(made, {"a": 3, "b": 0}, prompt="Last {input}")
    assert (serving(made).name, serving(made).prompt) == ("a", "Last {input}")


def test_rolling_back_again_goes_on_into_the_past_and_ends_there(made: Leaderboard, a: Candidate, b: Candidate) -> None:
    c = add(made, "c")
    complete(made, {"a": 3, "b": 1, "c": 1})
    complete(made, {"a": 1, "b": 3, "c": 1})
    complete(made, {"a": 1, "b": 1, "c": 3})
    assert [back(made), back(made)] == ["b", "a"]
    with pytest.raises(Conflict) as refused:
        roll_back(now(made))
    assert refused.value.code == "nothing_to_roll_back"
    assert serving(made).name == "a"
    pin(made, c.id)
    assert back(made) == "a"


def test_a_prompt_that_was_evaluated_anew_is_no_other_model(made: Leaderboard, a: Candidate, b: Candidate) -> None:
    complete(made, {"a": 3, "b": 1})
    complete(made, {"a": 1, "b": 3}, prompt="One {input}")
    complete(made, {"a": 1, "b": 3}, prompt="Two {input}")
    assert back(made) == "a"


def test_any_decision_can_be_gone_back_to_and_twice_is_as_once(made: Leaderboard, a: Candidate, b: Candidate) -> None:
    complete(made, {"a": 3, "b": 1}, prompt="One {input}")
    complete(made, {"a": 3, "b": 1}, prompt="Two {input}")
    complete(made, {"a": 1, "b": 3})
    _, second, first = promotions.listed("w", made.id)
    assert (back(made, first.id), serving(made).prompt) == ("a", "One {input}")
    assert (back(made, second.id), serving(made).prompt) == ("a", "Two {input}")
    version = now(made).version
    assert (back(made, second.id), now(made).version) == ("a", version)
    assert next(promotions.listed("w", made.id)).reason.startswith("Rolled back by hand from another prompt to a")


def test_going_back_to_what_serves_already_pins_it(made: Leaderboard, a: Candidate, b: Candidate) -> None:
    complete(made, {"a": 3, "b": 1}, prompt="One {input}")
    (first,) = promotions.listed("w", made.id)
    assert back(made, first.id) == "a"
    complete(made, {"a": 0, "b": 3}, prompt="Two {input}")
    assert (serving(made).name, serving(made).prompt) == ("a", "One {input}")


def test_a_model_that_was_taken_off_can_be_brought_back_and_runs_go_on(
    made: Leaderboard, a: Candidate, b: Candidate
) -> None:
    add(made, "c")
    complete(made, {"a": 3, "b": 1, "c": 0})
    complete(made, {"a": 1, "b": 3, "c": 0})
    leaderboards.candidates.remove("w", made.id, a.id)
    assert back(made) == "a"
    decision = complete(made, {"b": 3, "c": 1}, prompt="New {input}")
    assert decision is not None
    assert (serving(made).name, serving(made).prompt) == ("a", "Say {input}")
    pin(made, None)
    assert serving(made).name == "b"


def test_there_is_nothing_to_go_back_to_before_the_second_model(made: Leaderboard, a: Candidate, b: Candidate) -> None:
    with pytest.raises(Conflict, match="no model serves yet"):
        roll_back(made)
    complete(made, {"a": 3, "b": 1})
    with pytest.raises(Conflict, match="no other model served before this one"):
        roll_back(now(made))
    with pytest.raises(NotFound, match="no such decision"):
        roll_back(now(made), to="elsewhere")
    assert now(made).model_selection.mode == "ranking_winner"


def test_a_decision_after_which_nothing_served_is_refused(made: Leaderboard, a: Candidate, b: Candidate) -> None:
    complete(made, {"a": 0, "b": 0})
    (held,) = promotions.listed("w", made.id)
    complete(made, {"a": 3, "b": 0})
    with pytest.raises(Conflict, match="no model served after this decision"):
        roll_back(now(made), to=held.id)


def test_what_served_before_there_was_a_history_can_be_brought_back(
    made: Leaderboard, a: Candidate, b: Candidate
) -> None:
    complete(made, {"a": 3, "b": 1})
    before = serving(made)
    forget_history(made)
    with pytest.raises(Conflict):
        roll_back(now(made))
    complete(made, {"a": 1, "b": 3}, prompt="New {input}")
    assert back(made) == "a"
    assert serving(made) == before


def test_a_change_that_came_between_is_kept(
    made: Leaderboard, a: Candidate, b: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete(made, {"a": 3, "b": 1})
    complete(made, {"a": 1, "b": 3})
    stale = now(made)
    leaderboards.patch("w", made.id, LeaderboardPatch(name="Theirs"))
    rolled = roll_back(stale)
    assert (rolled.name, serving(made).name) == ("Theirs", "a")
    assert len(list(table.query(f"WS#w#LB#{made.id}", "PROMOTION#"))) == 3


def test_a_rollback_in_the_middle_of_a_run_s_last_write_wins(
    made: Leaderboard, a: Candidate, b: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete(made, {"a": 3, "b": 1})
    complete(made, {"a": 1, "b": 3})
    add(made, "c")
    active = evaluated(made, {"a": 0, "b": 1, "c": 3})
    finish, interrupted = runs.finish, [True]

    def interrupt(*arguments: Any, **named: Any) -> bool:
        if interrupted:
            interrupted.clear()
            roll_back(now(made))
        return finish(*arguments, **named)

    monkeypatch.setattr(runs, "finish", interrupt)
    decision = production.complete_run(*active)  # it had decided for c before
    assert decision is not None
    assert (decision.action, decision.candidate_id, serving(made).name) == ("keep", a.id, "a")
    assert [one.action for one in promotions.listed("w", made.id)] == ["keep", "rollback", "promote", "first"]
