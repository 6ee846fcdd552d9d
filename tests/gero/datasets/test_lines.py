import gzip
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.datasets import split
from gero.kit import GeroError, Invalid, TooLarge

# A first line long enough for the file to be recognized by it alone, whatever bytes follow.
ROW = b'{"input": ""}'


def in_pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("last", [b"", b"tail"])
@pytest.mark.parametrize("compressed", [False, True])
def test_lines_are_whole_wherever_the_pieces_break(size: int, end: bytes, last: bytes, compressed: bool) -> None:
    data = end.join([b"one", "größe".encode(), b"", b"four", last])
    wire = gzip.compress(data) if compressed else data
    assert list(split(in_pieces(wire, size))) == [b"one", "größe".encode(), b"", b"four"] + [last] * bool(last)


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line and b"\r" not in line)), st.integers(1, 9))
def test_nothing_is_lost_or_added(lines: list[bytes], size: int) -> None:
    lines = [ROW, *lines]
    data = b"".join(line + b"\n" for line in lines)
    assert list(split(in_pieces(data, size))) == lines
    assert list(split(in_pieces(gzip.compress(data), size))) == lines


@given(st.binary(max_size=200), st.integers(1, 50), st.booleans())
def test_any_bytes_are_lines_or_refused(data: bytes, size: int, compressed: bool) -> None:
    wire = gzip.compress(data) if compressed else data
    try:
        lines = list(split(in_pieces(wire, size)))
    except GeroError:
        return
    assert b"".join(lines) == data.replace(b"\r", b"").replace(b"\n", b"")


@given(st.binary(max_size=200), st.integers(0, 200), st.integers(1, 50))
def test_any_damage_to_gzip_is_told(data: bytes, cut: int, size: int) -> None:
    wire = gzip.compress(ROW + b"\n" + data)
    damaged = wire[: cut % len(wire)]
    if len(damaged) > 1:
        with pytest.raises(Invalid, match="ends in the middle"):
            list(split(in_pieces(damaged, size)))


def test_nothing_is_no_lines() -> None:
    assert list(split([])) == []
    assert list(split([b""])) == []
    assert list(split([gzip.compress(b"")])) == []
    assert list(split([b"", b"\x1f"])) == [b"\x1f"]


def test_an_empty_piece_is_not_the_end() -> None:
    wire = gzip.compress(b"one\ntwo")
    assert list(split([wire[:9], b"", wire[9:]])) == [b"one", b"two"]


def test_gzip_of_several_members_is_one_file() -> None:
    wire = gzip.compress(b"one\ntw") + gzip.compress(b"o\n")
    for size in (1, 5, 1000):
        assert list(split(in_pieces(wire, size))) == [b"one", b"two"]


@pytest.mark.parametrize("padding", [b"\0", b"\0" * 1000])
def test_zeros_behind_gzip_are_padding(padding: bytes) -> None:
    wire = gzip.compress(b"one\n") + padding
    for size in (1, 7, 5000):
        assert list(split(in_pieces(wire, size))) == [b"one"]
        assert list(split(in_pieces(wire + gzip.compress(b"two"), size))) == [b"one", b"two"]


@pytest.mark.parametrize("garbage", [b"x", b"\0\0x", b"one\n", b"\x1fx"])
def test_anything_else_behind_gzip_is_refused(garbage: bytes) -> None:
    wire = gzip.compress(b"one\n") + garbage
    for size in (1, 1000):
        with pytest.raises(Invalid) as refused:
            list(split(in_pieces(wire, size)))
        assert refused.value.code == "bad_gzip"


def test_more_than_one_buffer_of_compressed_lines_is_read() -> None:
    lines = [f"{number:07}".encode() for number in range(400_000)]
    assert list(split(in_pieces(gzip.compress(b"\n".join(lines), 1), 1 << 18))) == lines


@pytest.mark.parametrize("kept", [3, 12, 40, -1, -8])
def test_gzip_that_ends_in_the_middle_is_refused(kept: int) -> None:
    wire = gzip.compress(random.Random(1).randbytes(100))
    with pytest.raises(Invalid, match="ends in the middle") as refused:
        list(split([wire[:kept]]))
    assert refused.value.code == "bad_gzip"


@pytest.mark.parametrize("place", [3, 20, -6, -2])
def test_damaged_gzip_is_refused(place: int) -> None:
    wire = bytearray(gzip.compress(random.Random(1).randbytes(100)))
    wire[place] ^= 0xFF
    with pytest.raises(Invalid) as refused:
        list(split([bytes(wire)]))
    assert refused.value.code == "bad_gzip"


def test_a_line_without_end_is_refused_by_its_number_before_it_fills_the_memory() -> None:
    def endless() -> Iterator[bytes]:
        yield b"one\n"
        for _ in range(100):
            yield b"x" * 100_000
        pytest.fail("read on behind the limit")

    with pytest.raises(TooLarge, match="line 2 is longer than 4 MB") as refused:
        list(split(endless()))
    assert refused.value.details == {"line": 2}


def test_a_compressed_bomb_is_refused_while_it_unfolds() -> None:
    bomb = gzip.compress(b"x" * 20_000_000)
    with pytest.raises(TooLarge, match="line 1"):
        list(split([bomb]))


def test_a_dataset_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gero.datasets.lines.MAX_TOTAL_BYTES", 100)
    assert len(list(split([b"x" * 9 + b"\n"] * 10))) == 10
    with pytest.raises(TooLarge, match="larger than"):
        list(split([b"x" * 9 + b"\n"] * 11))


def test_lines_are_counted_empty_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gero.datasets.lines.MAX_LINES", 100)
    assert len(list(split([b"{}" + b"\n" * 100]))) == 100
    with pytest.raises(TooLarge, match="more than 100 lines"):
        list(split([gzip.compress(b"{}" + b"\n" * 10_000_000)]))
