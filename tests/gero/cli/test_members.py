"""People of the workspace: against the API in memory, and against the one that is deployed."""

from gero import access
from tests.functions.conftest import Ready, models, ready
from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi
from tests.gero.cli.test_real_api import real

__all__ = ["models", "ready", "real"]  # fixtures, found by their names


def test_a_link_is_shown_once_and_nothing_else_goes_to_stdout(gero: Gero, api: FakeApi) -> None:
    result = gero("member invite anna@example.com --role reviewer")
    assert result.stdout == "https://gero.test/invitation?code=ginv_shown_once\n"
    assert "Send this link to anna@example.com: it is valid for 14 days" in result.stderr
    assert api.requests[-1][2] == {"email": "anna@example.com", "role": "reviewer"}
    gero.ok("member invite ben@example.com")
    assert api.requests[-1][2]["role"] == "member"


def test_members_and_invitations_are_one_list(gero: Gero) -> None:
    gero.ok("member invite anna@example.com --role reviewer")
    listed = " ".join(gero.ok("member list").split())
    assert "olga@example.com member member just now" in listed
    assert "anna@example.com reviewer invited just now in 14 d owner@example.com" in listed
    assert "ginv_" not in listed
    found = gero.json("member list")
    assert (len(found["members"]), len(found["invitations"])) == (2, 1)


def test_members_are_named_by_their_address_in_any_case_or_their_id(gero: Gero, api: FakeApi) -> None:
    assert gero.ok("member set-role Olga@Example.com admin") == "olga@example.com is admin from now on\n"
    olga = next(one["id"] for one in api.members.values() if one["email"] == "olga@example.com")
    assert gero.json(f"member set-role {olga} reviewer")["role"] == "reviewer"
    told = gero.refused("member set-role nobody@example.com admin")
    assert "no member matches 'nobody@example.com', there are:" in told
    assert "olga@example.com" in told


def test_who_is_removed_is_asked_for_and_the_last_owner_stays(gero: Gero, api: FakeApi) -> None:
    assert "pass --yes to confirm" in gero.refused("member remove olga@example.com", exit_code=2)
    assert len(api.members) == 2
    assert gero.ok("member remove olga@example.com --yes") == "Removed olga@example.com\n"
    assert "make somebody else an owner first" in gero.refused("member remove owner@example.com --yes")


def test_an_invitation_is_revoked_by_its_address(gero: Gero, api: FakeApi) -> None:
    gero.ok("member invite anna@example.com")
    told = "Revoked the invitation of anna@example.com\n"
    assert gero.ok("member revoke-invitation anna@example.com") == told
    assert api.invitations == {}
    assert "there are none" in gero.refused("member revoke-invitation anna@example.com")


def test_a_role_that_there_is_not_is_refused_before_anything_is_sent(gero: Gero, api: FakeApi) -> None:
    gero.refused("member invite anna@example.com --role king", exit_code=2)
    gero.refused("member set-role olga@example.com boss", exit_code=2)
    assert api.requests == []


def test_the_deployed_api_takes_what_the_tool_sends(real: Gero, ready: Ready) -> None:
    link = real.ok("member invite Anna@Example.com --role reviewer").strip()
    assert "/invitation?code=ginv_" in link
    assert real.json("member list")["invitations"][0]["email"] == "anna@example.com"
    anna = access.people.signed_in("https://issuer.test", "1", "anna@example.com")
    access.invitations.accept(link.rpartition("=")[2], anna)
    assert real.ok("member set-role anna@example.com owner") == "anna@example.com is owner from now on\n"
    assert "the last owner of the workspace" in real.refused("member remove anna@example.com --yes")
    real.ok("member invite ben@example.com")
    real.ok("member revoke-invitation ben@example.com")
    found = real.json("member list")
    assert ([one["role"] for one in found["members"]], found["invitations"]) == (["owner"], [])
