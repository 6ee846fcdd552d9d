"""Tabs that notice what goes wrong in them: errors of scripts, refused code, failed requests."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

_LEFT = "net::ERR_ABORTED"  # the page was left while it loaded something
_TIMEOUT_MS = 15_000


class Tabs:
    """Every tab of a test, each with cookies of its own; and what went wrong in them."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._expected: int | None = None
        self._met = 0
        self.wrong: list[str] = []

    def open(self, *, scheme: str = "light", width: int = 1280, height: int = 900) -> Page:
        """A new tab. `scheme`: light or dark, as the system's setting is."""
        context = self._browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light", viewport={"width": width, "height": height}
        )
        context.set_default_timeout(_TIMEOUT_MS)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.wrong.append(f"script: {error.error}"))
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)
        self._contexts.append(context)
        return context.new_page()

    @contextmanager
    def expecting(self, status: int) -> Iterator[None]:
        """Within the block answers with this status are right, and there must be one."""
        self._expected, self._met = status, 0
        yield
        met, self._expected = self._met, None
        assert met, f"nothing was answered with {status}"

    def close(self) -> None:
        """End them. AssertionError with all that went wrong."""
        for context in self._contexts:
            context.close()
        assert not self.wrong, "\n".join(self.wrong)

    def _answered(self, response: Response) -> None:
        if response.status == self._expected:
            self._met += 1
        elif response.status >= 400:
            self.wrong.append(f"{response.status} for {response.request.method} {response.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != _LEFT:
            self.wrong.append(f"{request.failure} for {request.method} {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        """Refusals by the content security policy are said here too. Answers with an error are noted by `_answered`."""
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.wrong.append(f"console: {message.text} ({message.location['url']})")
