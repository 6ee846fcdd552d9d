"""How invitations end: revoked, or too old; and what the table keeps of them."""

from datetime import timedelta
from typing import Any

import pytest

from gero.access import invitations
from gero.kit import Conflict, NotFound, clock, new_id, table
from tests.gero.access.peopled import new_workspace, person

pytestmark = pytest.mark.usefixtures("cloud")
ANNA = "anna@example.com"


@pytest.fixture
def workspace() -> str:
    return new_workspace()


def invited(workspace: str) -> str:
    """The secret of a new invitation."""
    return invitations.create(workspace, ANNA, "member", by="owner@example.com", held_role="owner")[1]


def later(monkeypatch: pytest.MonkeyPatch, passed: timedelta) -> None:
    then = clock.now() + passed
    monkeypatch.setattr(clock, "now", lambda: then)


def test_a_revoked_invitation_opens_nothing(workspace: str) -> None:
    secret = invited(workspace)
    found = invitations.find(secret)
    with pytest.raises(NotFound):
        invitations.revoke(new_workspace("Other"), found.id, "owner")
    invitations.revoke(workspace, found.id, "admin")
    with pytest.raises(Conflict, match="was revoked; ask whoever invited you"):
        invitations.accept(secret, person(ANNA))
    assert invitations.waiting_for(ANNA) == []
    for gone in (found.id, new_id()):
        with pytest.raises(NotFound):
            invitations.revoke(workspace, gone, "owner")
    assert invited(workspace)


def test_an_invitation_ends_after_two_weeks_and_another_can_follow(
    workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, secret = person(ANNA), invited(workspace)
    later(monkeypatch, timedelta(days=13, hours=23))
    assert invitations.find(secret)
    later(monkeypatch, timedelta(hours=2))
    assert list(invitations.listed(workspace)) == invitations.waiting_for(ANNA) == []
    with pytest.raises(Conflict, match="has expired") as refused:
        invitations.accept(secret, anna)
    assert refused.value.code == "invitation_expired"
    assert invitations.accept(invited(workspace), anna).email == ANNA


def test_an_address_whose_expired_invitation_the_table_forgot_is_invited_again(
    workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = invited(workspace)
    later(monkeypatch, timedelta(days=15))
    table.delete(f"WS#{workspace}", f"INVITATION#{next(items(workspace))['sk'].partition('#')[2]}")
    with pytest.raises(NotFound):
        invitations.find(secret)
    assert invitations.find(invited(workspace))


def items(workspace: str) -> Any:
    return table.query(f"WS#{workspace}", "INVITATION#")


def test_what_has_ended_is_kept_for_a_month_by_the_tables_own_clock(workspace: str) -> None:
    ends = clock.parse(invitations.find(invited(workspace)).expires_at).timestamp()
    kept = next(items(workspace))["expires_at"] - ends
    lead = next(table.query(f"INVITED#{ANNA}"))
    assert 29 * 86_400 < kept <= 30 * 86_400
    assert lead["expires_at"] == int(ends)
