import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.evaluation import ExactScorer

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def matches(output: str, *expected: str) -> bool:
    return ExactScorer(["json"]).score(output, expected)[0]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ('{"b": 1, "a": [1, 2]}', '{"a":[1,2],"b":1}'),
        ('{"a": 1.0}', '{"a": 1}'),
        ('{"a": 1e2}', '{"a": 100}'),
        ('{"a": -0.0}', '{"a": 0}'),
        ('Here it is:\n```json\n{"a": 1}\n```\nDone.', '{"a": 1}'),
        ('```\n{"a": 1}\n```', '{"a": 1}'),
        ('First ```json\n{"a": 2}\n``` no: ```json\n{"a": 1}\n```', '{"a": 1}'),
        ('The result is {"a": 1}.', '{"a": 1}'),
        ("See [1]: not JSON; and [1, 2] it is", "[1, 2]"),
        ('"caf\\u00e9"', '"café"'),
        ("12345678901234567890123456789.10", "12345678901234567890123456789.1"),
        ("1e400", "10e399"),
    ],
)
def test_equal_values_match_however_they_are_written(output: str, expected: str) -> None:
    assert matches(output, expected)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ('{"a": 1}', '{"a": "1"}'),
        ('{"a": true}', '{"a": 1}'),
        ('{"a": 1}', '{"a": 1, "b": null}'),
        ("[1, 2]", "[2, 1]"),
        ('{"a": "x "}', '{"a": "x"}'),
        ("1e400", "1e401"),
        ("0.1", "0.10000000000000000000000000000001"),
    ],
)
def test_different_values_do_not(output: str, expected: str) -> None:
    assert not matches(output, expected)


@pytest.mark.parametrize("output", ["no JSON here", "", "{a: 1}", '{"a": NaN}', "[1, 2", "{{{{"])
def test_what_is_no_json_equals_nothing_and_is_told(output: str) -> None:
    assert ExactScorer(["json"]).score(output, [output]) == (False, "no JSON in the answer")


@given(VALUES, st.booleans(), st.sampled_from([None, 1, 3]))
def test_a_value_equals_itself_in_any_layout(value: Any, ascii_only: bool, indent: int | None) -> None:
    written = json.dumps(value, ensure_ascii=ascii_only, indent=indent, sort_keys=ascii_only)
    assert matches(written, json.dumps(value))
    assert matches(f"```json\n{written}\n```", json.dumps(value)) or "```" in written


@given(VALUES, VALUES)
def test_two_values_match_only_when_they_are_equal(one: Any, other: Any) -> None:
    equal = matches(json.dumps(one), json.dumps(other))
    if equal:
        assert json.loads(json.dumps(one)) == json.loads(json.dumps(other))


@pytest.mark.parametrize(
    "hostile", ["[" * 100_000, '{"a":' * 50_000, "9" * 100_000, "1e" + "9" * 1000, "```\n" * 40_000]
)
def test_no_answer_takes_long_or_breaks_it(hostile: str) -> None:
    started = time.process_time()
    ExactScorer(["json"]).normalize(hostile)
    assert time.process_time() - started < 1
