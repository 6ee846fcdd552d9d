"""What axe-core finds in a page."""

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

_AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
_SERIOUS = ("serious", "critical")
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe(page: Page) -> None:
    """AssertionError, naming each element, when the page as it is now has serious or critical faults."""
    page.evaluate(_source())  # not a script of the page: its policy forbids that
    found = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", _RULES)
    serious = [one for one in found["violations"] if one["impact"] in _SERIOUS]
    told = [
        f"{one['id']}: {one['help']}\n" + "\n".join(f"  {_shown(node)}" for node in one["nodes"]) for one in serious
    ]
    assert not told, f"{page.url}\n" + "\n".join(told)
    assert found["passes"] or found["inapplicable"], "axe-core looked at nothing"


def _shown(node: dict[str, object]) -> str:
    return f"{node['target']} {node['html']}\n    {str(node['failureSummary']).splitlines()[-1].strip()}"


@cache
def _source() -> str:
    if not _AXE.exists():
        raise FileNotFoundError(f"{_AXE} is missing: run `make tests/browser/node_modules`")
    return _AXE.read_text()
