"""What OpenRouter offers: its public list of models, kept in S3 for an hour, and what it measured of each provider.

These objects are the deployment's: OpenRouter tells everybody the same, so that one workspace's question is every
other's answer. They lie under `_catalogue/`, the only keys of the bucket that do not start with a workspace's id (which
never starts with `_`), hold nothing of any workspace, and so survive when one is deleted. Losing them costs a question.
"""

import gzip
import threading
import time
from collections.abc import Mapping
from typing import Final, TypeVar
from urllib.parse import quote

import msgspec

from gero.kit import GeroError, UpstreamFailed, blobs, clock, http, log, settings
from gero.providers.offers import Offer, ProviderEndpoint, check_model_id, read_endpoints, read_offers

__all__ = ["FIELD", "Catalogue", "Offer", "ProviderEndpoint", "forget", "load", "provider_endpoints"]

FIELD: Final = "catalogue"  # what errors name: no field of a request is at fault
_PREFIX = "_catalogue/openrouter"
_FRESH_SECONDS, _ENDPOINTS_FRESH_SECONDS = 3600, 900
_KEPT_SECONDS = 60  # in the process; so long, too, until a silent OpenRouter is asked again
_SECONDS = 8.0
_MAX_BYTES, _PIECE = 16 << 20, 1 << 16
_SERVER = "OpenRouter"


class Catalogue(msgspec.Struct, frozen=True):
    """The list as it was at `fetched_at` (ISO); `stale` when OpenRouter could not be asked for a newer one."""

    fetched_at: str
    offers: tuple[Offer, ...]
    stale: bool = False

    @property
    def age_seconds(self) -> int:
        """How long ago OpenRouter gave it."""
        return _age(self.fetched_at)

    def find(self, model_id: str) -> Offer | None:
        """The offer with that id."""
        return next((one for one in self.offers if one.id == model_id), None)


class _Models(msgspec.Struct, frozen=True):
    """The list in S3. `source`: the server that gave it, since a deployment may be pointed to another one."""

    source: str
    fetched_at: str
    offers: tuple[Offer, ...]


class _Endpoints(msgspec.Struct, frozen=True):
    """The providers of one model in S3."""

    source: str
    fetched_at: str
    endpoints: tuple[ProviderEndpoint, ...]


_Stored = TypeVar("_Stored", _Models, _Endpoints)

_kept: dict[str, tuple[float, Catalogue]] = {}
_lock = threading.Lock()


def load() -> Catalogue:
    """The catalogue, at most an hour old unless OpenRouter cannot be asked. UpstreamFailed when there never was one."""
    source = settings.openrouter_base_url()
    with _lock:  # whoever comes meanwhile waits for the same answer
        until, kept = _kept.get(source, (0.0, None))
        if kept is None or until <= time.monotonic():
            kept = _loaded(source)
            _kept[source] = (time.monotonic() + _KEPT_SECONDS, kept)
        return kept


def provider_endpoints(model_id: str, token: str, *, seconds: float = _SECONDS) -> tuple[ProviderEndpoint, ...]:
    """The providers of a model as they were within the last 15 minutes; none when OpenRouter has no such model.

    `token`: a workspace's key, without which OpenRouter tells no latencies. Invalid for a malformed id; UpstreamFailed
    when OpenRouter cannot be asked within `seconds`, with code `key_refused` when it does not accept the key.
    """
    check_model_id(model_id)
    source = settings.openrouter_base_url()
    key = f"{_PREFIX}/endpoints/{quote(model_id, safe='')}.json.gz"
    stored = _read(key, _Endpoints)
    if stored and stored.source == source and _age(stored.fetched_at) < _ENDPOINTS_FRESH_SECONDS:
        return stored.endpoints
    url = f"{source}/models/{quote(model_id, safe='/:~')}/endpoints"
    status, content = _asked(url, {"Authorization": f"Bearer {token}"}, seconds)
    if status in (401, 403):
        message = f"{FIELD}: {_SERVER} refuses the workspace's key; connect another one"
        raise UpstreamFailed(message, field=FIELD, code="key_refused")
    try:
        found = () if status == 404 else read_endpoints(_accepted(status, content))
    except ValueError as error:
        raise _unreadable(error) from error
    _write(key, _Endpoints(source, clock.iso(), found))
    return found


def forget() -> None:
    """Drop what the process keeps; for tests."""
    with _lock:
        _kept.clear()


def _loaded(source: str) -> Catalogue:
    key = f"{_PREFIX}/models.json.gz"
    stored = _read(key, _Models)
    if stored and stored.source != source:
        stored = None
    if stored and _age(stored.fetched_at) < _FRESH_SECONDS:
        return Catalogue(stored.fetched_at, stored.offers)
    try:
        offers = _offers(source)
    except GeroError as error:
        if stored is None:
            raise
        log.warning("catalogue.stale", fetched_at=stored.fetched_at, reason=error.message)
        return Catalogue(stored.fetched_at, stored.offers, stale=True)
    fresh = _Models(source, clock.iso(), offers)
    _write(key, fresh)
    return Catalogue(fresh.fetched_at, offers)


def _offers(source: str) -> tuple[Offer, ...]:
    try:
        return read_offers(_accepted(*_asked(f"{source}/models", {}, _SECONDS)))
    except ValueError as error:
        raise _unreadable(error) from error


def _asked(url: str, headers: Mapping[str, str], seconds: float) -> tuple[int, bytes]:
    """Status and content of a GET."""
    with (
        http.failures(FIELD, _SERVER),
        http.client(FIELD, seconds=seconds, trusted=url) as client,
        client.stream("GET", url, headers={"Accept": "application/json", **headers}) as response,
    ):
        content = bytearray()
        for piece in response.iter_bytes(_PIECE):
            content += piece
            if len(content) > _MAX_BYTES:
                raise UpstreamFailed(f"{FIELD}: {_SERVER} answers more than 16 MB; try again", field=FIELD)
    return response.status_code, bytes(content)


def _accepted(status: int, content: bytes) -> bytes:
    if status != 200:
        raise UpstreamFailed(f"{FIELD}: {_SERVER} answered {status}; try again", field=FIELD)
    return content


def _unreadable(error: ValueError) -> UpstreamFailed:
    return UpstreamFailed(f"{FIELD}: what {_SERVER} answered cannot be read ({error}); try again", field=FIELD)


def _read(key: str, kind: type[_Stored]) -> _Stored | None:
    """What lies there; None, too, when it was written in another shape."""
    content = blobs.get(key)
    try:
        return msgspec.json.decode(gzip.decompress(content), type=kind) if content else None
    except (msgspec.DecodeError, OSError, EOFError):
        return None


def _write(key: str, stored: _Models | _Endpoints) -> None:
    blobs.put(key, gzip.compress(msgspec.json.encode(stored), compresslevel=6, mtime=0), "application/gzip")


def _age(fetched_at: str) -> int:
    return max(0, int((clock.now() - clock.parse(fetched_at)).total_seconds()))
