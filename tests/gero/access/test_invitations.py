"""Invitations: for one address, accepted once, and ended when they are revoked, replaced or too old."""

from datetime import timedelta

import pytest

from gero.access import invitations, members, people
from gero.kit import Conflict, Forbidden, GeroError, Invalid, NotFound, clock, new_id, table
from tests.gero.access.peopled import ISSUER, at_once, joined, new_workspace, person, roles_of, transactions_meet

pytestmark = pytest.mark.usefixtures("cloud")
ANNA = "anna@example.com"


@pytest.fixture
def workspace() -> str:
    return new_workspace()


def invited(workspace: str, email: str = ANNA, role: str = "member", held_role: str = "owner") -> str:
    """The secret of a new invitation."""
    return invitations.create(workspace, email, role, by="owner@example.com", held_role=held_role)[1]


def test_who_is_invited_joins_with_the_link_and_the_role(workspace: str) -> None:
    made, secret = invitations.create(workspace, " Anna@Example.com", "reviewer", by="olga", held_role="admin")
    assert (made.email, made.role, made.invited_by, made.workspace_name) == (ANNA, "reviewer", "olga", "Acme")
    assert clock.parse(made.expires_at) - clock.parse(made.created_at) == timedelta(days=14)
    assert invitations.find(secret) == made
    member = invitations.accept(secret, person(ANNA))
    assert (member.workspace_id, member.role) == (workspace, "reviewer")
    assert roles_of(workspace) == {ANNA: "reviewer"}
    assert list(invitations.listed(workspace)) == invitations.waiting_for(ANNA) == []


def test_the_secret_is_nowhere_in_the_table(workspace: str) -> None:
    secret = invited(workspace)
    assert secret.startswith("ginv_")
    stored = str([*table.query(f"WS#{workspace}"), *table.query(f"INVITED#{ANNA}")])
    assert secret.removeprefix("ginv_")[-25:] not in stored


def test_a_link_works_once(workspace: str) -> None:
    secret, anna = invited(workspace), person(ANNA)
    invitations.accept(secret, anna)
    for act in (lambda: invitations.accept(secret, anna), lambda: invitations.find(secret)):
        with pytest.raises(Conflict, match="was accepted already") as refused:
            act()
        assert refused.value.code == "invitation_accepted"
    joined(workspace, "owner@example.com", "owner")
    members.remove(workspace, anna.id, by="owner", held_role="owner")
    with pytest.raises(Conflict, match="was accepted already"):
        invitations.accept(secret, anna)


@pytest.mark.usefixtures("atomic_cloud")
def test_a_link_that_is_clicked_several_times_at_once_works_once(
    workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, anna, twin = invited(workspace), person(ANNA), person(ANNA)  # two accounts with one address
    transactions_meet(monkeypatch, 4)
    outcomes = at_once(*[lambda: invitations.accept(secret, anna), lambda: invitations.accept(secret, twin)] * 2)
    refused = [one.code for one in outcomes if isinstance(one, GeroError)]
    assert refused == ["invitation_accepted"] * 3
    assert len(list(members.listed(workspace))) == 1


def test_an_invitation_of_another_person_is_refused_and_tells_only_part_of_the_address(workspace: str) -> None:
    secret, ben = invited(workspace), person("ben@example.com")
    with pytest.raises(Forbidden, match=r"for a\*\*\*@example\.com; sign in with that address") as refused:
        invitations.accept(secret, ben)
    assert refused.value.code == "another_address"
    assert "anna" not in refused.value.message
    assert roles_of(workspace) == {}
    with pytest.raises(NotFound, match="no such invitation waits for you"):
        invitations.accept_waiting(next(invitations.listed(workspace)).id, ben)
    assert invitations.accept(secret, person(ANNA)).email == ANNA


def test_a_changed_address_takes_no_invitation_of_the_old_one_along(workspace: str) -> None:
    secret = invited(workspace)
    people.signed_in(ISSUER, "sub-x", ANNA)
    renamed = people.signed_in(ISSUER, "sub-x", "new@example.com")
    with pytest.raises(Forbidden):
        invitations.accept(secret, renamed)
    assert invitations.waiting_for(renamed.email) == []


@pytest.mark.parametrize("text", ["", "ginv_", "ginv_abc", "ginv_" + "é" * 60, "ginv_" + "A" * 72, "A" * 5000])
def test_nonsense_is_no_invitation(workspace: str, text: str) -> None:
    invited(workspace)
    with pytest.raises(NotFound, match="check that its link was copied whole"):
        invitations.find(text)


def test_the_right_ids_with_another_secret_open_nothing_and_tell_nothing(workspace: str) -> None:
    secret = invited(workspace)
    forged = secret[:-8] + ("AAAAAAAA" if not secret.endswith("AAAAAAAA") else "BBBBBBBB")
    invitations.revoke(workspace, next(invitations.listed(workspace)).id, "owner")
    with pytest.raises(NotFound):
        invitations.accept(forged, person(ANNA))
    with pytest.raises(Conflict, match="was revoked"):
        invitations.find(secret)


def test_inviting_again_replaces_the_older_invitation(workspace: str) -> None:
    first, second = invited(workspace, role="member"), invited(workspace, "ANNA@example.com", role="reviewer")
    assert [one.role for one in invitations.listed(workspace)] == ["reviewer"]
    assert [one.role for one in invitations.waiting_for(ANNA)] == ["reviewer"]
    with pytest.raises(Conflict, match="was replaced by a later one"):
        invitations.accept(first, person(ANNA))
    assert invitations.accept(second, person(ANNA)).role == "reviewer"


@pytest.mark.usefixtures("atomic_cloud")
@pytest.mark.parametrize("earlier", [False, True])
def test_of_invitations_of_one_address_at_once_one_is_made(
    workspace: str, monkeypatch: pytest.MonkeyPatch, earlier: bool
) -> None:
    if earlier:
        invited(workspace)
    transactions_meet(monkeypatch, 3)
    outcomes = at_once(*[lambda: invited(workspace)] * 3)
    (secret,) = [one for one in outcomes if isinstance(one, str)]
    assert [invitations.find(secret)] == list(invitations.listed(workspace)) == invitations.waiting_for(ANNA)


def test_a_member_is_not_invited(workspace: str) -> None:
    joined(workspace, ANNA, "member")
    with pytest.raises(Conflict, match="is a member of this workspace already"):
        invited(workspace, "Anna@example.com")
    assert invited(new_workspace("Other"))


def test_roles_are_given_and_taken_as_those_of_members(workspace: str) -> None:
    for held in ("member", "reviewer"):
        with pytest.raises(Forbidden, match="only owners and admins"):
            invited(workspace, held_role=held)
    with pytest.raises(Forbidden, match="given and taken by owners only"):
        invited(workspace, role="owner", held_role="admin")
    with pytest.raises(Invalid, match="role: 'boss'"):
        invited(workspace, role="boss")
    secret = invited(workspace, role="owner")
    with pytest.raises(Forbidden, match="given and taken by owners only"):
        invited(workspace, role="member", held_role="admin")
    with pytest.raises(Forbidden, match="given and taken by owners only"):
        invitations.revoke(workspace, invitations.find(secret).id, "admin")
    assert invitations.accept(secret, person(ANNA)).role == "owner"


@pytest.mark.parametrize(
    "email",
    [
        "",
        "anna",
        "@example.com",
        "anna@",
        "a@b@c.de",
        "anna @example.com",
        "anna@ex\u0000ample.com",
        "a" * 65 + "@b.de",
    ],
)
def test_what_is_no_address_is_not_invited(workspace: str, email: str) -> None:
    with pytest.raises(Invalid, match="email: give one e-mail address"):
        invited(workspace, email)


def test_invitations_that_wait_are_accepted_without_their_link_by_whoever_has_the_address(workspace: str) -> None:
    other = new_workspace("Other")
    invited(workspace)
    invited(other, role="admin")
    invited(other, "ben@example.com")
    anna = person("ANNA@example.com")
    found = {one.workspace_name: one for one in invitations.waiting_for(anna.email)}
    assert {name: one.role for name, one in found.items()} == {"Acme": "member", "Other": "admin"}
    assert invitations.accept_waiting(found["Other"].id, anna).workspace_id == other
    assert roles_of(other) == {ANNA: "admin"}
    assert roles_of(workspace) == {}
    with pytest.raises(NotFound):
        invitations.accept_waiting(found["Other"].id, anna)


def test_a_workspace_has_a_bounded_number_of_open_invitations(workspace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MAX_OPEN", 2)
    invited(workspace)
    invited(workspace, "b@example.com")
    with pytest.raises(Conflict, match="at most 2 open invitations; revoke one first"):
        invited(workspace, "c@example.com")
    invited(workspace)  # replaces, so there are not more than before
    invitations.revoke(workspace, next(invitations.listed(workspace)).id, "owner")
    invited(workspace, "c@example.com")


def test_nobody_is_invited_to_what_does_not_exist() -> None:
    with pytest.raises(NotFound, match="there is no such workspace"):
        invited(new_id())
