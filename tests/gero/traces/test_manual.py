from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from gero import traces
from gero.kit import blobs, clock, is_id, table
from gero.traces import Trace, manual
from tests.gero.traces import made

pytestmark = pytest.mark.usefixtures("cloud")


def add(*found: Trace, retention_days: int | None = None) -> set[str]:
    return manual.add("w", "l", found, {one.trace_id for one in found if not is_id(one.trace_id)}, retention_days)


def named(name: str, minute: float = 0, text: str = "first") -> Trace:
    return made.trace(minute, "manual", trace_id=name, input=text)


def texts() -> list[str]:
    return [one.input for one in traces.find("w", "l", limit=1000, offset=0, batch_limit=100, source="manual").traces]


def test_a_trace_with_an_id_of_its_own_is_stored_once_and_found_by_it() -> None:
    assert add(named("ticket:1"), named("ticket:2", text="second")) == set()
    assert add(named("ticket:1", text="again"), named("ticket:3", text="third")) == {"ticket:1"}
    assert sorted(texts()) == ["first", "second", "third"]
    assert traces.by_ids("w", "l", ["ticket:1", "nobody"])["ticket:1"].input == "first"
    assert traces.by_ids("w", "m", ["ticket:1"]) == {}


def test_traces_without_an_id_get_one_of_their_time() -> None:
    created_at = clock.iso(made.moment(5))
    one, two = (made.trace(5, "manual", trace_id=manual.own_id(created_at)) for _ in range(2))
    assert one.trace_id != two.trace_id
    add(one, two)
    assert set(traces.by_ids("w", "l", [one.trace_id, two.trace_id])) == {one.trace_id, two.trace_id}


def test_old_and_new_ones_of_a_request_are_found_by_their_times() -> None:
    day = 24 * 60
    add(*(made.trace(number * day, "manual") for number in (0, 5, 10, 5.01)))
    page = traces.find(
        *("w", "l"),
        limit=9,
        offset=0,
        batch_limit=9,
        since=clock.iso(made.moment(5 * day)),
        until=clock.iso(made.moment(6 * day)),
    )
    assert made.inputs(page) == [str(5.01 * day), str(5 * day)]
    assert page.batch_count == 1


def test_more_than_a_transaction_takes_are_stored_too() -> None:
    assert add(*(named(f"n{number}") for number in range(250))) == set()
    assert len(texts()) == 250
    assert len(add(*(named(f"n{number}", text="again") for number in range(200, 260)))) == 50
    assert len(texts()) == 260


def test_who_records_the_same_at_the_same_time_stores_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows of the others when they begin: only the claims tell."""
    monkeypatch.setattr(table, "get_many", lambda keys: iter(()))
    with ThreadPoolExecutor(4) as pool:
        known = list(pool.map(lambda number: add(named("a"), named("b"), named(f"own{number}")), range(4)))
    assert sorted(len(one) for one in known) == [0, 2, 2, 2]
    assert len(texts()) == 6
    assert len(list(blobs.keys("w/l/traces/"))) == 4, "what was refused is not left behind"


def test_an_id_is_free_again_once_its_trace_has_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    add(named("a"), retention_days=7)
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert texts() == []
    assert traces.by_ids("w", "l", ["a"]) == {}
    assert add(named("a", text="anew"), retention_days=7) == set()
    assert texts() == ["anew"]
