"""The files that pages load, each under an address that names its content, so that browsers keep it for good."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Response

from gero.kit import NotFound

_HERE = Path(__file__).parent
_PACKAGES = _HERE / "node_modules"
_FILES = {
    "console.css": (_HERE / "static" / "console.css", "text/css; charset=utf-8"),
    "console.js": (_HERE / "static" / "console.js", "text/javascript; charset=utf-8"),
    "mark.svg": (_HERE / "static" / "mark.svg", "image/svg+xml"),
    "htmx.js": (_PACKAGES / "htmx.org" / "dist" / "htmx.min.js", "text/javascript; charset=utf-8"),
    "docs.js": (_HERE / "static" / "docs.js", "text/javascript; charset=utf-8"),
    "swagger-ui.js": (_PACKAGES / "swagger-ui-dist" / "swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    "swagger-ui.css": (_PACKAGES / "swagger-ui-dist" / "swagger-ui.css", "text/css; charset=utf-8"),
}
_FOR_GOOD = "public, max-age=31536000, immutable"
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class _File:
    content: bytes
    kind: str
    version: str


@router.get("/static/{version}/{name}")
def static_file(version: str, name: str) -> Response:
    """A file of the console. Of another version than asked for it is not kept by the browser."""
    if name not in _FILES:
        raise NotFound("there is no such file")
    found = _file(name)
    caching = _FOR_GOOD if version == found.version else "no-store"
    return Response(found.content, media_type=found.kind, headers={"Cache-Control": caching})


def address(name: str) -> str:
    """Where a page finds a file."""
    return f"/static/{_file(name).version}/{name}"


@cache
def _file(name: str) -> _File:
    path, kind = _FILES[name]
    content = path.read_bytes()
    return _File(content, kind, hashlib.sha256(content).hexdigest()[:12])
