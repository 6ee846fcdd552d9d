from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gero.datasets import intake
from gero.kit import blobs, clock
from tests.gero.datasets.pushes import Pile, names, rules
from tests.gero.faults import Faults

pytestmark = pytest.mark.usefixtures("cloud")


def at(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_daily_and_monthly_limits_take_what_fits_and_name_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, "2026-11-29T23:59:59")
    pile = Pile(daily=3, monthly=5)
    pushed = pile.push(*names(5))
    assert pushed.accepted == 3
    assert [(one.index, one.code) for one in pushed.rejections] == [(3, "daily_limit"), (4, "daily_limit")]
    assert "begins anew at 00:00 UTC" in pushed.rejections[0].error
    at(monkeypatch, "2026-11-30T00:00:00")
    assert pile.codes(*names(5, 3)) == ["monthly_limit"] * 3
    at(monkeypatch, "2026-12-01T00:00:00")
    assert pile.take(*names(5, 5)) == 3
    used = intake.usage("w", pile.leaderboard_id)
    assert (used.today, used.this_month) == (3, 3)
    assert pile.totals().accepted_rows == 8


def test_a_first_request_larger_than_the_limit_is_cut_too() -> None:
    pile = Pile(daily=2)
    assert pile.take(*names(300)) == 2
    assert pile.codes("x") == ["daily_limit"]


def test_duplicates_use_up_no_limit() -> None:
    pile = Pile(daily=3)
    pile.push("a", "b")
    pushed = pile.push("a", "b", "c", "d")
    assert (pushed.accepted, pushed.duplicates, len(pushed.rejections)) == (1, 2, 1)


def test_the_last_day_is_the_last_on_which_rows_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    pile = Pile(last_day="2026-11-24")
    at(monkeypatch, "2026-11-24T23:59:59")
    assert pile.take("a") == 1
    at(monkeypatch, "2026-11-25T00:00:00")
    assert pile.codes("b") == ["dataset_ended"]


def test_a_dataset_that_does_not_drop_rows_is_full_at_its_size() -> None:
    pile = Pile(max_rows=5, limits_size=False)
    assert pile.take(*names(4)) == 4
    pile.consolidate()
    assert pile.codes(*names(3, 4)) == ["dataset_full", "dataset_full"]
    pile.remove("r00000")
    pile.consolidate()
    assert pile.totals().gathered_rows == 4
    assert pile.take("another") == 1


def test_a_dataset_is_not_full_while_its_rows_are_merged(faults: Faults) -> None:
    pile = Pile(max_rows=20, limits_size=False)
    pile.push(*names(10))
    faults.meanwhile("dynamodb", "UpdateItem", lambda _: pile.push(*names(2, 10)))  # right after the version is there
    pile.consolidate()
    assert pile.totals().accepted_rows == 12


def test_what_is_refused_is_not_stored(faults: Faults) -> None:
    pile = Pile(daily=3)
    pile.push(*(f"{name}={name * 1000}" for name in "abc"))
    stored = len(list(blobs.keys("w/")))
    assert pile.codes("d=" + "d" * 3000) == ["daily_limit"]
    other = Pile(daily=3)
    faults.meanwhile("dynamodb", "TransactWriteItems", lambda _: other.push("a", "b", "c"))
    assert other.codes("d=" + "d" * 3000) == ["daily_limit"]
    assert len(list(blobs.keys("w/"))) == stored


@pytest.mark.parametrize("operation", ["GetItem", "TransactWriteItems"])
def test_a_row_is_not_refused_for_one_that_another_pushed_meanwhile(faults: Faults, operation: str) -> None:
    """Its place was kept for a row that turned out to be known."""
    pile = Pile(daily=2)
    faults.meanwhile("dynamodb", operation, lambda _: pile.push("a"))
    pushed = pile.push("a", "b", "c", "d")
    assert (pushed.accepted, pushed.duplicates) == (1, 1)
    assert [one.index for one in pushed.rejections] == [2, 3]


def test_a_row_can_be_removed_from_a_dataset_that_holds_more_than_it_may_by_now() -> None:
    pile = Pile(limits_size=False)
    pile.push("a", "b", "c")
    pile.rules = rules(max_rows=2, limits_size=False)
    pile.remove("a")
    assert pile.consolidate() == ["b", "c"]


def test_a_request_that_was_cut_by_a_limit_and_comes_again_takes_the_rest_another_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at(monkeypatch, "2026-11-24T12:00:00")
    pile = Pile(dedupe=False, daily=50)
    sent = [f"{name}={'x' * 100}" for name in names(60)]
    assert pile.push(*sent, batch_id="batch").accepted == 50
    assert pile.push(*sent, batch_id="batch").accepted == 0
    assert len(pile.consolidate()) == 50
    at(monkeypatch, "2026-11-25T12:00:00")
    again = pile.push(*sent, batch_id="batch")
    assert (again.accepted, again.duplicates) == (10, 50)
    assert len(pile.consolidate()) == 60


@pytest.mark.usefixtures("atomic_cloud")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    requests=st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=12), min_size=2, max_size=8),
    daily=st.one_of(st.none(), st.integers(1, 30)),
    monthly=st.one_of(st.none(), st.integers(1, 30)),
    size=st.one_of(st.none(), st.integers(1, 30)),
)
def test_limits_hold_exactly_whoever_pushes_at_the_same_time(
    requests: list[list[int]], daily: int | None, monthly: int | None, size: int | None
) -> None:
    limited: dict[str, Any] = {"max_rows": size, "limits_size": False} if size else {}
    pile = Pile(daily=daily, monthly=monthly, **limited)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda ids: pile.push(*(f"r{one}" for one in ids)), requests))
    accepted = sum(one.accepted for one in answers)
    different = len({one for ids in requests for one in ids})
    allowed = min(different, *(limit for limit in (daily, monthly, size) if limit is not None), different)
    assert accepted == allowed, "no row too many, and none refused while there was room"
    for ids, answer in zip(requests, answers, strict=True):
        assert answer.accepted + answer.duplicates + len(answer.rejections) == len(ids)
    assert intake.usage("w", pile.leaderboard_id).today == pile.totals().accepted_rows == accepted
    assert len(set(pile.consolidate())) == accepted
    pile.forget()
