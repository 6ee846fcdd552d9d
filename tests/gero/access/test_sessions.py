"""Sessions: only the browser knows their id, and what they may do is read anew for each request."""

from datetime import timedelta

import pytest

from gero import access
from gero.access import budget_terms, members, people, roles, secret_texts, sessions, tokens
from gero.kit import Forbidden, Unauthenticated, clock, table
from tests.gero.access.peopled import ISSUER, joined, new_workspace, person

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def workspace() -> str:
    return new_workspace()


def test_a_person_acts_with_their_role_under_their_address(workspace: str) -> None:
    for role in roles.SCOPES:
        session = sessions.open_for_person(joined(workspace, f"{role}@example.com", role))
        caller, shown = sessions.principal(session)
        assert (caller.workspace_id, caller.token_id, caller.scopes) == (
            workspace,
            f"{role}@example.com",
            roles.SCOPES[role],
        )
        assert (shown, caller.acting_role, caller.budgeted) == (role, role, False)
    reviewer = sessions.principal(session)[0]
    with pytest.raises(Forbidden, match="your role here, reviewer, does not include leaderboards:write"):
        reviewer.require("leaderboards:write")


def test_a_session_is_found_by_its_id_and_the_table_knows_only_its_digest(workspace: str) -> None:
    session = sessions.open_for_person(joined(workspace, "anna@example.com", "member"))
    assert sessions.find(session.id) == session
    assert len(session.id) == 43  # 256 bits in base64
    (item,) = table.query(f"SESSION#{secret_texts.digest(session.id)}")
    assert session.id not in str(item)
    assert sessions.open_for_person(people.get(session.person_id or "")).id != session.id


@pytest.mark.parametrize("forged", ["", "x", "A" * 43, "é" * 43, "A" * 5000, "\ud800" * 43, "a/b"])
def test_forged_ids_are_nobodys_session(workspace: str, forged: str) -> None:
    session = sessions.open_for_person(joined(workspace, "anna@example.com", "owner"))
    assert sessions.find(forged) is None
    for guess in (session.id[:-1], session.id + "A", session.id.swapcase(), secret_texts.digest(session.id)):
        assert sessions.find(guess) is None


def test_a_closed_session_is_over_and_choosing_does_not_open_it_again(workspace: str) -> None:
    session = sessions.open_for_person(joined(workspace, "anna@example.com", "owner"))
    sessions.close(session.id)
    assert sessions.find(session.id) is None
    with pytest.raises(Unauthenticated, match="sign in again"):
        sessions.choose_workspace(session, workspace)
    assert sessions.find(session.id) is None
    sessions.close(session.id)


def test_a_session_ends_two_weeks_after_signing_in_also_when_it_is_used(
    workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = sessions.open_for_person(joined(workspace, "anna@example.com", "owner"))
    begun = clock.now()
    monkeypatch.setattr(clock, "now", lambda: begun + timedelta(days=13, hours=23))
    assert sessions.find(session.id)
    sessions.choose_workspace(session, workspace)
    monkeypatch.setattr(clock, "now", lambda: begun + timedelta(days=14, seconds=1))
    assert sessions.find(session.id) is None


def test_who_is_removed_or_given_another_role_has_it_at_the_next_request(workspace: str) -> None:
    joined(workspace, "owner@example.com", "owner")
    anna = joined(workspace, "anna@example.com", "admin")
    session = sessions.open_for_person(anna)
    members.change_role(workspace, anna.id, "reviewer", by="owner", held_role="owner")
    assert sessions.principal(session)[1] == "reviewer"
    members.remove(workspace, anna.id, by="owner", held_role="owner")
    with pytest.raises(Unauthenticated, match="not a member of this workspace any more"):
        sessions.principal(session)
    members.add(workspace, anna, "member")
    assert sessions.principal(session)[1] == "member"


def test_a_changed_address_shows_at_the_next_request(workspace: str) -> None:
    anna = people.signed_in(ISSUER, "sub-1", "anna@example.com")
    members.add(workspace, anna, "member")
    session = sessions.open_for_person(anna)
    people.signed_in(ISSUER, "sub-1", "new@example.com")
    assert sessions.principal(session)[0].token_id == "new@example.com"


def test_a_person_of_one_workspace_is_in_it_and_of_several_has_to_choose(workspace: str) -> None:
    anna = joined(workspace, "anna@example.com", "member")
    assert sessions.open_for_person(anna).workspace_id == workspace
    other, foreign = new_workspace("Other"), new_workspace("Foreign")
    members.add(other, anna, "reviewer")
    session = sessions.open_for_person(anna)
    assert session.workspace_id is None
    with pytest.raises(Unauthenticated, match="choose a workspace first"):
        sessions.principal(session)
    chosen = sessions.choose_workspace(session, other)
    assert sessions.find(session.id) == chosen
    assert sessions.principal(chosen)[0].workspace_id == other
    assert sessions.principal(sessions.open_for_person(anna, workspace))[1] == "member"
    with pytest.raises(Forbidden, match="not a member of this workspace"):
        sessions.choose_workspace(session, foreign)
    with pytest.raises(Forbidden, match="not a member of this workspace"):
        sessions.open_for_person(anna, foreign)
    assert sessions.find(session.id) == chosen
    assert sessions.open_for_person(person("ben@example.com")).workspace_id is None


def test_a_token_signs_in_with_what_it_may_and_stays_in_its_workspace(workspace: str) -> None:
    token, text = tokens.create(workspace, "ci", ["leaderboards:read"])
    session = sessions.find(sessions.open_for_token(text).id)
    assert session is not None
    caller, shown = sessions.principal(session)
    assert (shown, caller) == ("token", access.authenticate({"x-api-key": text}))
    assert (caller.token_id, caller.acting_role) == (token.id, "member")
    with pytest.raises(Forbidden, match="stays in its workspace"):
        sessions.choose_workspace(session, new_workspace("Other"))
    (item,) = table.query(f"SESSION#{secret_texts.digest(session.id)}")
    assert text not in str(item)


def test_a_token_with_a_budget_keeps_it(workspace: str) -> None:
    _, text = tokens.create(workspace, "ci", ["*"], budget=budget_terms.checked(5, None))
    assert sessions.principal(sessions.open_for_token(text))[0].budgeted


@pytest.mark.parametrize("text", ["", "drgero_abc", "gop_abc", "nonsense"])
def test_what_opens_no_token_opens_no_session(text: str) -> None:
    with pytest.raises(Unauthenticated):
        sessions.open_for_token(text)


def test_a_token_that_was_revoked_deleted_or_has_expired_ends_its_sessions(
    workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    for name in ("revoked", "deleted", "expired"):
        token, text = tokens.create(workspace, name, ["*"], "1h")
        opened.append((token.id, sessions.open_for_token(text)))
    (revoked, first), (deleted, second), (_, third) = opened
    tokens.revoke(workspace, revoked)
    tokens.delete(workspace, deleted)
    with pytest.raises(Unauthenticated, match="was revoked"):
        sessions.principal(first)
    with pytest.raises(Unauthenticated, match="was deleted"):
        sessions.principal(second)
    assert sessions.principal(third)
    then = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: then)
    with pytest.raises(Unauthenticated, match="expired"):
        sessions.principal(third)


def test_a_rotated_token_ends_the_sessions_of_its_old_secret_after_its_grace(
    workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, text = tokens.create(workspace, "ci", ["*"])
    old = sessions.open_for_token(text)
    _, renewed = tokens.rotate(workspace, token.id, timedelta(hours=1))
    new = sessions.open_for_token(renewed)
    assert sessions.principal(old) == sessions.principal(new)
    then = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: then)
    with pytest.raises(Unauthenticated, match="has a new secret"):
        sessions.principal(old)
    assert sessions.principal(new)


def test_a_token_whose_scopes_change_may_at_the_next_request_what_they_say(workspace: str) -> None:
    token, text = tokens.create(workspace, "ci", ["*"])
    session = sessions.open_for_token(text)
    tokens.change(workspace, token.id, {"scopes": ["models:read"]})
    assert sessions.principal(session)[0].scopes == ("models:read",)


def test_a_person_can_end_their_sessions_everywhere_and_nobody_elses(workspace: str) -> None:
    anna, bob = (joined(workspace, f"{name}@example.com", "member") for name in ("anna", "bob"))
    annas = [sessions.open_for_person(anna) for _ in range(3)]
    bobs = sessions.open_for_person(bob)
    sessions.close_all(anna.id)
    assert [sessions.find(one.id) for one in annas] == [None, None, None]
    assert sessions.find(bobs.id) == bobs
    sessions.close_all(anna.id)
