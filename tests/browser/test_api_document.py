"""The API's document at `/docs`, in a real browser."""

from playwright.sync_api import Page, expect

from infra.local.cloud import LocalCloud


def test_the_document_shows_every_part_of_the_api_under_the_policy_of_our_pages(page: Page, cloud: LocalCloud) -> None:
    page.goto(f"{cloud.api_url}/docs")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("[id*='start_run']").first).to_be_visible()
