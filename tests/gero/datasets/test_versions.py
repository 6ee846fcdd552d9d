import gzip
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gero import datasets
from gero.datasets import DatasetVersion, Row
from gero.datasets.versions import drafted, publish
from gero.kit import Conflict, Invalid, NotFound, blobs, conditions, table
from gero.kit.table import Write
from tests.gero.faults import Faults

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


def ids(version: DatasetVersion, offset: int, limit: int) -> list[str]:
    return [datasets.decode(line).id for line in datasets.page(version, offset, limit)]


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("length", [1, 3000], ids=["members of 500 rows", "members of a megabyte"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offset=st.integers(0, 1300), limit=st.integers(0, 700))
@example(offset=0, limit=1203)
@example(offset=499, limit=2)
@example(offset=500, limit=500)
@example(offset=1202, limit=5)
@example(offset=1203, limit=5)
@example(offset=10**9, limit=5)
def test_a_page_is_that_part_of_the_rows(length: int, offset: int, limit: int) -> None:
    names = [f"r{number:04}" for number in range(1203)]
    version = datasets.freeze("w", f"l{length}", [Row(name, "x" * length) for name in names], SOURCE)
    assert ids(version, offset, limit) == names[offset : offset + limit]


@pytest.mark.usefixtures("cloud")
def test_a_page_reads_only_the_members_that_hold_it(faults: Faults) -> None:
    version = datasets.freeze("w", "l", rows(*(f"r{number}" for number in range(2000))), SOURCE)
    seen = faults.answer("s3", "GetObject", 0, lambda _: {})
    assert len(ids(version, 750, 200)) == 200
    ranges = [request["headers"].get("Range", "") for request in seen]
    assert len(ranges) == 2, "the index and one member"
    start, _, stop = ranges[1].removeprefix("bytes=").partition("-")
    size = len(blobs.get(version.key) or b"")
    assert 0 < int(start) < int(stop) < size - 1


@pytest.mark.usefixtures("cloud")
def test_the_members_are_one_file_for_every_gzip_tool() -> None:
    found = rows(*(f"r{number}" for number in range(1203)))
    stored = blobs.get(datasets.freeze("w", "l", found, SOURCE).key)
    assert stored
    assert gzip.decompress(stored) == b"".join(datasets.encode(row) + b"\n" for row in found)


@pytest.mark.usefixtures("cloud")
def test_rows_that_are_gone_are_told() -> None:
    version = datasets.freeze("w", "l", rows("a"), SOURCE)
    blobs.delete_all("w/l/")
    with pytest.raises(NotFound, match="the rows of this version are gone"):
        ids(version, 0, 5)


@pytest.mark.usefixtures("cloud")
def test_a_version_is_found_by_its_number_among_those_of_its_leaderboard() -> None:
    made = [datasets.freeze("w", "l", rows(name), SOURCE) for name in "ab"]
    assert [datasets.version("w", "l", number) for number in (1, 2)] == made
    for owner, number in ((("w", "l"), 3), (("w", "l"), 0), (("w", "m"), 1), (("v", "l"), 1)):
        with pytest.raises(NotFound, match=f"no version {number}"):
            datasets.version(*owner, number)


@pytest.mark.usefixtures("cloud")
def test_a_version_whose_number_is_taken_is_not_published_and_neither_is_what_comes_with_it() -> None:
    first = datasets.freeze("w", "l", rows("a"), SOURCE)
    also = Write({"pk": "p", "sk": "s"})
    with drafted(rows("b")) as draft:
        with pytest.raises(Conflict):
            publish("w", "l", draft, 1, SOURCE, [also])
        assert datasets.version("w", "l", 1) == first
        assert table.get("p", "s") is None
        unmet = Write({"pk": "p", "sk": "s"}, condition=conditions.present())
        with pytest.raises(Conflict):
            publish("w", "l", draft, 2, SOURCE, [unmet])
        assert datasets.latest_version("w", "l") == first
        second = publish("w", "l", draft, 2, SOURCE, [also])
    assert datasets.latest_version("w", "l") == second
    assert ids(second, 0, 5) == ["b"]
    assert table.get("p", "s")
