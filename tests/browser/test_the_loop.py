"""The whole way by clicking: sign in, describe a task, add models, run, see who wins, and ask the winner."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from infra.local.cloud import LocalCloud
from infra.local.stand_ins import MODELS, PROMPT, StandIns
from tests.browser.accessibility import axe
from tests.browser.people import SignedIn
from tests.browser.tabs import Tabs
from tests.waiting import wait_until

pytestmark = pytest.mark.journey
_RUN_MS = 90_000


def describe(page: Page, stand_ins: StandIns, name: str) -> None:
    """Go through the wizard's four steps."""
    page.locator("a[href='/leaderboards/new']").first.click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("System prompt").fill(PROMPT)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Hugging Face URL").fill(stand_ins.dataset_url)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("How are answers scored?")).to_be_visible()
    page.get_by_role("button", name="Create Leaderboard").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def add(page: Page, stand_ins: StandIns, model: str, *, tried: bool = False) -> None:
    """Add a stand-in model as a custom endpoint."""
    page.get_by_role("link", name="Add Model").first.click()
    page.get_by_role("link", name="Custom").click()
    page.get_by_label("API endpoint").fill(stand_ins.chat_url)
    page.locator("#f-model").fill(model)
    if tried:
        page.get_by_role("button", name="Test call").click()
        expect(page.get_by_text("It answers.")).to_be_visible()
    page.get_by_text("Prices, timeout, parameters").click()
    page.get_by_label("Input, $ per million tokens").fill(str(MODELS[model].input_usd_per_million))
    page.get_by_label("Output, $ per million tokens").fill(str(MODELS[model].output_usd_per_million))
    page.locator("form#model button.primary").click()
    expect(page.get_by_role("status").first).to_be_visible()


def test_from_signing_in_to_a_served_answer(
    page: Page, cloud: LocalCloud, stand_ins: StandIns, signed_in: SignedIn
) -> None:
    expect(page.get_by_role("heading", name="Leaderboards")).to_be_visible()
    axe(page)
    describe(page, stand_ins, "Support tickets")
    add(page, stand_ins, "keyword-large", tried=True)
    add(page, stand_ins, "always-billing")
    page.get_by_role("link", name="Ranking").click()
    page.get_by_role("link", name="Run", exact=True).first.click()
    expect(page.get_by_role("heading", name="Forecast")).to_be_visible()
    expect(page.get_by_text("510").first).to_be_visible()  # two models, 255 rows
    axe(page)
    page.get_by_label("Evaluate at most so many rows").fill("60")
    page.get_by_label("Evaluate at most so many rows").press("Tab")
    expect(page.locator("#forecast").get_by_text("120").first).to_be_visible()
    page.get_by_role("button", name="Run", exact=True).click()

    # Watched live: the page follows the run by itself to its end.
    expect(page.get_by_role("heading", name="Run of")).to_be_visible()
    expect(page.locator(".badge", has_text="Completed").first).to_be_visible(timeout=_RUN_MS)
    axe(page)
    page.get_by_role("link", name="Answers").click()
    axe(page)

    page.get_by_role("link", name="Ranking").click()
    expect(page.locator("tr.chosen")).to_contain_text("keyword-large")
    expect(page.locator("svg.chart").first).to_be_visible()
    axe(page)
    base_url = page.locator("dd.mono", has_text="/v1").first.inner_text()
    page.locator("a[href*='/settings/tokens?scope=']").first.click()
    page.get_by_role("dialog").get_by_label("Name").fill("shop")
    axe(page)
    page.get_by_role("dialog").get_by_role("button", name="Create token").click()
    secret = page.locator("#token-secret").inner_text()
    assert secret.startswith("drgero_")

    answer = httpx.post(
        f"{base_url}/chat/completions",
        headers={"Authorization": f"Bearer {secret}"},
        json={"model": "support-tickets", "messages": [{"role": "user", "content": "I was charged twice"}]},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"] == "billing"

    def traced() -> bool:
        page.goto(f"{cloud.api_url}/traces")
        page.get_by_role("link", name="Support tickets").click()
        page.get_by_label("Source").select_option("inference")
        page.wait_for_url("**source=inference**")
        return page.get_by_role("cell", name="I was charged twice").is_visible()

    wait_until(traced, 30)
    axe(page)


def test_a_step_of_the_wizard_is_left_only_when_it_is_right(
    page: Page, tabs: Tabs, stand_ins: StandIns, signed_in: SignedIn
) -> None:
    page.locator("a[href='/leaderboards/new']").first.click()
    with tabs.expecting(400):
        page.get_by_role("button", name="Continue").click()
        expect(page.locator("#e-name")).to_have_text("give the leaderboard a name")
    axe(page)
    page.get_by_label("Name").fill("Wizard")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("System prompt").fill("Sort this: {input}")
    page.get_by_label("Sample input").fill("Where is my parcel?")
    expect(page.locator("#preview")).to_contain_text("Sort this: Where is my parcel?")
    axe(page)
    page.get_by_role("button", name="Continue").click()
    with tabs.expecting(400):
        page.get_by_label("Hugging Face URL").fill(stand_ins.dataset_url.replace("support", "no-such"))
        page.get_by_role("button", name="Continue").click()
        expect(page.locator("#e-dataset_url")).to_be_visible()
    axe(page)
    page.get_by_label("Hugging Face URL").fill(stand_ins.dataset_url)
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#checked")).to_contain_text("Usable")
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("System prompt")).to_have_value("Sort this: {input}")
    page.reload()
    expect(page.get_by_label("System prompt")).to_have_value("Sort this: {input}")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Hugging Face URL")).to_have_value(stand_ins.dataset_url)
    page.get_by_role("button", name="Continue").click()
    axe(page)
    page.get_by_role("button", name="Create Leaderboard").click()
    expect(page.get_by_role("heading", name="Wizard")).to_be_visible()
