from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.access import secret_texts
from gero.kit import Invalid, clock

PREFIXES = st.sampled_from(["drgero_", "hpd_", "gop_"])
UUIDS = st.uuids().map(str)


@given(PREFIXES, st.lists(UUIDS, min_size=1, max_size=3))
def test_the_ids_of_a_text_are_those_it_was_made_of(prefix: str, ids: list[str]) -> None:
    text = secret_texts.make(prefix, *ids)
    assert text.startswith(prefix)
    assert text.isascii()
    assert secret_texts.ids(prefix, text, len(ids)) == tuple(ids)


@given(PREFIXES, st.one_of(st.text(), st.text("ABCabc019_-=é\ud800", max_size=120)), st.integers(1, 3))
def test_any_text_gives_ids_or_none(prefix: str, text: str, count: int) -> None:
    for shown in (text, prefix + text):
        found = secret_texts.ids(prefix, shown, count)
        assert found is None or [str(UUID(one)) for one in found] == list(found)


@given(UUIDS)
def test_a_text_under_another_prefix_is_none(one: str) -> None:
    assert secret_texts.ids("hpd_", secret_texts.make("drgero_", one), 1) is None


def test_no_two_texts_are_equal_and_neither_are_their_digests() -> None:
    one = "01a20000-0000-7000-8000-000000000001"
    texts = {secret_texts.make("hpd_", one) for _ in range(50)}
    assert len(texts) == len({secret_texts.digest(text) for text in texts}) == 50
    assert all(len(secret_texts.digest(text)) == 64 for text in texts)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("BEARER abc", "abc"),
        ("Basic abc", ""),
        ("Bearer", ""),
        ("abc", ""),
        ("", ""),
    ],
)
def test_a_bearer_is_what_follows_the_scheme(header: str, found: str) -> None:
    assert secret_texts.bearer({"authorization": header}) == found
    assert secret_texts.bearer({}) == ""


def test_a_lifetime_ends_when_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = clock.parse("2026-11-24T00:00:00.000Z")
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert secret_texts.expiry(None) is None
    assert secret_texts.expiry("none") is None
    assert secret_texts.expiry("1h") == "2026-11-24T01:00:00.000Z"
    assert secret_texts.expiry("1y") == clock.iso(moment + timedelta(days=365))
    with pytest.raises(Invalid, match="expires_in: use one of none, 1h") as refused:
        secret_texts.expiry("2h")
    assert refused.value.details == {"field": "expires_in"}
