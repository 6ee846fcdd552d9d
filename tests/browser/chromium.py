"""Where a Chromium is, and how it is started."""

import shutil
from pathlib import Path

# It looks up nothing of its own accord, and needs no screen and no large shared memory.
FLAGS = [
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"),
    *("--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--force-prefers-reduced-motion"),
]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def executable(of_playwright: str) -> str | None:
    """The Chromium on PATH, or the one that Playwright installed; None when there is none."""
    if Path(of_playwright).exists():
        return of_playwright
    return next(filter(None, map(shutil.which, _NAMES)), None)
