import os
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gero.reviews.sealing import coin, seal, unseal

numbers = st.integers(0, 2**64 - 1)


@given(st.binary(min_size=16, max_size=16), numbers)
def test_an_id_leads_back_to_its_number(secret: bytes, number: int) -> None:
    assert unseal(secret, seal(secret, number)) == number


@given(numbers, numbers)
def test_two_numbers_have_two_ids_and_another_secret_reads_another_number(one: int, other: int) -> None:
    secret = b"s" * 16
    assert (seal(secret, one) == seal(secret, other)) == (one == other)
    assert unseal(b"t" * 16, seal(secret, one)) != one


def test_neighbours_look_unrelated() -> None:
    secret = os.urandom(16)
    ids = [seal(secret, number) for number in range(1000)]
    shared = sum(one[:3] == other[:3] for one, other in pairwise(ids))
    assert shared < 10


def test_what_is_no_id_is_told() -> None:
    for text in ("", "abc", "g" * 16, "A" * 16, "0" * 17, "../../../etc/pass"):
        assert unseal(b"s" * 16, text) is None


def test_a_coin_is_fair_and_falls_alike_for_the_same_text() -> None:
    falls = [coin(b"s" * 16, str(number)) for number in range(2000)]
    assert 900 < sum(falls) < 1100
    assert falls == [coin(b"s" * 16, str(number)) for number in range(2000)]
