"""Human review by the keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from gero.cli.client import Client
from infra.local.cloud import LocalCloud
from infra.local.stand_ins import StandIns
from tests.browser.accessibility import axe
from tests.browser.people import SignedIn, sign_in
from tests.browser.tabs import Tabs
from tests.local_cloud import Serve
from tests.waiting import wait_until

pytestmark = pytest.mark.journey
ROWS = [{"id": str(n), "input": f"Which number comes after {n}?", "output": str(n + 1)} for n in range(4)]


def opened(cloud: LocalCloud, stand_ins: StandIns, serve: Serve, owner: SignedIn) -> str:
    """A leaderboard whose run waits for people; its id."""
    with Client(cloud.api_url, owner.token, cloud.inference_url.rstrip("/")) as api:
        wanted = {"name": "Poems", "system_prompt": "{input}", "dataset_url": serve("poems.jsonl", ROWS)}
        board = api.post("/api/leaderboards", wanted | {"eval_type": "human"})
        for model in ("keyword-small", "always-billing"):
            body = {"name": model, "model": model, "endpoint_url": stand_ins.chat_url}
            api.post(f"/api/leaderboards/{board['id']}/models", body)
        run = api.post(f"/api/leaderboards/{board['id']}/run", {})

        def waits() -> bool:
            found = api.get(f"/api/leaderboards/{board['id']}/runs/{run['id']}")
            assert found["status"] in ("queued", "running", "reviewing"), found
            return bool(found["status"] == "reviewing")

        wait_until(waits, 60)
    return str(board["id"])


def test_pairs_are_judged_undone_and_finished_with_keys_alone(
    page: Page, tabs: Tabs, cloud: LocalCloud, stand_ins: StandIns, serve: Serve, signed_in: SignedIn
) -> None:
    board = opened(cloud, stand_ins, serve, signed_in)
    reviewers = tabs.open(scheme="dark", width=390)
    sign_in(reviewers, cloud, stand_ins, role="reviewer", workspace=signed_in)
    expect(reviewers.get_by_role("heading", name="Reviews")).to_be_visible()
    axe(reviewers)
    reviewers.get_by_role("link", name="Review Poems").press("Enter")
    progress = reviewers.locator("#review div:has(> progress)")
    expect(progress).to_contain_text(re.compile(r"0 of \d+ reviewed"))
    expect(reviewers.locator("body")).not_to_contain_text("always-billing")
    axe(reviewers)
    question = reviewers.locator("#review .prose").first
    first = question.inner_text()
    reviewers.keyboard.press("a")
    expect(progress).to_contain_text("1 of")
    reviewers.keyboard.press("u")
    expect(reviewers.get_by_text("Taken back.")).to_be_visible()
    expect(progress).to_contain_text("0 of")
    assert question.inner_text() == first
    for done, key in enumerate("tbas", 1):
        reviewers.keyboard.press(key)
        if key != "s":
            expect(reviewers.locator("body")).to_contain_text(re.compile(rf"{done} of|Nothing left"))
    expect(reviewers.get_by_role("heading", name="Nothing left for you")).to_be_visible()

    page.goto(f"{cloud.api_url}/leaderboards/{board}/review/results")
    axe(page)
    expect(page.get_by_text("3 of 4")).to_be_visible()
    page.get_by_role("button", name="Close the review").click()
    page.get_by_role("dialog").get_by_role("button", name="Close it").click()
    expect(page.get_by_text("The review is closed").first).to_be_visible()
    page.get_by_role("link", name="Run Logs").click()
    expect(page.locator(".badge", has_text="Completed").first).to_be_visible(timeout=60_000)
