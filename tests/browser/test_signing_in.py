"""Signing in to the console and out of it, by the pages that people see."""

import pytest
from playwright.sync_api import Page, expect

from infra.local.cloud import LocalCloud
from infra.local.session import admin_environment
from infra.local.stand_ins import StandIns
from infra.operator import new_workspace
from tests.browser.accessibility import axe
from tests.browser.people import PASSWORD, SignedIn, new_email, sign_in
from tests.browser.tabs import Tabs

pytestmark = pytest.mark.journey


def test_somebody_new_makes_an_account_and_a_workspace(page: Page, cloud: LocalCloud) -> None:
    page.goto(cloud.api_url)
    axe(page)
    page.get_by_role("link", name="Continue with e-mail").click()
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("E-mail address").fill(new_email())
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    page.wait_for_url(f"{cloud.api_url}/workspaces")
    axe(page)
    page.get_by_label("Name").fill("Ada's team")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("status")).to_have_text("Workspace Ada's team is ready.")


def test_a_member_comes_to_the_page_they_wanted_and_signs_out(
    page: Page, cloud: LocalCloud, stand_ins: StandIns, signed_in: SignedIn
) -> None:
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    assert signed_in.workspace_id
    page.get_by_text("Browser tests ▾").click()
    expect(page.get_by_text(signed_in.email)).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{cloud.api_url}/sign-in")
    page.goto(f"{cloud.api_url}/leaderboards")
    page.wait_for_url(f"{cloud.api_url}/sign-in?to=/leaderboards")


def test_a_token_signs_in_as_well(page: Page, tabs: Tabs, cloud: LocalCloud) -> None:
    _, token = new_workspace("Browser tests", admin_environment(cloud))
    page.goto(f"{cloud.api_url}/sign-in")
    with tabs.expecting(401):
        page.get_by_label("API token").fill("drgero_wrong")
        page.get_by_role("button", name="Sign in with the token").click()
        expect(page.get_by_label("API token")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("API token").fill(token)
    page.get_by_role("button", name="Sign in with the token").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_who_goes_back_from_the_sign_in_page_is_told(page: Page, tabs: Tabs, cloud: LocalCloud) -> None:
    page.goto(f"{cloud.api_url}/sign-in")
    page.get_by_role("link", name="Continue with e-mail").click()
    with tabs.expecting(403):
        page.get_by_role("link", name="Cancel").click()
        expect(page.get_by_text("the sign-in was cancelled or not allowed; sign in again")).to_be_visible()


def test_several_people_are_in_one_workspace(
    tabs: Tabs, cloud: LocalCloud, stand_ins: StandIns, signed_in: SignedIn
) -> None:
    page = tabs.open(scheme="dark", width=390)
    reviewer = sign_in(page, cloud, stand_ins, role="reviewer", workspace=signed_in)
    assert reviewer.workspace_id == signed_in.workspace_id
    page.get_by_text("Browser tests ▾").click()
    expect(page.get_by_text(f"{reviewer.email} · reviewer")).to_be_visible()
    axe(page)


def test_a_page_with_a_new_secret_makes_no_other_when_it_is_loaded_again(
    page: Page, cloud: LocalCloud, signed_in: SignedIn
) -> None:
    page.goto(f"{cloud.api_url}/settings/tokens?scope=leaderboards:read")
    dialog = page.get_by_role("dialog", name="Create token")
    dialog.get_by_label("Name").fill("shop")
    dialog.get_by_role("button", name="Create token").click()
    expect(page.locator("#token-secret")).to_be_visible()
    page.reload()
    expect(page.locator("#token-secret")).to_have_count(0)
    expect(page.get_by_role("rowheader", name="shop")).to_have_count(1)
