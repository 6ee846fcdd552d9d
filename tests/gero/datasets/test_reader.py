import pytest

from gero.datasets import Reader
from gero.kit import Invalid


def read(*lines: bytes) -> tuple[list[str], Reader]:
    """The inputs of the valid rows, and the reader."""
    reader = Reader(lines)
    return [row.input for row in reader], reader


def test_rows_come_in_order_and_empty_lines_count_as_lines() -> None:
    found, reader = read(b'{"input": "a"}', b"", b"  ", b'{"input": "b"}', b"nonsense")
    assert found == ["a", "b"]
    assert [error["line"] for error in reader.errors] == [5]


@pytest.mark.parametrize(
    "line",
    [
        b'{"input": "a"',
        b'{"input": NaN}',
        b'{"input": Infinity}',
        b"{'input': 'a'}",
        b'"text"',
        b"null",
        b"[]",
        b'{"input": "caf\xe9"}',
        b"\xff\xfe{",
        b'{"input": "\\ud800"}',
        b"[" * 50_000,
        b'{"input": 5, "id": []}',
    ],
    ids=range(12),
)
def test_a_faulty_line_is_told_with_its_number_and_the_rest_is_read(line: bytes) -> None:
    found, reader = read(b'{"input": "a"}', line, b'{"input": "b"}')
    assert found == ["a", "b"]
    assert (reader.error_count, reader.errors[0]["line"]) == (1, 2)
    with pytest.raises(Invalid, match="line 2: ") as refused:
        reader.check()
    assert refused.value.code == "invalid_dataset"


def test_a_byte_order_mark_is_no_fault() -> None:
    assert read(b'\xef\xbb\xbf{"input": "a"}')[0] == ["a"]


def test_a_repeated_row_is_dropped_and_counted() -> None:
    named = b'{"id": 1, "input": "b"}'
    found, reader = read(b'{"input": "a"}', b'{"question": "a"}', named, named)
    assert (found, reader.duplicates, reader.error_count) == (["a", "b"], 2, 0)


def test_one_id_for_two_different_rows_is_a_fault() -> None:
    others = (b'{"id": 1, "input": "b"}', b'{"id": 1, "input": "a", "answer": "x"}')
    found, reader = read(b'{"id": 1, "input": "a"}', *others)
    assert found == ["a"]
    assert [(error["line"], error["field"]) for error in reader.errors] == [(2, "id"), (3, "id")]


def test_a_thousand_faults_are_counted_and_the_first_ones_told() -> None:
    _, reader = read(*[b"x"] * 1000)
    assert (reader.error_count, len(reader.errors)) == (1000, 20)
    with pytest.raises(Invalid, match="and 999 more"):
        reader.check()


def test_a_dataset_without_faults_passes() -> None:
    _, reader = read(b'{"input": "a"}')
    reader.check()
