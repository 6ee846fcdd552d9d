import itertools
import uuid

import pytest

from gero.kit import is_id, new_id


def test_an_id_is_a_uuid_of_version_seven() -> None:
    made = uuid.UUID(new_id())
    assert made.version == 7
    assert made.variant == uuid.RFC_4122


def test_ids_sort_by_the_millisecond_of_their_creation(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(1_780_000_000_000_000_000, 1_000_000)
    monkeypatch.setattr("time.time_ns", lambda: next(clock))
    made = [new_id() for _ in range(500)]
    assert made == sorted(made)


def test_ids_of_one_millisecond_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_780_000_000_000_000_000)
    assert len({new_id() for _ in range(5000)}) == 5000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("01a20000-0000-7000-8000-000000000001", True),
        ("01A20000-0000-7000-8000-00000000000A", True),
        ("01a2000000007000800000000000000a", False),
        ("{01a20000-0000-7000-8000-000000000001}", False),
        ("urn:uuid:01a20000-0000-7000-8000-000000000001", False),
        ("01a20000-0000-7000-8000-000000000001#LB", False),
        ("", False),
        ("../..", False),
    ],
)
def test_only_the_canonical_form_is_an_id(text: str, expected: bool) -> None:
    assert is_id(text) is expected
