import pytest

from gero.access import workspaces
from gero.kit import Invalid, NotFound, table
from tests.gero.faults import Faults

pytestmark = pytest.mark.usefixtures("cloud")


def test_workspaces_are_listed_as_they_are_by_now_oldest_first() -> None:
    first, _ = workspaces.create(" Acme ")
    second, _ = workspaces.create("Beta", "enterprise")
    assert (first.name, first.plan, second.plan) == ("Acme", "pay-as-you-go", "enterprise")
    renamed = workspaces.rename(first.id, "Acme & Sons")
    moved = workspaces.set_plan(first.id, "free")
    assert (renamed.name, renamed.plan) == ("Acme & Sons", "pay-as-you-go")
    assert (moved.name, moved.plan) == ("Acme & Sons", "free")
    assert list(workspaces.listed()) == [workspaces.get(first.id), second] == [moved, second]


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_workspace_needs_a_name(name: str) -> None:
    made, _ = workspaces.create("x" * 200)
    for call in (lambda: workspaces.create(name), lambda: workspaces.rename(made.id, name)):
        with pytest.raises(Invalid, match="name: from 1 to 200 characters"):
            call()
    assert list(workspaces.listed()) == [made]


def test_one_that_there_is_not_cannot_be_changed() -> None:
    with pytest.raises(NotFound, match="there is no workspace nowhere"):
        workspaces.set_plan("nowhere", "free")
    with pytest.raises(NotFound, match="there is no workspace nowhere"):
        workspaces.rename("nowhere", "x")
    assert list(workspaces.listed()) == []


def test_one_that_was_made_before_there_was_a_list_is_in_it_once_it_is_changed() -> None:
    made, _ = workspaces.create("Old")
    table.delete("WORKSPACES", made.id)
    assert list(workspaces.listed()) == []
    assert workspaces.get(made.id) == made
    changed = workspaces.set_plan(made.id, "free")
    assert list(workspaces.listed()) == [changed]


def test_two_changes_at_once_both_hold(faults: Faults) -> None:
    made, _ = workspaces.create("Acme")
    faults.meanwhile("dynamodb", "TransactWriteItems", lambda _: workspaces.rename(made.id, "Beta"))
    changed = workspaces.set_plan(made.id, "free")
    assert (changed.name, changed.plan) == ("Beta", "free")
    assert list(workspaces.listed()) == [workspaces.get(made.id)] == [changed]
