import pytest

from gero.kit import table
from gero.providers import directory
from gero.providers.directory import Entry


def entry(name: str, object_id: str = "1", kind: directory.Kind = "leaderboard") -> Entry:
    return Entry(kind, object_id, name, "2026-01-01T00:00:00.000Z")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Support Tickets", "support-tickets"),
        ("  --A  b__c!! ", "a-b-c"),
        ("Größe 2", "größe-2"),
        ("日本語", "日本語"),
        ("!?", ""),
        ("a#b", "a-b"),
    ],
)
def test_a_slug_is_the_names_words(name: str, slug: str) -> None:
    assert directory.slug(name) == slug


def test_what_was_added_is_found_by_name_and_slug_in_its_workspace_only(cloud: None) -> None:
    table.transact([directory.add("w", entry("Support Tickets"))])
    for name in ("Support Tickets", "support-tickets", "SUPPORT tickets"):
        assert directory.find("w", name) == [entry("Support Tickets")]
    for workspace, name in (("v", "support-tickets"), ("w", "support"), ("w", "support-tickets-2"), ("w", "")):
        assert directory.find(workspace, name) == []


def test_a_new_name_takes_the_place_of_the_old_one(cloud: None) -> None:
    table.transact([directory.add("w", entry("One"))])
    table.transact(directory.rename("w", entry("Two"), "One"))
    table.transact(directory.rename("w", entry("two!"), "Two"))
    assert [one.name for one in directory.listed("w")] == ["two!"]
    table.transact([directory.remove("w", "leaderboard", "1", "two!")])
    assert directory.listed("w") == []


def test_two_of_one_name_are_both_found(cloud: None) -> None:
    table.transact([directory.add("w", entry("A")), directory.add("w", entry("a", "2", "model"))])
    assert [one.id for one in directory.find("w", "a")] == ["1", "2"]
