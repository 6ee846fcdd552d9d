import gzip
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import boto3
import pytest

from gero import datasets
from gero.datasets import ConsolidationJob, Row, intake, pending, sampling
from gero.kit import NotFound, blobs, clock, table
from gero.kit import settings as environment
from tests.gero.datasets.pushes import Pile, names
from tests.gero.faults import Faults

pytestmark = pytest.mark.usefixtures("cloud")


def test_rows_become_a_version_in_the_order_of_their_arrival_and_wait_no_more() -> None:
    pile = Pile()
    pile.push("c", "a")
    pile.push("b")
    assert pile.consolidate() == ["c", "a", "b"]
    assert pile.totals() == intake.Intake(accepted_rows=3, gathered_rows=3)
    assert pending.waiting("w", pile.leaderboard_id) == []
    assert pile.consolidate() == ["c", "a", "b"]
    assert [one.number for one in datasets.versions("w", pile.leaderboard_id)] == [1]


def test_nothing_at_all_is_no_version() -> None:
    pile = Pile()
    assert datasets.consolidate("w", pile.leaderboard_id, pile.rules) is None


def test_a_version_says_what_it_was_made_of() -> None:
    pile = Pile()
    pile.push("a", "b")
    pile.push("c")
    pile.consolidate()
    latest = datasets.latest_version("w", pile.leaderboard_id)
    assert latest
    assert latest.source == {"kind": "push", "batches": 2, "rows": 3}


def test_rows_that_say_the_same_are_one_row_the_newest_unless_repeats_are_wanted() -> None:
    once, repeated = Pile(), Pile(dedupe=False)
    for pile in (once, repeated):
        pile.push("a=x", "b=y")
        pile.push("c=x")
    assert once.consolidate() == ["b=y", "c=x"]
    assert repeated.consolidate() == ["a=x", "b=y", "c=x"]


def test_only_the_newest_rows_are_kept_by_last_n() -> None:
    pile = Pile(max_rows=3)
    pile.push("a", "b", "c", "d")
    assert pile.consolidate() == ["b", "c", "d"]
    pile.push("b=again")
    assert pile.consolidate() == ["c", "d", "b=again"]


@pytest.mark.parametrize("algorithm", ["RANDOM_SHUFFLE", "WEIGHTED_SHUFFLE"])
def test_a_sample_is_seeded_and_keeps_the_order(algorithm: str) -> None:
    pile = Pile(max_rows=20, algorithm=algorithm)
    pile.push(*names(100))
    kept = pile.consolidate()
    assert len(kept) == 20
    assert kept == sorted(kept)
    assert kept != names(100)[-20:]


def test_a_random_sample_is_the_same_however_the_rows_arrive() -> None:
    pile = Pile(max_rows=20, algorithm="RANDOM_SHUFFLE")
    for first in range(0, 100, 25):
        pile.push(*names(25, first))
        pile.consolidate()
    keys = {name: sampling.key("RANDOM_SHUFFLE", pile.leaderboard_id, Row(name, name), 0, 1) for name in names(100)}
    assert pile.consolidate() == sorted(sorted(keys, key=keys.__getitem__)[:20])


def test_a_correction_that_comes_while_a_version_is_written_waits_for_the_next(faults: Faults) -> None:
    pile = Pile()
    pile.push("a", "b")
    faults.meanwhile("s3", "PutObject", lambda _: pile.push("a=new"))
    assert pile.consolidate() == ["a", "b"]
    assert pile.totals().pending_rows == 1
    assert pile.consolidate() == ["b", "a=new"]


def test_a_consolidation_that_was_overtaken_does_not_bring_old_rows_back(faults: Faults) -> None:
    pile = Pile()
    pile.push("a")

    def others(_: object) -> None:
        pile.consolidate()
        pile.push("a=new")
        pile.consolidate()

    faults.meanwhile("s3", "PutObject", others)
    assert pile.consolidate() == ["a=new"]
    assert pile.totals().gathered_rows == 1


def test_of_two_consolidations_at_once_one_makes_the_version(faults: Faults) -> None:
    pile = Pile()
    pile.push("a", "b")
    faults.meanwhile("s3", "PutObject", lambda _: pile.consolidate())
    assert pile.consolidate() == ["a", "b"]
    assert [one.number for one in datasets.versions("w", pile.leaderboard_id)] == [1]
    assert pile.totals() == intake.Intake(accepted_rows=2, gathered_rows=2)


def test_more_batches_than_one_transaction_may_take_away() -> None:
    pile = Pile()
    for name in names(230):
        pile.push(name)
    assert pile.consolidate() == names(230)
    assert pile.totals() == intake.Intake(accepted_rows=230, gathered_rows=230)


def test_more_batches_than_fit_into_memory_are_merged_one_part_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gero.datasets.consolidation._MERGED_AT_ONCE", 10)
    pile = Pile()
    for name in names(30):
        pile.push(name)
    assert pile.consolidate() == names(30)
    assert pile.totals() == intake.Intake(accepted_rows=30, gathered_rows=30)


def test_a_deleted_leaderboard_gets_no_version() -> None:
    pile = Pile()
    pile.push("a")
    table.transact([intake.closing("w", pile.leaderboard_id)])
    with pytest.raises(NotFound):
        datasets.consolidate("w", pile.leaderboard_id, pile.rules)
    assert datasets.latest_version("w", pile.leaderboard_id) is None


def test_a_dataset_may_lose_its_last_row() -> None:
    pile = Pile()
    pile.push("a")
    pile.remove("a")
    pile.remove("never there")
    assert pile.consolidate() == []
    assert pile.take("a") == 1
    assert pile.consolidate() == ["a"]


def later(monkeypatch: pytest.MonkeyPatch, **delta: int) -> None:
    moment = clock.now() + timedelta(**delta)
    monkeypatch.setattr(clock, "now", lambda: moment)


def asked() -> list[ConsolidationJob]:
    url = environment.required("GERO_CONSOLIDATION_QUEUE_URL")
    found = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [ConsolidationJob.decode(one["Body"]) for one in found]


def test_it_is_due_some_hours_after_the_first_row_and_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pile = Pile(every_hours=6)
    pile.push("a")
    later(monkeypatch, hours=5)
    pile.push("b")
    assert datasets.send_due_consolidations() == 0
    later(monkeypatch, hours=1)
    assert pile.totals().should_consolidate()
    assert datasets.send_due_consolidations() == 1
    assert datasets.send_due_consolidations() == 0
    assert asked() == [ConsolidationJob("w", pile.leaderboard_id)]
    pile.consolidate()
    later(monkeypatch, hours=48)
    assert datasets.send_due_consolidations() == 0


def test_one_that_never_came_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pile = Pile(every_hours=1)
    pile.push("a")
    later(monkeypatch, hours=1)
    assert datasets.send_due_consolidations() == 1
    later(monkeypatch, minutes=49)
    assert datasets.send_due_consolidations() == 0
    later(monkeypatch, minutes=2)
    assert datasets.send_due_consolidations() == 1


def test_it_is_due_at_once_when_enough_rows_wait() -> None:
    pile = Pile(every_events=3)
    pile.push("a", "b", "c")
    assert not pile.totals().should_consolidate()
    assert intake.hasten("w", pile.leaderboard_id, pile.totals()).should_consolidate()
    assert pile.totals().should_consolidate()


def test_pushes_do_not_ask_for_what_is_under_way() -> None:
    pile = Pile(every_events=2)
    pile.push("a", "b")
    intake.hasten("w", pile.leaderboard_id, pile.totals())
    assert datasets.send_due_consolidations() == 1
    pile.push("c", "d")
    intake.hasten("w", pile.leaderboard_id, pile.totals())
    assert datasets.send_due_consolidations() == 0
    pile.consolidate()
    assert pile.totals().due_at is None


def test_rows_that_came_meanwhile_are_due_after_their_own_hours(faults: Faults) -> None:
    pile = Pile(every_hours=6)
    pile.push("a")
    faults.meanwhile("s3", "PutObject", lambda _: pile.push("b"))
    pile.consolidate()
    due_at = pile.totals().due_at
    assert due_at
    assert timedelta(hours=5) < clock.parse(due_at) - clock.now() <= timedelta(hours=6)


@pytest.mark.usefixtures("atomic_cloud")
def test_of_many_ticks_at_once_one_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    pile = Pile(every_hours=1)
    pile.push("a")
    later(monkeypatch, hours=1)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: datasets.send_due_consolidations(), range(8))) == 1


def test_a_version_is_one_gzip_file_of_json_lines() -> None:
    pile = Pile()
    pile.push(*names(400))
    pile.push(*names(400, 400))
    pile.consolidate()
    latest = datasets.latest_version("w", pile.leaderboard_id)
    assert latest
    stored = blobs.get(latest.key)
    assert stored
    lines = gzip.decompress(stored).splitlines()
    assert len(lines) == 800
    for offset, limit in ((0, 3), (499, 3), (500, 1), (795, 50), (800, 5), (0, 800)):
        assert list(datasets.page(latest, offset, limit)) == lines[offset : offset + limit]
