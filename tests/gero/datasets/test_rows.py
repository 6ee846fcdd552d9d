from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero import datasets
from gero.datasets import Row
from gero.kit import Invalid


@pytest.mark.parametrize("name", ["input", "prompt", "question", "query"])
def test_the_input_goes_by_any_of_its_names(name: str) -> None:
    assert datasets.parse({name: "hi"}).input == "hi"


@pytest.mark.parametrize("name", ["expected", "output", "response", "completion", "answer"])
def test_the_expected_answer_goes_by_any_of_its_names_one_or_many(name: str) -> None:
    assert datasets.parse({"input": "hi", name: "yes"}).expected == ["yes"]
    assert datasets.parse({"input": "hi", name: ["yes", "Yes"]}).expected == ["yes", "Yes"]


@pytest.mark.parametrize("name", ["id", "example_id", "trace_id"])
def test_the_id_goes_by_any_of_its_names_and_may_be_a_number(name: str) -> None:
    assert datasets.parse({"input": "hi", name: "r-1"}).id == "r-1"
    assert datasets.parse({"input": "hi", name: 7}).id == "7"


def test_a_name_that_is_null_gives_way_to_the_next() -> None:
    row = datasets.parse({"id": None, "trace_id": "t", "input": None, "query": "hi", "expected": None, "answer": "yes"})
    assert row == Row("t", "hi", ["yes"])


def test_a_row_without_an_id_is_named_by_its_content() -> None:
    one, same = datasets.parse({"input": "hi", "answer": "yes"}), datasets.parse({"query": "hi", "output": ["yes"]})
    assert one.id == same.id
    others = [{"input": "hi"}, {"input": "hi", "answer": "no"}, {"input": "hi!", "answer": "yes"}]
    assert len({one.id, *(datasets.parse(other).id for other in others)}) == 4


def test_numbers_are_texts_as_json_writes_them() -> None:
    row = datasets.parse({"input": 12, "answer": [1.5, 3]})
    assert (row.input, row.expected) == ("12", ["1.5", "3"])


def test_a_conversation_becomes_one_text() -> None:
    one = {"messages": [{"role": "user", "content": "hi"}]}
    assert datasets.parse(one).input == "hi"
    two = {"messages": [{"role": "system", "content": "Be kind."}, {"content": "hi"}]}
    assert datasets.parse(two).input == "system: Be kind.\nuser: hi"


USER, ASSISTANT = {"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}


def test_a_conversation_that_ends_with_the_answer_gives_it_away_to_nobody() -> None:
    row = datasets.parse({"messages": [{"role": "system", "content": "Be kind."}, USER, ASSISTANT]})
    assert (row.input, row.expected) == ("system: Be kind.\nuser: hi", ["yes"])
    assert datasets.parse({"messages": [USER, ASSISTANT]}).input == "hi"
    answered = datasets.parse({"messages": [USER, ASSISTANT], "answer": ["Yes!", "yes"]})
    assert (answered.input, answered.expected) == ("hi", ["Yes!", "yes"])


def test_an_assistant_that_says_something_else_is_part_of_the_conversation() -> None:
    row = datasets.parse({"messages": [USER, ASSISTANT], "answer": "no"})
    assert (row.input, row.expected) == ("user: hi\nassistant: yes", ["no"])


def test_a_mapped_answer_is_not_looked_for_in_the_conversation() -> None:
    document = {"messages": [USER, ASSISTANT], "label": None}
    row = datasets.parse(document, {"expected": "label"})
    assert row.expected == []
    assert "yes" not in row.input


def test_an_answer_may_be_a_message() -> None:
    assert datasets.parse({"input": "hi", "output": ASSISTANT}).expected == ["yes"]
    assert datasets.parse({"input": "hi", "output": [ASSISTANT, "yeah"]}).expected == ["yes", "yeah"]
    parts = {"role": "assistant", "content": [{"type": "text", "text": "yes"}]}
    assert datasets.parse({"input": "hi", "output": parts}).expected == ["yes"]


def test_a_conversation_of_sharegpt_is_known() -> None:
    turns = [{"from": "system", "value": "Be kind."}, {"from": "human", "value": "hi"}, {"from": "gpt", "value": "yes"}]
    row = datasets.parse({"conversations": turns})
    assert (row.input, row.expected) == ("system: Be kind.\nuser: hi", ["yes"])


def test_rubric_metadata_and_tags_are_kept() -> None:
    row = datasets.parse({"input": "hi", "rubric": "kind?", "metadata": {"a": [1]}, "tags": ["x"], "unknown": 1})
    assert (row.rubric, row.metadata, row.tags) == ("kind?", {"a": [1]}, ["x"])


def test_metadata_is_not_nested_without_end() -> None:
    metadata: Any = {}
    for _ in range(99):
        metadata = {"inner": metadata}
    assert datasets.parse({"input": "hi", "metadata": metadata}).metadata == metadata
    with pytest.raises(Invalid, match="metadata: more than 100 objects or lists inside each other"):
        datasets.parse({"input": "hi", "metadata": {"inner": [metadata]}})


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ([], None),
        ("text", None),
        (None, None),
        ({}, "input"),
        ({"expected": "yes"}, "input"),
        ({"input": ""}, "input"),
        ({"question": "  \n"}, "question"),
        ({"input": {"a": 1}}, "input"),
        ({"input": True}, "input"),
        ({"input": ["hi"]}, "input"),
        ({"input": float("nan")}, "input"),
        ({"input": float("inf")}, "input"),
        ({"input": "\ud800"}, "input"),
        ({"input": "x" * 1_000_001}, "input"),
        ({"input": "hi", "answer": ["yes", ""]}, "answer"),
        ({"input": "hi", "output": {"text": "yes"}}, "output"),
        ({"input": "hi", "expected": [float("nan")]}, "expected"),
        ({"input": "hi", "id": ""}, "id"),
        ({"input": "hi", "id": "x" * 257}, "id"),
        ({"input": "hi", "id": "😀" * 256}, "id"),
        ({"input": "hi", "id": "\udfff"}, "id"),
        ({"input": "hi", "id": 1.5}, "id"),
        ({"input": "hi", "example_id": True}, "example_id"),
        ({"input": "hi", "rubric": 7 > 5}, "rubric"),
        ({"input": "hi", "metadata": [1]}, "metadata"),
        ({"input": "hi", "tags": "x"}, "tags"),
        ({"input": "hi", "tags": [1]}, "tags"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "user", "content": None}]}, "messages"),
        ({"messages": ["hi"]}, "messages"),
    ],
    ids=lambda value: str(value)[:40].encode("ascii", "replace").decode() or "empty",
)
def test_a_faulty_row_names_its_field(document: Any, field: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        datasets.parse(document)
    assert refused.value.details.get("field") == field
    assert not field or refused.value.message.startswith(f"{field}: ")


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
values = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.builds(Row, texts, texts, st.lists(texts), st.none() | texts, st.dictionaries(texts, values), st.lists(texts))
)
def test_a_stored_row_comes_back_as_it_was_on_one_line(row: Row) -> None:
    line = datasets.encode(row)
    assert b"\n" not in line
    assert datasets.decode(line) == row


def test_equal_rows_are_equal_bytes_whatever_the_order_of_their_metadata() -> None:
    one, other = Row("1", "hi", metadata={"a": 1, "b": 2}), Row("1", "hi", metadata={"b": 2, "a": 1})
    assert datasets.encode(one) == datasets.encode(other)
