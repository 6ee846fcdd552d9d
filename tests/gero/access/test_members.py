"""Members and their roles: who may change whom, and that each workspace keeps to itself and has an owner."""

import pytest

from gero.access import members, membership_store, roles, scopes, workspaces
from gero.kit import Conflict, Forbidden, GeroError, Invalid, NotFound, table
from tests.gero.access.peopled import at_once, joined, new_workspace, person, roles_of, transactions_meet

pytestmark = pytest.mark.usefixtures("cloud")
ALL_ROLES = ("owner", "admin", "member", "reviewer")


@pytest.fixture
def workspace() -> str:
    return new_workspace()


def test_a_member_finds_the_workspace_and_the_workspace_its_member(workspace: str) -> None:
    other = new_workspace("Other")
    anna = joined(workspace, "anna@example.com", "owner")
    members.add(other, anna, "reviewer")
    found = {(one.id, one.name, one.role) for one in members.workspaces_of(anna.id)}
    assert found == {(workspace, "Acme", "owner"), (other, "Other", "reviewer")}
    assert members.get(workspace, anna.id) == next(iter(members.listed(workspace)))


def test_people_of_one_workspace_see_and_change_nothing_of_another(workspace: str) -> None:
    other = new_workspace("Other")
    anna, ben = joined(workspace, "anna@example.com", "owner"), joined(other, "ben@example.com", "member")
    assert roles_of(workspace) == {"anna@example.com": "owner"}
    assert [one.id for one in members.workspaces_of(ben.id)] == [other]
    for act in (
        lambda: members.get(workspace, ben.id),
        lambda: members.change_role(workspace, ben.id, "owner", by="anna", held_role="owner"),
        lambda: members.remove(workspace, ben.id, by="anna", held_role="owner"),
        lambda: members.leave(other, anna.id),
    ):
        with pytest.raises(NotFound):
            act()
    assert roles_of(other) == {"ben@example.com": "member"}


def test_nobody_joins_twice_nor_what_does_not_exist(workspace: str) -> None:
    anna = joined(workspace, "anna@example.com", "member")
    with pytest.raises(Conflict, match="is a member of this workspace already") as refused:
        members.add(workspace, anna, "owner")
    assert refused.value.code == "already_member"
    assert members.get(workspace, anna.id).role == "member"
    with pytest.raises(NotFound):
        members.add("nowhere", anna, "member")
    with pytest.raises(Invalid, match="role: 'boss' is not a role; use one of owner, admin"):
        members.add(workspace, person("ben@example.com"), "boss")


@pytest.mark.parametrize("held", ALL_ROLES)
@pytest.mark.parametrize("old", ALL_ROLES)
@pytest.mark.parametrize("new", ALL_ROLES)
def test_owners_manage_everybody_admins_all_but_owners_and_others_nobody(held: str, old: str, new: str) -> None:
    allowed = held == "owner" or (held == "admin" and "owner" not in (old, new))
    if allowed:
        roles.check_may_manage(held, old, new)
        return
    with pytest.raises(Forbidden, match="owner"):
        roles.check_may_manage(held, old, new)


def test_a_changed_role_holds_in_both_directions(workspace: str) -> None:
    joined(workspace, "owner@example.com", "owner")
    anna = joined(workspace, "anna@example.com", "member")
    changed = members.change_role(workspace, anna.id, "admin", by="owner", held_role="owner")
    assert changed == members.get(workspace, anna.id)
    assert [one.role for one in members.workspaces_of(anna.id)] == ["admin"]
    with pytest.raises(Forbidden, match="given and taken by owners only"):
        members.change_role(workspace, anna.id, "owner", by="anna@example.com", held_role="admin")
    with pytest.raises(Forbidden, match="only owners and admins"):
        members.remove(workspace, anna.id, by="ben", held_role="member")
    members.remove(workspace, anna.id, by="anna", held_role="admin")
    assert members.workspaces_of(anna.id) == []
    with pytest.raises(NotFound):
        members.remove(workspace, anna.id, by="owner", held_role="owner")


def test_an_admin_may_everything_but_what_would_make_an_owner_of_them() -> None:
    admin = roles.SCOPES["admin"]
    assert all(scopes.allows(admin, one) for one in scopes.KNOWN)
    assert not scopes.narrower(["*"], admin)
    assert (roles.of_token(["*"]), roles.of_token(admin), roles.of_token(["leaderboards:*"])) == (
        "owner",
        "admin",
        "member",
    )
    assert scopes.allows(roles.SCOPES["reviewer"], "leaderboards:review")
    assert not any(scopes.allows(roles.SCOPES["reviewer"], one) for one in scopes.KNOWN - {"leaderboards:review"})
    assert not scopes.allows(roles.SCOPES["member"], "workspace:admin")


def test_the_last_owner_stays_an_owner(workspace: str) -> None:
    anna = joined(workspace, "anna@example.com", "owner")
    for act in (
        lambda: members.remove(workspace, anna.id, by="anna", held_role="owner"),
        lambda: members.leave(workspace, anna.id),
        lambda: members.change_role(workspace, anna.id, "admin", by="anna", held_role="owner"),
    ):
        with pytest.raises(Conflict, match="last owner of the workspace") as refused:
            act()
        assert refused.value.code == "last_owner"
    ben = joined(workspace, "ben@example.com", "member")
    members.change_role(workspace, ben.id, "owner", by="anna", held_role="owner")
    members.leave(workspace, anna.id)
    assert roles_of(workspace) == {"ben@example.com": "owner"}


@pytest.mark.usefixtures("atomic_cloud")
@pytest.mark.parametrize("demoted", [False, True])
def test_the_last_two_owners_cannot_both_go_at_once(
    workspace: str, monkeypatch: pytest.MonkeyPatch, demoted: bool
) -> None:
    people = [joined(workspace, f"{name}@example.com", "owner") for name in ("anna", "ben")]

    def gone(person_id: str) -> None:
        if demoted:
            members.change_role(workspace, person_id, "member", by="x", held_role="owner")
        else:
            members.leave(workspace, person_id)

    transactions_meet(monkeypatch, 2)
    outcomes = at_once(lambda: gone(people[0].id), lambda: gone(people[1].id))
    refused = [one for one in outcomes if isinstance(one, GeroError)]
    assert [one.code for one in refused] == ["last_owner"]
    assert list(roles_of(workspace).values()).count("owner") == 1


@pytest.mark.usefixtures("atomic_cloud")
def test_who_is_removed_several_times_at_once_is_counted_once(workspace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    joined(workspace, "owner@example.com", "owner")
    anna = joined(workspace, "anna@example.com", "owner")
    transactions_meet(monkeypatch, 4)
    outcomes = at_once(*[lambda: members.leave(workspace, anna.id)] * 4)
    assert [one.code for one in outcomes if one is not None] == ["condition_failed"] * 3
    counters = table.get(f"WS#{workspace}", "MEMBERS")
    assert counters is not None
    assert (counters["members"], counters["owners"]) == (1, 1)


def test_a_workspace_has_a_bounded_number_of_members(workspace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership_store, "MAX_MEMBERS", 2)
    joined(workspace, "a@example.com", "owner")
    ben = joined(workspace, "b@example.com", "member")
    with pytest.raises(Conflict, match="at most 2 members; remove one first"):
        joined(workspace, "c@example.com", "member")
    members.leave(workspace, ben.id)
    joined(workspace, "c@example.com", "member")
    assert len(roles_of(workspace)) == 2


def test_a_person_makes_workspaces_where_the_deployment_lets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    anna = person("anna@example.com")
    assert not members.may_create_workspaces()
    with pytest.raises(Forbidden, match="made by whoever runs this Gero"):
        members.create_workspace(anna, "Mine")
    monkeypatch.setenv("GERO_OPEN_WORKSPACES", "true")
    made = members.create_workspace(anna, "  Mine ")
    assert (made.name, made.plan) == ("Mine", "free")
    assert workspaces.get(made.id) == made
    assert roles_of(made.id) == {"anna@example.com": "owner"}
    assert list(table.query(f"WS#{made.id}", "TOKEN#")) == []
    for name in ("", "  ", "x" * 201):
        with pytest.raises(Invalid, match="name: from 1 to 200 characters"):
            members.create_workspace(anna, name)


@pytest.mark.usefixtures("atomic_cloud")
def test_a_person_makes_no_more_workspaces_than_they_may_also_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GERO_OPEN_WORKSPACES", "true")
    anna = person("anna@example.com")
    outcomes = at_once(*[lambda: members.create_workspace(anna, "Mine")] * (members.MAX_MADE + 3))
    refused = [one for one in outcomes if isinstance(one, Conflict)]
    assert [one.code for one in refused] == ["too_many_workspaces"] * 3
    assert len(members.workspaces_of(anna.id)) == members.MAX_MADE
    assert members.create_workspace(person("ben@example.com"), "His").name == "His"
