import gc
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gero.kit.linear_search import LinearPattern, TextTooLong

ONES = ["a", "b", ".", " ", r"\w", r"\d", r"\W", "[ab]", "[^a]", r"\s", "[a-c]", "(?i:A)", "(?i:[^b])", "(?s:.)", "é"]
PLACES = [r"\b", "^", "$", r"\Z", r"\B", "(?m:^)", "(?m:$)"]
REPEATS = ["*", "+", "?", "{1,2}", "{2}", "{1,}", "*?", "+?", "??", "{1,2}?"]


def _longer(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"(?P<name>{one})"),
    )


# What is repeated is one character or more: an empty repeat is the one thing on which engines differ.
REPEATED = st.tuples(st.sampled_from(ONES), st.sampled_from(REPEATS)).map("".join)
GROUPS = st.tuples(st.lists(st.sampled_from(ONES), min_size=1, max_size=3), st.sampled_from(REPEATS))
PATTERNS = st.recursive(
    st.sampled_from(ONES + PLACES) | REPEATED | GROUPS.map(lambda one: f"(?:{'|'.join(one[0])}){one[1]}"), _longer
)


@settings(max_examples=400)
@given(PATTERNS, st.text("abcA 1\né", max_size=12))
def test_it_finds_what_pythons_own_engine_finds(pattern: str, text: str) -> None:
    try:
        compiled = re.compile(pattern)
    except re.error:
        return
    match = compiled.search(text)
    group = match.group(1) if match and compiled.groups else None
    assert LinearPattern(pattern).find(text) == (group if group is not None else match and match.group())


@settings(max_examples=400)
@given(PATTERNS, st.text("abcA 1\né", max_size=14))
def test_it_finds_all_that_pythons_own_engine_finds(pattern: str, text: str) -> None:
    try:
        compiled = re.compile(pattern)
    except re.error:
        return
    linear = LinearPattern(pattern)
    if linear.matches_nothing:  # after an empty match, engines go on in different ways
        return
    assert linear.spans(text) == [match.span() for match in compiled.finditer(text)]


@pytest.mark.parametrize("pattern", ["a*", "", r"\b", "x|", "(a|b?)", "^", "(?:a{0,2})"])
def test_it_knows_what_may_match_nothing(pattern: str) -> None:
    linear = LinearPattern(pattern)
    assert linear.matches_nothing
    assert all(start < end for start, end in linear.spans("aab xa"))


def test_a_search_for_all_reads_no_text_twice_however_matches_look_ahead() -> None:
    """After each `a` the first branch looks for a `b` to the very end; engines that forget that are quadratic."""

    def seconds(size: int) -> float:
        started = time.process_time()
        assert len(LinearPattern("a.*b|a").spans("a" * size)) == size
        return time.process_time() - started

    gc.disable()  # it looks through all that the tests have left
    try:
        assert seconds(40_000) < 24 * min(seconds(5_000) for _ in range(3)), "eight times as long, not 64 times"
    finally:
        gc.enable()


def test_a_long_pattern_searches_less_of_a_long_text() -> None:
    def seconds(pattern: str) -> float:
        started = time.process_time()
        assert LinearPattern(pattern).find("a" * 20_000) is None
        return time.process_time() - started

    assert seconds(r"[\w\W]{900}(b)") < 6 * max(seconds(r"[\w\W]{90}(b)"), 0.02), "not ten times as much"


def test_all_of_a_long_text_is_searched_or_none() -> None:
    text = "x1 " * 100_000
    assert len(LinearPattern("x1").spans(text)) == 100_000
    with pytest.raises(TextTooLong):
        LinearPattern("(?:x[0-9]){40}").spans(text)
