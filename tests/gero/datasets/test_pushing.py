from datetime import timedelta

import pytest

from gero import datasets
from gero.datasets import Row, intake
from gero.kit import NotFound, Unavailable, blobs, clock, new_id, table
from tests.gero.datasets.pushes import Pile, names, row
from tests.gero.faults import Faults

pytestmark = pytest.mark.usefixtures("cloud")


def test_a_row_is_taken_once_by_its_id_and_a_correction_replaces_it() -> None:
    pile = Pile()
    first = pile.push("a", "b", "a")
    assert (first.accepted, first.duplicates) == (2, 1)
    again = pile.push("a", "b")
    assert (again.accepted, again.duplicates) == (0, 2)
    assert pile.take("a=new") == 1
    assert pile.consolidate() == ["b", "a=new"]
    assert pile.take("a", "a=new", "b") == 0, "of two with one id the last counts, and it is known"
    assert pile.take("a") == 1, "back to what it said before is a correction as well"


def test_a_row_is_known_after_its_consolidation_too() -> None:
    pile = Pile()
    pile.push("a")
    pile.consolidate()
    assert pile.push("a").duplicates == 1
    assert pile.totals().accepted_rows == 1


def test_a_row_is_forgotten_after_thirty_days(monkeypatch: pytest.MonkeyPatch) -> None:
    pile = Pile()
    pile.push("a")
    moment = clock.now() + timedelta(days=30, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert pile.take("a") == 1


def test_a_row_without_an_id_is_known_by_what_it_says() -> None:
    pile = Pile()
    found = [(index, datasets.parse({"input": "a", "answer": "b"})) for index in range(2)]
    assert datasets.push("w", pile.leaderboard_id, found, pile.rules, new_id()).accepted == 1
    assert datasets.push("w", pile.leaderboard_id, found, pile.rules, new_id()).accepted == 0


def test_without_dedupe_every_row_counts_and_the_same_request_still_only_once() -> None:
    pile = Pile(dedupe=False)
    found = [(index, datasets.parse({"input": "a", "answer": "b"})) for index in range(3)]
    assert datasets.push("w", pile.leaderboard_id, found, pile.rules, new_id()).accepted == 3
    for expected in (3, 0):
        again = datasets.push("w", pile.leaderboard_id, found, pile.rules, "batch", repeatable=True)
        assert (again.accepted, again.duplicates) == (expected, 3 - expected)
    assert len(pile.consolidate()) == 6
    assert datasets.push("w", pile.leaderboard_id, found, pile.rules, "batch", repeatable=True).accepted == 0


@pytest.mark.parametrize("dedupe", [True, False])
def test_a_request_that_comes_again_with_other_rows_takes_nothing_away(dedupe: bool) -> None:
    pile = Pile(dedupe=dedupe)
    a, b, c = (f"{name}={name * 3000}" for name in "abc")
    assert pile.push(a, b, batch_id="batch").accepted == 2
    assert pile.push(a, c, batch_id="batch").accepted == 1
    assert pile.consolidate() == [a, b, c]


@pytest.mark.parametrize("count", [1, 97, 98, 100, 500])
def test_a_request_of_any_size_is_taken_whole(count: int) -> None:
    pile = Pile()
    assert pile.take(*names(count)) == count
    assert pile.consolidate() == names(count)


def test_long_rows_wait_in_a_blob_that_goes_when_they_are_consolidated() -> None:
    pile = Pile()
    long = "x" * 900_000
    assert pile.take(f"a={long}", "b") == 2
    waiting = list(blobs.keys(f"w/{pile.leaderboard_id}/pushed/"))
    assert len(waiting) == 1
    assert pile.consolidate() == [f"a={long}", "b"]
    assert list(blobs.keys(f"w/{pile.leaderboard_id}/pushed/")) == []


def test_a_removed_row_is_gone_from_the_next_version_and_may_come_again() -> None:
    pile = Pile()
    pile.push("a", "b")
    pile.consolidate()
    pile.remove("a")
    assert pile.totals().due_at
    assert pile.consolidate() == ["b"]
    assert pile.take("a") == 1
    assert pile.consolidate() == ["b", "a"]


def test_nothing_is_taken_for_a_deleted_leaderboard() -> None:
    pile = Pile()
    table.transact([intake.closing("w", pile.leaderboard_id)])
    with pytest.raises(NotFound):
        pile.push("a")
    with pytest.raises(NotFound):
        pile.remove("a")
    assert list(table.query(datasets.claims_partition("w", pile.leaderboard_id))) == []


def test_what_fails_half_way_is_taken_by_the_retry(faults: Faults) -> None:
    pile = Pile()
    faults.answer(
        "dynamodb",
        "TransactWriteItems",
        1,
        lambda _: {"Error": {"Code": "InternalServerError", "Message": "told"}},
        status=400,
        after=1,
    )
    with pytest.raises(Exception, match="InternalServerError"):
        pile.push(*names(150))
    assert pile.totals().pending_rows == 75, "the first chunk is there whole"
    again = pile.push(*names(150))
    assert (again.accepted, again.duplicates) == (75, 75)
    assert pile.consolidate() == names(150)


def test_a_claim_that_another_request_makes_meanwhile_is_a_duplicate(faults: Faults) -> None:
    pile = Pile()
    faults.meanwhile("dynamodb", "TransactWriteItems", lambda _: pile.push("b"))
    pushed = pile.push("a", "b", "c")
    assert (pushed.accepted, pushed.duplicates) == (2, 1)
    assert pile.totals().accepted_rows == 3


def test_endless_contention_ends_in_words(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gero.kit.table.random.uniform", lambda low, high: 0)
    pile = Pile()
    faults.fail("dynamodb", "TransactWriteItems", 1000, "TransactionCanceledException", "TransactionConflict")
    with pytest.raises(Unavailable, match="try again"):
        pile.push("a")


def test_the_row_says_which_push_it_came_with() -> None:
    pile = Pile()
    taken = Row("a", "a", ["b"], origin={"batch_id": "batch-1"})
    datasets.push("w", pile.leaderboard_id, [(0, taken)], pile.rules, "batch-1")
    version = datasets.consolidate("w", pile.leaderboard_id, pile.rules)
    assert version
    assert datasets.decode(next(datasets.read(version))).origin == {"batch_id": "batch-1"}
    assert row("a").origin == {}
