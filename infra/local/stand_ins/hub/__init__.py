"""A stand-in for the Hugging Face hub: local files under the hub's own URLs, for a machine without internet.

`GET` or `HEAD /datasets/{owner}/{name}/resolve/{revision}/{path}` and `GET /api/whoami-v2`, with the hub's headers.
Large files are served by another host and path, as the hub serves them from its LFS store.
Source: https://huggingface.co/docs/hub/en/api, and what the client huggingface_hub reads.
"""

import asyncio
from collections.abc import Mapping, Set
from pathlib import Path

from aiohttp import web

from infra.local.stand_ins.hub.doors import Account, Doors, refuse
from infra.local.stand_ins.hub.repository import Content, Repository

__all__ = ["Account", "Hub", "Root"]

Root = Path | Mapping[str, Path]
_CHUNK_BYTES = 1 << 18
_LFS_BYTES = 10 * 1024 * 1024  # from here on the hub takes files by LFS only


class Hub:
    """Dataset repositories by "owner/name": each a folder or one file, or one of them by revision.

    `gated`, `private` and `disabled` ones are closed as on the hub; `accounts` are those that may come, by token.
    """

    def __init__(
        self,
        repositories: Mapping[str, Root],
        *,
        gated: Set[str] = frozenset(),
        private: Set[str] = frozenset(),
        disabled: Set[str] = frozenset(),
        accounts: Mapping[str, Account] | None = None,
        lfs_bytes: int = _LFS_BYTES,
    ) -> None:
        self._repositories = {name: Repository(root) for name, root in repositories.items()}
        self._doors = Doors(gated, private, disabled, accounts or {})
        self._lfs_bytes = lfs_bytes
        self._stored: dict[str, Content] = {}

    def app(self) -> web.Application:
        """The application to serve."""
        app = web.Application()
        app.router.add_get("/datasets/{owner}/{name}/resolve/{revision}/{path:.+}", self._resolve)
        app.router.add_get("/lfs/{sha256}", self._lfs)
        app.router.add_get("/api/whoami-v2", self._whoami)
        return app

    async def _resolve(self, request: web.Request) -> web.StreamResponse:
        place = request.match_info
        name, revision, path = f"{place['owner']}/{place['name']}", place["revision"], place["path"]
        repository = self._repositories.get(name)
        if refusal := self._doors.refusal(request, name, repository is not None):
            return refusal
        assert repository is not None
        content = await asyncio.to_thread(repository.find, revision, path)
        if content is None and not await asyncio.to_thread(repository.knows, revision, path):
            return refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if content is None:
            return refuse(404, "EntryNotFound", "Entry not found")
        if content.size >= self._lfs_bytes:
            return self._to_lfs(request, content)
        headers = {"X-Repo-Commit": content.commit, "ETag": f'"{content.blob_id}"'}
        return await _send(request, content, headers)

    def _to_lfs(self, request: web.Request, content: Content) -> web.Response:
        self._stored[content.sha256] = content
        # The store is another host, or the client would take the redirect for one within the hub.
        store = request.url.origin().with_host("localhost" if request.url.host == "127.0.0.1" else "127.0.0.1")
        return web.Response(
            status=302,
            headers={
                "Location": str(store / "lfs" / content.sha256),
                "X-Repo-Commit": content.commit,
                "X-Linked-ETag": f'"{content.sha256}"',
                "X-Linked-Size": str(content.size),
            },
        )

    async def _lfs(self, request: web.Request) -> web.StreamResponse:
        content = self._stored.get(request.match_info["sha256"])
        if content is None:
            return web.Response(status=403, text="AccessDenied")
        return await _send(request, content, {"ETag": f'"{content.sha256}"'})

    async def _whoami(self, request: web.Request) -> web.StreamResponse:
        account = self._doors.account(request)
        if account is None:
            return refuse(401, None, "Invalid username or password.")
        return web.json_response(account.described())


async def _send(request: web.Request, content: Content, headers: Mapping[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream", **headers}
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
