from concurrent.futures import ThreadPoolExecutor

import pytest

from gero import datasets
from gero.datasets import Row
from gero.kit import Invalid

SOURCE = {"kind": "push"}


def rows(*names: str) -> list[Row]:
    return [Row(name, f"input of {name}") for name in names]


@pytest.mark.usefixtures("cloud")
def test_a_version_gives_its_rows_back_in_their_order() -> None:
    version = datasets.freeze("w", "l", rows("b", "a", "c"), SOURCE)
    assert [datasets.decode(line) for line in datasets.read(version)] == rows("b", "a", "c")
    assert (version.number, version.rows, version.source) == (1, 3, SOURCE)


@pytest.mark.usefixtures("cloud")
def test_the_same_rows_are_the_same_version_and_others_the_next() -> None:
    first = datasets.freeze("w", "l", rows("a"), SOURCE)
    assert datasets.freeze("w", "l", iter(rows("a")), {"kind": "other"}) == first
    assert datasets.freeze("w", "l", rows("a", "b"), SOURCE).number == 2
    back = datasets.freeze("w", "l", rows("a"), SOURCE)
    assert (back.number, back.sha256) == (3, first.sha256)
    assert [one.number for one in datasets.versions("w", "l")] == [3, 2, 1]
    assert datasets.latest_version("w", "l") == back


@pytest.mark.usefixtures("cloud")
def test_another_leaderboard_has_versions_of_its_own() -> None:
    datasets.freeze("w", "l", rows("a"), SOURCE)
    assert datasets.latest_version("w", "m") is None
    assert datasets.freeze("w", "m", rows("a"), SOURCE).key.startswith("w/m/")


@pytest.mark.usefixtures("cloud")
def test_no_rows_are_no_version() -> None:
    with pytest.raises(Invalid, match="no rows"):
        datasets.freeze("w", "l", [], SOURCE)
    assert datasets.latest_version("w", "l") is None


@pytest.mark.usefixtures("cloud")
def test_a_source_that_fails_in_the_middle_leaves_no_version() -> None:
    reader = datasets.Reader([b'{"input": "a"}', b"nonsense"])

    def found() -> object:
        yield from reader
        reader.check()

    with pytest.raises(Invalid):
        datasets.freeze("w", "l", found(), SOURCE)  # type: ignore[arg-type]
    assert datasets.latest_version("w", "l") is None


@pytest.mark.usefixtures("atomic_cloud")
def test_versions_frozen_at_once_get_numbers_without_gaps_or_repeats() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda name: datasets.freeze("w", "l", rows(name), SOURCE), "abcdefgh"))
    assert sorted(one.number for one in made) == [1, 2, 3, 4, 5, 6, 7, 8]
    for name, version in zip("abcdefgh", made, strict=True):
        assert [datasets.decode(line).id for line in datasets.read(version)] == [name]
