import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.providers import CallFailed
from gero.providers.events import EventReader


def test_events_are_told_when_they_are_complete_and_what_is_no_data_is_left_out() -> None:
    reader = EventReader(1000)
    assert reader.feed(b': OPENROUTER PROCESSING\n\nevent: x\nid: 1\ndata: {"a"') == []
    assert reader.feed(b': 1}\n\ndata:{"b": 2}\n\n') == [b'{"a": 1}', b'{"b": 2}']
    assert not reader.done


def test_the_end_is_told_and_what_comes_after_it_is_not() -> None:
    reader = EventReader(1000)
    assert reader.feed(b"data: 1\n\ndata: [DONE]\n\ndata: 2\n\n") == [b"1"]
    assert reader.done


def test_data_over_several_lines_is_one_text() -> None:
    assert EventReader(1000).feed(b"data: {\ndata: }\n\n") == [b"{\n}"]


@given(cuts=st.lists(st.integers(0, 60), max_size=8), end=st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_it_does_not_matter_where_the_pieces_are_cut_nor_how_lines_end(cuts: list[int], end: bytes) -> None:
    whole = b"data: one" + end * 2 + b": c" + end * 2 + b"data: two" + end + b"data: 2" + end * 2 + b"data: x" + end
    reader = EventReader(1000)
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    found = [event for a, b in itertools.pairwise(places) for event in reader.feed(whole[a:b])]
    assert found + reader.feed(b"\n") + reader.feed(b"\n") == [b"one", b"two\n2", b"x"]


def test_a_stream_without_end_is_given_up() -> None:
    reader = EventReader(100)
    for _ in range(8):
        reader.feed(b"data: 123456")
    with pytest.raises(CallFailed, match="larger than 8 MB"):
        reader.feed(b"data: 123456")
