from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from gero import datasets, leaderboards
from gero.kit import Conflict, Invalid, NotFound, clock
from gero.leaderboards import Leaderboard, LeaderboardPatch
from gero.leaderboards.store import update
from gero.providers import target
from gero.providers.target import NoTarget
from tests.gero.leaderboards.boards import URL, board, push
from tests.gero.plans import some_rows

pytestmark = pytest.mark.usefixtures("cloud")


def patched(made: Leaderboard, **changes: object) -> Leaderboard:
    return leaderboards.patch("w", made.id, LeaderboardPatch.model_validate(changes))


def test_a_leaderboard_is_kept_as_it_was_made_and_serves_nobody_yet() -> None:
    made = board(name="  Tickets ")
    assert leaderboards.get("w", made.id) == made
    assert (made.name, made.version, made.production) == ("Tickets", 1, None)
    assert target.load(target.key("w", made.id)) == NoTarget()


def test_leaderboards_are_listed_newest_first_within_their_workspace() -> None:
    made = [board().id for _ in range(3)]
    board("v")
    assert [one.id for one in leaderboards.listed("w")] == sorted(made, reverse=True)
    with pytest.raises(NotFound):
        leaderboards.get("v", made[0])


def test_a_pin_at_creation_is_refused_for_there_are_no_models() -> None:
    with pytest.raises(Invalid, match="model_selection"):
        board(model_selection={"mode": "manual", "model_id": "m"})


def test_a_patch_changes_what_it_names_and_nothing_else() -> None:
    made = board()
    changed = patched(made, name="Other", concurrency=3)
    assert changed == leaderboards.get("w", made.id)
    assert (changed.name, changed.concurrency, changed.version) == ("Other", 3, 2)
    assert changed.system_prompt == made.system_prompt


def test_a_patch_of_an_older_version_is_refused_and_changes_nothing() -> None:
    made = board()
    patched(made, name="Mine", version=1)
    with pytest.raises(Conflict, match="is at 2") as refused:
        patched(made, name="Theirs", version=1)
    assert refused.value.code == "stale_version"
    assert leaderboards.get("w", made.id).name == "Mine"


@pytest.mark.parametrize("field", ["name", "system_prompt", "normalizers", "concurrency", "model_selection"])
def test_a_field_that_must_be_there_cannot_be_made_null(field: str) -> None:
    with pytest.raises(Invalid, match=f"{field}: cannot be null") as refused:
        patched(board(), **{field: None})
    assert refused.value.details == {"field": field}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"concurrency": 0}, "concurrency"),
        ({"dataset_url": URL}, "PUSH dataset has none"),
        ({"dataset_type": "GET"}, "dataset_url"),
        ({"normalizers": ["stem"]}, "'stem'"),
    ],
)
def test_a_patch_that_does_not_fit_the_rest_is_refused(change: dict[str, object], told: str) -> None:
    made = board()
    with pytest.raises(Invalid, match=told):
        patched(made, **change)
    assert leaderboards.get("w", made.id) == made


def test_a_dataset_of_a_url_may_take_pushed_rows_from_now_on_and_keeps_them() -> None:
    made = board(dataset_type="GET", dataset_url=URL)
    with pytest.raises(NotFound):
        push(made, some_rows(1))
    assert patched(made, dataset_type="PUSH", dataset_url=None).dataset_url is None
    assert push(made, some_rows(1)).accepted == 1
    with pytest.raises(Invalid, match=r"^dataset_type: pushed rows stay"):
        patched(made, dataset_type="GET", dataset_url=URL)


def test_a_change_that_came_between_is_kept() -> None:
    made = board()
    interrupted = [True]

    def change(current: Leaderboard) -> Leaderboard:
        if interrupted:
            interrupted.clear()
            patched(made, name="Theirs")
        return current.model_copy(update={"concurrency": 3})

    update("w", made.id, change)
    found = leaderboards.get("w", made.id)
    assert (found.name, found.concurrency, found.version) == ("Theirs", 3, 3)


@pytest.mark.usefixtures("atomic_cloud")
def test_of_patches_at_once_for_one_version_one_wins() -> None:
    made = board()

    def attempt(name: str) -> bool:
        try:
            patched(made, name=name, version=1)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, "abcdef")) == 1
    assert leaderboards.get("w", made.id).version == 2


def test_another_cadence_moves_what_is_due_already() -> None:
    made = board(consolidate_every_hours=8760)
    push(made, some_rows(2))
    patched(made, consolidate_every_hours=1)
    due_at = datasets.intake.read("w", made.id).due_at
    assert due_at
    assert clock.parse(due_at) - clock.now() <= timedelta(hours=1)
    patched(made, consolidate_every_events=2)
    assert datasets.intake.read("w", made.id).should_consolidate()
