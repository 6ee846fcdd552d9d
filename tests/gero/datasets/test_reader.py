import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero import datasets
from gero.datasets import Reader, Row, split
from gero.kit import GeroError, Invalid, TooLarge


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
        b'{"a":' * 50_000,
        b'{"input": 5, "id": []}',
        b'{"input": 1e400}',
        b'{"input": ' + b"1" * 5000 + b"}",
        b'{"input": "a", "id": ' + b"1" * 4000 + b"}",
        b'{"input": "a", "metadata": {"a": ' + b"[" * 500 + b"]" * 500 + b"}}",
        b'{"input": "a"} {"input": "b"}',
        b"\x00",
    ],
    ids=range(19),
)
def test_a_faulty_line_is_told_with_its_number_and_the_rest_is_read(line: bytes) -> None:
    found, reader = read(b'{"input": "a"}', line, b'{"input": "b"}')
    assert found == ["a", "b"]
    assert (reader.error_count, reader.errors[0]["line"]) == (1, 2)
    with pytest.raises(Invalid, match="line 2: ") as refused:
        reader.check()
    assert refused.value.code == "invalid_dataset"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"input": "a", "score": NaN}', "not JSON: NaN; write null, or leave the field out"),
        (b'{"input": [1,-Infinity]}', "not JSON: -Infinity; write null, or leave the field out"),
        (b'{"input": "caf\xe9"}', "not UTF-8 (byte 0xe9 at 14); save the file as UTF-8"),
        (b'{"input": "\\ud83d"}', "not JSON: \\ud83d is half of a character; write the other half too"),
        (b'{"input": "\\ud83d\\ude00"', "not JSON: it ends in the middle"),
        (b'{"input": "a",}', "not JSON: trailing comma in object (byte 14)"),
        (b"[" * 50_000, "too many objects or lists inside each other"),
        (b'{"a": [' + b"[]," * 300_000 + b"1]}", "more than 200,000 objects and lists in one row"),
        (b"null", "a row must be a JSON object, this is null"),
    ],
    ids=range(9),
)
def test_a_fault_is_told_in_words_that_help(line: bytes, told: str) -> None:
    _, reader = read(line)
    assert reader.errors == [{"line": 1, "field": None, "error": told}]


def test_a_row_knows_its_line() -> None:
    assert [row.origin for row in Reader([b'{"input": "a"}', b"", b'{"input": "b"}'])] == [{"line": 1}, {"line": 3}]


def test_rows_are_read_where_the_mapping_says() -> None:
    line = json.dumps({"ticket": {"text": "a"}, "label": "x", "answer": "no"}).encode()
    (row,) = Reader([line], {"input": "ticket.text", "expected": "label"})
    assert (row.input, row.expected) == ("a", ["x"])


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
    assert reader.errors[1]["error"] == "id: '1' was used in line 1 for another row"


def test_repeats_are_known_among_many_rows() -> None:
    lines = [b'{"id": %d, "input": "%d"}' % (n, n) for n in range(5000)]
    found, reader = read(*lines, *lines, b'{"id": 4000, "input": "other"}')
    assert (len(found), reader.duplicates) == (5000, 5000)
    assert [error["error"] for error in reader.errors] == ["id: '4000' was used in line 4001 for another row"]


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gero.datasets.reader.MAX_ROWS", 2)
    lines = [b'{"input": "%d"}' % n for n in range(3)]
    assert len(read(*lines[:2], *lines[:2])[0]) == 2
    with pytest.raises(TooLarge, match="more than 2 rows"):
        read(*lines)


def test_a_thousand_faults_are_counted_and_the_first_ones_told() -> None:
    _, reader = read(*[b"x"] * 1000)
    assert (reader.error_count, len(reader.errors)) == (1000, 20)
    with pytest.raises(Invalid, match="and 999 more"):
        reader.check()


def test_a_dataset_without_faults_passes() -> None:
    _, reader = read(b'{"input": "a"}')
    reader.check()


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
names = st.sampled_from([*(name for names in datasets.fields.NAMES.values() for name in names), "role", "content"])
documents = json_values | st.dictionaries(names, json_values | st.text(), max_size=4)
messy = st.binary(max_size=40) | documents.map(lambda value: json.dumps(value).encode())


@given(st.lists(messy, max_size=6), st.sampled_from([b"\n", b"\r\n", b"\r", b""]))
def test_any_bytes_are_rows_or_an_error_of_ours(lines: list[bytes], end: bytes) -> None:
    try:
        reader = Reader(split([end.join(lines)]))
        rows = list(reader)
        reader.check()
    except GeroError:
        return
    assert all(isinstance(row, Row) and datasets.decode(datasets.encode(row)) == row for row in rows)


@given(st.dictionaries(names, json_values, max_size=5), st.dictionaries(st.sampled_from(datasets.FIELDS), names))
def test_any_document_is_a_row_or_refused_under_any_mapping(document: Any, mapping: dict[datasets.Field, str]) -> None:
    try:
        row = datasets.parse(document, mapping)
    except Invalid:
        return
    assert datasets.decode(datasets.encode(row)) == row


@given(st.sampled_from(datasets.FIELDS), st.sampled_from(["elsewhere", "not.there"]), st.data())
def test_a_mapped_field_is_never_read_by_its_other_names(
    field: datasets.Field, place: str, data: st.DataObject
) -> None:
    document = dict.fromkeys(datasets.fields.NAMES[field], data.draw(json_values))
    assert datasets.fields.find(document, field, {field: place}) is None
