"""A stand-in for the Hugging Face hub: local files under the hub's own URLs, for a machine without internet.

`GET` or `HEAD /datasets/{owner}/{name}/resolve/{revision}/{path}`, with the hub's headers.
Source: https://huggingface.co/docs/hub/en/api
"""

import asyncio
import hmac
from collections.abc import Mapping, Set
from pathlib import Path

from aiohttp import web

from infra.local.stand_ins.hub.repository import Content, Repository

_CHUNK_BYTES = 1 << 18
_MAIN = "main"


class Hub:
    """Dataset repositories by "owner/name", each a folder or one file. The gated ones need the `token`.

    Gated repositories without a token in the Hub are closed to everybody.
    """

    def __init__(
        self, repositories: Mapping[str, Path], gated: Set[str] = frozenset(), token: str | None = None
    ) -> None:
        self._repositories = {name: Repository(root) for name, root in repositories.items()}
        self._gated = gated
        self._token = token

    def app(self) -> web.Application:
        """The application to serve."""
        app = web.Application()
        app.router.add_get("/datasets/{owner}/{name}/resolve/{revision}/{path:.+}", self._resolve)
        return app

    async def _resolve(self, request: web.Request) -> web.StreamResponse:
        place = request.match_info
        name = f"{place['owner']}/{place['name']}"
        repository = self._repositories.get(name)
        if repository is None:
            return _refuse(404, "RepoNotFound", "Repository not found")
        if name in self._gated and not self._may_read(request):
            return _refuse(401, "GatedRepo", f"Access to dataset {name} is restricted. Please log in.")
        content = await asyncio.to_thread(repository.find, place["path"])
        if content is None:
            return _refuse(404, "EntryNotFound", "Entry not found")
        if place["revision"] not in (_MAIN, content.commit):
            return _refuse(404, "RevisionNotFound", f"Invalid rev id: {place['revision']}")
        return await _send(request, content)

    def _may_read(self, request: web.Request) -> bool:
        sent = request.headers.get("Authorization", "")
        return self._token is not None and hmac.compare_digest(sent.encode(), f"Bearer {self._token}".encode())


async def _send(request: web.Request, content: Content) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            "Accept-Ranges": "bytes",
            "Content-Type": "application/octet-stream",
            "ETag": f'"{content.sha256}"',
            "X-Repo-Commit": content.commit,
        }
    )
    start, stop = _range(request, content.size)
    if "Range" in request.headers:
        satisfiable = start < stop
        response.set_status(206 if satisfiable else 416)
        span = f"{start}-{stop - 1}" if satisfiable else "*"
        response.headers["Content-Range"] = f"bytes {span}/{content.size}"
    response.content_length = max(0, stop - start)
    await response.prepare(request)
    if request.method != "HEAD":
        await _write(response, content.path, start, stop)
    await response.write_eof()
    return response


def _range(request: web.Request, size: int) -> tuple[int, int]:
    try:
        return request.http_range.indices(size)[:2]
    except ValueError:
        return size, size


async def _write(response: web.StreamResponse, path: Path, start: int, stop: int) -> None:
    with path.open("rb") as file:
        file.seek(start)
        while start < stop:
            chunk = await asyncio.to_thread(file.read, min(_CHUNK_BYTES, stop - start))
            if not chunk:
                return  # the file shrank meanwhile: the client sees a short body
            await response.write(chunk)
            start += len(chunk)


def _refuse(status: int, code: str, message: str) -> web.Response:
    return web.Response(status=status, text=message, headers={"X-Error-Code": code, "X-Error-Message": message})
