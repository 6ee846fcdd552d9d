"""The frame of the settings: its sections, for whoever may see them."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from functions.api.console.rendering import page
from functions.api.console.visitor import Visitor

_ADMIN = "workspace:admin"
SECTIONS = (
    ("tokens", "Tokens", _ADMIN),
    ("integrations", "Integrations", _ADMIN),
    ("members", "Members", _ADMIN),
    ("plan", "Plan", _ADMIN),
    ("telemetry", "Telemetry", _ADMIN),
    ("security", "Security", ""),
)


def sections_of(visitor: Visitor) -> list[tuple[str, str]]:
    """Key and name of each section that the visitor may see."""
    return [(key, name) for key, name, scope in SECTIONS if not scope or visitor.may(scope)]


def settings_page(
    request: Request, template: str, visitor: Visitor, section: str, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """A page inside the frame: a template that extends settings.html and fills `section`. Forbidden without the right
    to see the section.
    """
    needed = next(scope for key, _, scope in SECTIONS if key == section)
    if needed:
        visitor.principal.require(needed)
    return page(request, template, visitor, status=status, section=section, sections=sections_of(visitor), **context)
