"""Who signed in, and by which address they are known."""

import pytest

from gero.access import invitations, members, people
from gero.kit import NotFound, table
from tests.gero.access.peopled import ISSUER, at_once, joined, new_workspace

pytestmark = pytest.mark.usefixtures("cloud")


def test_a_person_is_made_at_the_first_sign_in_and_found_at_the_next() -> None:
    first = people.signed_in(ISSUER, "sub-1", "  Anna@Example.COM ")
    assert first.email == "anna@example.com"
    assert people.signed_in(ISSUER, "sub-1", "anna@example.com") == first
    assert people.get(first.id) == first
    with pytest.raises(NotFound):
        people.get("nobody")


def test_the_same_name_at_another_issuer_is_another_person() -> None:
    ids = {
        people.signed_in(issuer, subject, "anna@example.com").id
        for issuer, subject in ((ISSUER, "1"), (ISSUER, "2"), ("https://other.test", "1"), (ISSUER + "1", ""))
    }
    assert len(ids) == 4
    assert all(len(one) == 32 for one in ids)


@pytest.mark.usefixtures("atomic_cloud")
def test_signing_in_in_several_browsers_at_once_makes_one_person() -> None:
    made = at_once(*[lambda: people.signed_in(ISSUER, "sub-1", "anna@example.com")] * 8)
    assert len({(one.id, one.created_at) for one in made}) == 1


def test_a_changed_address_is_followed_into_every_workspace() -> None:
    here, there = new_workspace(), new_workspace()
    anna = people.signed_in(ISSUER, "sub-1", "anna@example.com")
    members.add(here, anna, "owner")
    members.add(there, anna, "member")
    joined(there, "ben@example.com", "owner")
    changed = people.signed_in(ISSUER, "sub-1", "Anna.B@example.com")
    assert (changed.id, changed.created_at) == (anna.id, anna.created_at)
    assert people.get(anna.id).email == members.get(here, anna.id).email == "anna.b@example.com"
    assert [one.email for one in members.listed(there)] == ["anna.b@example.com", "ben@example.com"]


def test_a_changed_address_brings_nobody_back_into_a_workspace_that_they_left(monkeypatch: pytest.MonkeyPatch) -> None:
    here = new_workspace()
    joined(here, "owner@example.com", "owner")
    anna = people.signed_in(ISSUER, "sub-1", "anna@example.com")
    members.add(here, anna, "member")
    mirror = table.get(f"PERSON#{anna.id}", f"WORKSPACE#{here}")
    members.leave(here, anna.id)
    assert mirror is not None
    table.put(mirror)  # as whoever read it just before sees it
    people.signed_in(ISSUER, "sub-1", "new@example.com")
    assert table.get(f"WS#{here}", f"MEMBER#{anna.id}") is None


@pytest.mark.parametrize("lookalike", ["\u212aim@example.com", "k\u0131m@example.com", "kim@example.c\u03bfm"])
def test_letters_that_only_look_alike_are_other_addresses(lookalike: str) -> None:
    here = new_workspace()
    invitations.create(here, "kim@example.com", "admin", by="owner", held_role="owner")
    assert people.normalised(lookalike) != "kim@example.com"
    assert invitations.waiting_for(lookalike) == []
    assert len(invitations.waiting_for(" KIM@example.com ")) == 1
