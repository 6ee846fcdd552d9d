"""Many people at once: nobody reviews what another does, and not one vote is lost or counted twice."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from gero.kit import Conflict, Unavailable
from gero.reviews import items
from tests.gero.reviews.answered import Person, answered, now, opened

PEOPLE = 6


def work(person: Person) -> list[str]:
    """Review until nothing is left; the ids of what was reviewed."""
    done: list[str] = []
    while True:
        try:
            shown = person.next()
            if shown is None:
                return done
            person.prefer("a", shown)
        except (Unavailable, Conflict):
            continue
        done.append(shown.item_id)


@pytest.mark.parametrize("needed", [1, 2])
def test_counts_are_exact_and_no_item_is_reviewed_too_often(
    atomic_cloud: None, monkeypatch: pytest.MonkeyPatch, needed: int
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: 0.001)
    plan = answered(rows=6)
    opened(plan, token=None, reviewers_per_item=needed)
    with ThreadPoolExecutor(PEOPLE) as pool:
        done = list(pool.map(work, [Person(plan, f"p{number}") for number in range(PEOPLE)]))
    queue = now(plan)
    assert Counter(one for own in done for one in own) == Counter(
        {place.sealed(queue): needed for place, _ in items.listed(queue)}
    )
    assert queue.counts["n_votes"] == 18 * needed
    assert [queue.count(lane, "first") for lane in queue.all_lanes] == [6, 6, 0]
    assert [queue.count(lane, "tie") for lane in queue.all_lanes] == [0, 0, 6]
    assert (queue.status, queue.end) == ("closed", "reviewed")
