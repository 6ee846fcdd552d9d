"""What browser tests ask for: a local cloud, a Chromium, and tabs in it that report everything that goes wrong."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from infra.local.cloud import LocalCloud
from infra.local.stand_ins import StandIns
from tests.browser.chromium import FLAGS, executable
from tests.browser.people import SignedIn, sign_in
from tests.browser.tabs import Tabs
from tests.local_cloud import api, cloud, datasets, serve, stand_ins

__all__ = ["api", "cloud", "datasets", "serve", "stand_ins"]


# For a module: while it runs, Playwright keeps an event loop in this thread, and asynchronous tests want their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium of this machine. Without one the test is skipped, or fails where GERO_NEEDS_BROWSER or CI is set."""
    with sync_playwright() as playwright:
        found = executable(playwright.chromium.executable_path)
        if found is None:
            told = "there is no Chromium: install the package chromium, or run `playwright install chromium`"
            if os.environ.get("GERO_NEEDS_BROWSER") or os.environ.get("CI"):
                pytest.fail(told)
            pytest.skip(told)
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS, chromium_sandbox=os.geteuid() != 0)
        yield browser
        browser.close()


@pytest.fixture
def tabs(browser: Browser) -> Iterator[Tabs]:
    """Opens tabs; at its end the test fails for whatever went wrong in any of them."""
    tabs = Tabs(browser)
    yield tabs
    tabs.close()


@pytest.fixture
def page(tabs: Tabs) -> Page:
    """One tab: 1280 pixels wide, in the light theme."""
    return tabs.open()


@pytest.fixture
def signed_in(page: Page, cloud: LocalCloud, stand_ins: StandIns) -> SignedIn:
    """Who is signed in in `page`: an owner of a workspace of this test's own."""
    return sign_in(page, cloud, stand_ins)
