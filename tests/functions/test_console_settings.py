"""Settings in the console: tokens, integrations, members, telemetry."""

from collections.abc import Iterator

import pytest

from gero import access
from tests.functions.conftest import Ready
from tests.functions.console import Browser, Page, browser_of_nobody

NEW = "form[action='/settings/tokens']"


@pytest.fixture
def owner(ready: Ready) -> Iterator[Browser]:
    """The owner of the workspace, a person."""
    person = access.people.signed_in("https://issuer.test", "sub-o", "olga@example.com")
    access.members.add(ready.workspace, person, "owner")
    with browser_of_nobody() as browser:
        browser.sign_in_as(person, ready.workspace)
        yield browser


def member(ready: Ready, role: str, name: str = "max") -> access.Person:
    person = access.people.signed_in("https://issuer.test", f"sub-{name}", f"{name}@example.com")
    access.members.add(ready.workspace, person, role)
    return person


def test_a_token_is_made_and_its_secret_shown_once(browser: Browser, ready: Ready) -> None:
    page = browser.get("/settings/tokens?scope=leaderboards:inference")
    assert page.one("dialog#new-token").has_attr("data-open")
    assert page.one("[name=scopes][value='leaderboards:inference']").has_attr("checked")
    page = browser.submit(
        page, NEW, {"name": "shop", "budget_limit": "25", "budget_reset_interval": "monthly", "expires_in": "90d"}
    )
    secret = page.one("#token-secret").get_text()
    assert access.authenticate({"x-api-key": secret}).scopes == ("leaderboards:inference",)
    again = browser.get("/settings/tokens")
    assert secret not in str(again)
    assert "$0 of $25.00" in again.words


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("budget_limit", "-1"), ("budget_limit", "abc"), ("expires_in", "9d")]
)
def test_a_token_that_cannot_be_is_refused_at_its_field(browser: Browser, ready: Ready, field: str, value: str) -> None:
    before = len(list(access.tokens.listed(ready.workspace)))
    fields = {"name": "kept", "scopes": "leaderboards:read", field: value}
    page = browser.submit(browser.get("/settings/tokens"), NEW, fields)
    assert page.status == 400
    assert page.one(f"#new-token #e-{field}")
    assert page.one("dialog#new-token").has_attr("data-open"), "the form is open again"
    assert page.one("[name=scopes][value='leaderboards:read']").has_attr("checked")
    assert len(list(access.tokens.listed(ready.workspace))) == before


def test_a_token_is_changed_rotated_revoked_and_deleted(browser: Browser, ready: Ready) -> None:
    token, secret = access.tokens.create(ready.workspace, "shop", ["leaderboards:read"])
    page = browser.get(f"/settings/tokens/{token.id}")
    page = browser.submit(page, f"form[action='/settings/tokens/{token.id}']", {"name": "store"})
    assert "Token store was changed" in page.words
    page = browser.submit(browser.get(f"/settings/tokens/{token.id}"), "dialog form[action$='/rotate']")
    rotated = page.one("#token-secret").get_text()
    assert rotated != secret
    assert access.authenticate({"x-api-key": secret}), "for a day both work"
    browser.submit(browser.get(f"/settings/tokens/{token.id}"), "form[action$='/rotate']", {"grace_seconds": "0"})
    with pytest.raises(Exception, match="unknown API token"):
        access.authenticate({"x-api-key": secret})
    page = browser.submit(browser.get(f"/settings/tokens/{token.id}"), "dialog#revoke form")
    assert "store is revoked" in page.words
    browser.submit(browser.get(f"/settings/tokens/{token.id}"), "dialog#delete form")
    assert token.id not in {one.id for one in access.tokens.listed(ready.workspace)}


def test_nobody_hands_out_more_than_they_have(ready: Ready) -> None:
    _, secret = access.tokens.create(ready.workspace, "admin", ["workspace:admin"])
    with browser_of_nobody() as admin:
        admin.sign_in(secret)
        page = admin.get("/settings/tokens")
        assert [box["value"] for box in page.select("#new-token [name=scopes]")] == ["workspace:admin"]
        page = admin.submit(page, NEW, {"name": "more", "scopes": "*"})
        assert page.status == 403
        assert "more than the token that gives them has" in page.words


def test_a_key_that_its_provider_refuses_is_not_kept(browser: Browser, ready: Ready) -> None:
    page = browser.submit(
        browser.get("/settings/integrations"),
        "form[action='/settings/integrations/huggingface']",
        {"token": "hf_wrong"},
    )
    assert page.status in (400, 502)
    assert page.one("#fault-huggingface")
    assert "hf_wrong" not in str(page)
    assert not access.integrations.is_connected(ready.workspace, "huggingface")


def test_inviting_shows_a_link_once_that_its_address_can_use(owner: Browser, ready: Ready) -> None:
    page = owner.submit(
        owner.get("/settings/members"),
        "form[action='/settings/members']",
        {"email": "Ida@Example.com", "role": "admin"},
    )
    link = page.one("#invitation-link").get_text()
    assert link not in str(owner.get("/settings/members"))
    ida = access.people.signed_in("https://issuer.test", "sub-i", "ida@example.com")
    with browser_of_nobody() as browser:
        browser.sign_in_as(ida)
        page = browser.get(link.removeprefix("http://console.test"))
        assert "Join test" in page.words
        page = browser.submit(page, "form.card")
        assert page.address == "/leaderboards"
    assert access.members.get(ready.workspace, ida.id).role == "admin"


def test_an_invitation_waits_for_who_signs_in_with_its_address(owner: Browser, ready: Ready) -> None:
    owner.submit(owner.get("/settings/members"), "form[action='/settings/members']", {"email": "ida@example.com"})
    ida = access.people.signed_in("https://issuer.test", "sub-i", "ida@example.com")
    with browser_of_nobody() as browser:
        browser.sign_in_as(ida)
        page = browser.get("/")
        assert page.address == "/workspaces"
        page = browser.submit(page, "form[action='/workspaces/join']")
        assert page.address == "/leaderboards"


def test_a_role_is_changed_and_a_member_removed(owner: Browser, ready: Ready) -> None:
    person = member(ready, "member")
    page = owner.submit(
        owner.get("/settings/members"), f"form[action='/settings/members/{person.id}']", {"role": "reviewer"}
    )
    assert "max@example.com is reviewer now" in page.words
    dialog = page.one(f"dialog:has(form[action$='{person.id}/remove'])")
    assert "max@example.com" in dialog.get_text()
    owner.submit(page, f"form[action$='{person.id}/remove']")
    assert [one.email for one in access.members.listed(ready.workspace)] == ["olga@example.com"]


def test_the_last_owner_cannot_leave(owner: Browser) -> None:
    page = owner.submit(owner.get("/settings/members"), "dialog#leave form")
    assert page.status == 409
    assert "owner" in page.words


def test_an_admin_cannot_touch_owners(owner: Browser, ready: Ready) -> None:
    admin = member(ready, "admin", "adam")
    with browser_of_nobody() as browser:
        browser.sign_in_as(admin, ready.workspace)
        page = browser.get("/settings/members")
        assert [option["value"] for option in page.select("fieldset [name=role]")] == ["admin", "member", "reviewer"]
        assert not page.select("form[action$='/remove']")


def test_members_see_only_their_security(ready: Ready) -> None:
    with browser_of_nobody() as browser:
        browser.sign_in_as(member(ready, "member"), ready.workspace)
        page = browser.get("/settings")
        assert page.address == "/settings/security"
        assert [link.get_text() for link in page.select(".side > nav a")] == ["Security"]
        for section in ("tokens", "integrations", "members", "plan", "telemetry"):
            assert browser.get(f"/settings/{section}").status == 403


def test_a_collector_that_cannot_be_reached_is_refused_at_its_field(browser: Browser) -> None:
    page = browser.submit(
        browser.get("/settings/telemetry"),
        "form[action='/settings/telemetry']",
        {"endpoint": "http://127.0.0.1:9", "header_name": "Authorization", "header_value": "Bearer secret"},
    )
    assert page.status in (400, 502)
    assert page.one("#e-endpoint")
    assert page.one("[name=endpoint]")["value"] == "http://127.0.0.1:9"
    assert "Bearer secret" not in str(page)


def plan_row(page: Page, words: str) -> str:
    return next(row.get_text(" ") for row in page.select("tr") if words in row.get_text(" "))


def test_the_plan_page_compares_the_plans_and_says_what_is_used(browser: Browser) -> None:
    page = browser.get("/settings/plan")
    assert len(page.select("thead th")) == 4, "three plans beside their limits"
    assert "1" in page.one("#used-leaderboards").get_text()
    assert plan_row(page, "eaderboards")


def test_a_workspace_is_renamed_for_its_members_too(owner: Browser, ready: Ready) -> None:
    page = owner.submit(owner.get("/settings/plan"), "form[action='/settings/plan']", {"name": "Support"})
    assert "The workspace is called Support now" in page.words
    assert "Support" in owner.get("/workspaces").words


def test_a_token_with_a_budget_lets_nobody_in(ready: Ready) -> None:
    _, secret = access.tokens.create(
        ready.workspace, "spender", ["*"], budget=access.budget_terms.checked(1, "monthly")
    )
    person = member(ready, "member")
    with browser_of_nobody() as browser:
        browser.sign_in(secret)
        page = browser.get("/settings/members")
        refused = browser.submit(
            page, "form[action='/settings/members']", {"email": "evil@example.com", "role": "owner"}
        )
        assert refused.status == 403
        page = browser.submit(page, f"form[action='/settings/members/{person.id}']", {"role": "owner"})
        assert "use one without a budget" in page.words
    assert access.members.get(ready.workspace, person.id).role == "member"


def test_saving_a_token_changes_only_what_was_changed(browser: Browser, ready: Ready) -> None:
    budget = access.budget_terms.checked("123456.78", "monthly")
    token, _ = access.tokens.create(ready.workspace, "shop", ["leaderboards:*"], budget=budget)
    page = browser.get(f"/settings/tokens/{token.id}")
    browser.submit(page, f"form[action='/settings/tokens/{token.id}']", {"name": "store"})
    changed = access.tokens.get(ready.workspace, token.id)
    assert (changed.name, changed.scopes, changed.budget) == ("store", ("leaderboards:*",), budget)
