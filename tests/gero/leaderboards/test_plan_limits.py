"""What a workspace's plan lets its leaderboards have: reached exactly, refused beyond, lifted by a better plan."""

import json
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest

from gero import evaluation, leaderboards, runs
from gero.access import plans, workspaces
from gero.kit import PaymentRequired, table
from gero.leaderboards import AutoSelectInput, Leaderboard, LeaderboardPatch, PushSettings
from gero.leaderboards.serving_settings import TraceSettings
from tests.gero.access.peopled import at_once, transactions_meet
from tests.gero.faults import Faults
from tests.gero.leaderboards.boards import URL, add, board
from tests.hub_server import hub_with

pytestmark = pytest.mark.usefixtures("cloud")
FREE = plans.PLANS["free"]


@pytest.fixture
def free() -> str:
    return workspaces.create("Small", "free")[0].id


def names(workspace: str) -> set[str]:
    return {one.name for one in leaderboards.listed(workspace)}


def patched(made: Leaderboard, **fields: Any) -> Leaderboard:
    return leaderboards.patch(made.workspace_id, made.id, LeaderboardPatch.model_validate(fields))


def refused(call: Any) -> PaymentRequired:
    with pytest.raises(PaymentRequired) as caught:
        call()
    assert caught.value.code == "plan_limit"
    return caught.value


def test_a_free_workspace_has_three_leaderboards_and_not_four(free: str) -> None:
    for name in "abc":
        board(free, name=name)
    error = refused(partial(board, free, name="d"))
    assert error.details == {"limit": "leaderboards", "plan": "free", "allowed": 3}
    assert error.message.startswith("the Free plan has at most 3 leaderboards; ")
    assert names(free) == {"a", "b", "c"}
    assert leaderboards.count(free) == 3
    workspaces.set_plan(free, "pay-as-you-go")
    board(free, name="d")
    assert leaderboards.count(free) == 4


def test_leaderboards_made_at_the_same_moment_are_never_more_than_the_plan_allows(
    free: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    board(free, name="a")
    board(free, name="b")
    with monkeypatch.context() as met:
        transactions_meet(met, 4)
        made = at_once(*(partial(board, free, name=name) for name in "cdef"))
    assert [isinstance(one, PaymentRequired) for one in made].count(True) == 3
    assert leaderboards.count(free) == len(names(free)) == 3


def test_whoever_was_overtaken_still_gets_the_last_place(free: str, faults: Faults) -> None:
    board(free, name="a")
    faults.meanwhile("dynamodb", "TransactWriteItems", lambda _: board(free, name="b"))
    board(free, name="c")
    assert names(free) == {"a", "b", "c"}


def test_a_worse_plan_takes_no_leaderboard_away_and_lets_none_be_added(free: str) -> None:
    workspaces.set_plan(free, "enterprise")
    made = [board(free, name=name) for name in "abcde"]
    workspaces.set_plan(free, "free")
    refused(partial(board, free))
    assert names(free) == set("abcde")
    assert patched(made[0], name="z").name == "z"


def test_nothing_but_the_leaderboards_of_a_workspace_is_counted(free: str) -> None:
    for name in "abc":
        board(name=name)
    assert leaderboards.count(free) == 0
    made = board(free, name="d")
    patched(made, name="e")
    assert leaderboards.count(free) == 1


def test_a_free_leaderboard_is_not_deleted_and_nothing_of_it_is_touched(free: str) -> None:
    made = board(free)
    before = {item["sk"]: item for item in table.query(f"WS#{free}")}
    error = refused(partial(leaderboards.delete, free, made.id))
    assert error.details == {"limit": "leaderboard_deletion", "plan": "free", "allowed": False}
    assert "the Free plan does not let leaderboards be deleted" in error.message
    assert {item["sk"]: item for item in table.query(f"WS#{free}")} == before
    workspaces.set_plan(free, "pay-as-you-go")
    leaderboards.delete(free, made.id)
    assert leaderboards.count(free) == 0


def test_where_nothing_was_said_the_plans_limits_are_settings(free: str) -> None:
    made = board(free)
    assert (made.traces.retention_days, made.max_samples_to_gather, made.monthly_event_limit) == (30, 10_000, 10_000)
    assert made.rules().monthly == 10_000, "what a push is held to, without a look at the plan"
    assert made == leaderboards.get(free, made.id)
    got = board(free, name="got", dataset_type="GET", dataset_url=URL)
    assert (got.traces.retention_days, got.monthly_event_limit) == (30, None)
    other = board()
    assert (other.traces.retention_days, other.monthly_event_limit) == (None, None)


BEYOND: list[tuple[str, dict[str, Any]]] = [
    ("max_samples_to_gather", {"max_samples_to_gather": 10_001}),
    ("monthly_event_limit", {"monthly_event_limit": 10_001}),
    ("monthly_event_limit", {"monthly_event_limit": None}),
    ("traces.retention_days", {"traces": {"retention_days": 90}}),
    ("traces.retention_days", {"traces": {"retention_days": None}}),
]
WITHIN: list[dict[str, Any]] = [
    {"max_samples_to_gather": 10_000},
    {"monthly_event_limit": 10_000},
    {"monthly_event_limit": 1},
    {"traces": {"retention_days": 30}},
    {"traces": {"retention_days": 7, "redact": ["email"]}},
]


@pytest.mark.parametrize(("field", "fields"), BEYOND)
def test_a_setting_above_the_limit_is_refused_by_its_field(free: str, field: str, fields: dict[str, Any]) -> None:
    error = refused(partial(board, free, **fields))
    assert error.details["field"] == field
    assert error.message.startswith(f"{field}: the Free plan ")
    assert leaderboards.count(free) == 0
    made = board(free)
    assert refused(partial(patched, made, **fields)).details == error.details
    assert leaderboards.get(free, made.id) == made
    workspaces.set_plan(free, "pay-as-you-go")
    assert patched(made, **fields).version == 2


@pytest.mark.parametrize("fields", WITHIN)
def test_and_one_at_the_limit_is_not(free: str, fields: dict[str, Any]) -> None:
    board(free, **fields)
    assert patched(board(free), **fields).version == 2


def test_a_patch_of_other_settings_of_traces_keeps_the_retention(free: str) -> None:
    made = patched(board(free), traces={"redact": ["email"]})
    assert (made.traces.redact, made.traces.retention_days) == (["email"], 30)


def test_what_was_set_under_a_better_plan_goes_on_and_may_be_said_again(free: str) -> None:
    workspaces.set_plan(free, "pay-as-you-go")
    made = board(free, max_samples_to_gather=500_000)
    workspaces.set_plan(free, "free")
    said = {"max_samples_to_gather": 500_000, "monthly_event_limit": None, "traces": {"retention_days": None}}
    kept = patched(made, name="Renamed", **said)
    assert (kept.max_samples_to_gather, kept.monthly_event_limit, kept.traces.retention_days) == (500_000, None, None)
    assert patched(made, max_samples_to_gather=10_000).max_samples_to_gather == 10_000
    refused(partial(patched, made, max_samples_to_gather=500_000))


def test_a_dataset_that_takes_pushed_rows_from_now_on_takes_as_many_as_the_plan_allows(free: str) -> None:
    made = board(free, dataset_type="GET", dataset_url=URL)
    become = {"dataset_type": "PUSH", "dataset_url": None}
    assert refused(partial(patched, made, **become, monthly_event_limit=10_001)).details["limit"] == "pushed_rows"
    assert patched(made, **become).monthly_event_limit == 10_000


def test_a_free_run_uses_ten_thousand_rows_and_not_more(
    free: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps({"input": f"q{one}", "output": "a"}) + "\n" for one in range(10_001)))
    with hub_with(file) as (hub, url):
        monkeypatch.setenv("HF_ENDPOINT", hub)
        made = board(free, dataset_type="GET", dataset_url=url)
        add(made, "a")
        add(made, "b")
        run = leaderboards.start_run(made, "manual")
        error = refused(partial(leaderboards.plan_run, made, run))
        assert error.details == {"limit": "run_rows", "plan": "free", "allowed": 10_000}
        assert "lets a run use at most 10,000 rows, and this one would use 10,001" in error.message
        assert not error.retryable
        runs.finish(run, "failed", error=error.message)
        limited = leaderboards.start_run(made, "manual", rows_limit=10_000)
        assert leaderboards.plan_run(made, limited).rows == 10_000
        runs.finish(limited, "completed")
        workspaces.set_plan(free, "pay-as-you-go")
        whole = leaderboards.start_run(made, "manual")
        assert leaderboards.plan_run(made, whole).rows == evaluation.plan.load(free, made.id, whole.id).rows == 10_001


def test_auto_select_chooses_as_many_models_as_the_plan_allows() -> None:
    assert AutoSelectInput().limits(FREE).count == 3, "not the five that it chooses by default"
    assert AutoSelectInput(count=3).limits(FREE).count == 3
    error = refused(partial(AutoSelectInput(count=4).limits, FREE))
    assert error.details == {"limit": "auto_select_models", "plan": "free", "allowed": 3, "field": "count"}
    paid = plans.PLANS["pay-as-you-go"]
    assert (AutoSelectInput().limits(paid).count, AutoSelectInput(count=20).limits(paid).count) == (5, 20)


@pytest.mark.parametrize("plan", plans.PLANS.values(), ids=plans.PLANS)
def test_no_plan_promises_what_the_product_cannot_do(plan: plans.Plan) -> None:
    assert plan.kept_rows <= _most(PushSettings, "max_samples_to_gather")
    assert plan.auto_select_models <= _most(AutoSelectInput, "count")
    offered = get_args(get_args(TraceSettings.model_fields["retention_days"].annotation)[0])
    assert plan.trace_retention_days in (None, *offered), "it is filled in, so it must be one that can be given"


def _most(model: Any, field: str) -> int:
    return int(next(one.le for one in model.model_fields[field].metadata if hasattr(one, "le")))
