"""GET datasets: a file of the hub becomes a version, and is read again only when it has changed."""

import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from gero.datasets import fields
from gero.datasets.download import Download
from gero.datasets.hub import parse_url
from gero.datasets.lines import split
from gero.datasets.reader import Reader
from gero.datasets.rows import Row
from gero.datasets.versions import DatasetVersion, freeze, latest_version
from gero.kit import GeroError

_LINES_LOOKED_AT, _ROWS_SHOWN = 1000, 5
_NAMED_DEPTH = 3  # of objects in objects, whose fields are offered for a mapping
_LOOK_SECONDS, _DOWNLOAD_SECONDS = 12, 20  # who asks waits for the answer


def freeze_upstream(
    workspace_id: str, leaderboard_id: str, url: str, *, mapping: Mapping[fields.Field, str], token: str | None
) -> DatasetVersion:
    """The file as a version; the latest one, without a download, when the hub's first answer says nothing changed.

    The version's source tells what was read: commit, etag, size and sha256 of the file. Invalid names every faulty line
    (up to a limit), or says why the hub does not give the file; UpstreamFailed when the hub failed.
    """
    file = parse_url(url)
    with Download(file, token) as download:
        source: dict[str, Any] = {"kind": "huggingface", **msgspec.to_builtins(file), "field_mapping": dict(mapping)}
        latest = latest_version(workspace_id, leaderboard_id)
        if latest and _is_unchanged(latest, source, download.etag):
            return latest
        reader = Reader(split(download), mapping)

        def rows() -> Iterator[Row]:
            yield from reader
            reader.check()
            source.update(_read(download))

        return freeze(workspace_id, leaderboard_id, rows(), source)


def _is_unchanged(latest: DatasetVersion, source: dict[str, Any], etag: str | None) -> bool:
    same = ("kind", "repo", "path", "field_mapping")
    return (
        etag is not None
        and latest.source.get("etag") == etag
        and all(latest.source.get(name) == source[name] for name in same)
    )


def _read(download: Download) -> dict[str, Any]:
    told = {"commit": download.commit, "etag": download.etag, "sha256": download.sha256, "size_bytes": download.read}
    return {name: value for name, value in told.items() if value is not None}


class Look(msgspec.Struct):
    """What the beginning of a file is: whether it can be had, what its first rows are, what is wrong with them.

    `detected` says where the objects have the fields of a row, `columns` what names a mapping can use. `size_bytes` is
    that of the file as it is stored, None where the hub does not tell it.
    """

    repo: str
    path: str
    revision: str
    reachable: bool = False
    commit: str | None = None
    size_bytes: int | None = None
    compressed: bool = False
    rows: int = 0
    lines_read: int = 0
    bytes_read: int = 0
    """Of those lines, uncompressed."""
    unanswered: int = 0
    complete: bool = False
    columns: list[str] = []
    detected: dict[str, str] = {}
    first_rows: list[Row] = []
    duplicates: int = 0
    error_count: int = 0
    errors: list[dict[str, Any]] = []


def look_at(url: str, *, mapping: Mapping[fields.Field, str], token: str | None) -> Look:
    """Read the first thousand lines of a file, for some 12 seconds. Invalid only when the URL names no file."""
    file = parse_url(url)
    look = Look(**msgspec.to_builtins(file))
    try:
        with Download(file, token, seconds=_DOWNLOAD_SECONDS) as download:
            try:
                _look_into(look, download, mapping)
            finally:
                look.reachable = look.complete or download.read > 0
                look.commit, look.size_bytes, look.compressed = download.commit, download.size, download.compressed
    except GeroError as error:
        line, field = error.details.get("line"), error.details.get("field")
        look.errors.append({"line": line, "field": field, "error": error.message, "code": error.code})
        look.error_count += 1
    return look


def _look_into(look: Look, download: Download, mapping: Mapping[fields.Field, str]) -> None:
    lines, first = split(download), list[bytes]()
    deadline = time.monotonic() + _LOOK_SECONDS
    reader = Reader(_first(look, lines, deadline, first), mapping)
    try:
        for row in reader:
            look.rows += 1
            look.unanswered += not row.expected
            if len(look.first_rows) < _ROWS_SHOWN:
                look.first_rows.append(row)
    finally:
        look.columns, look.detected = _described(first, mapping)
        look.duplicates, look.errors, look.error_count = reader.duplicates, reader.errors, reader.error_count
    look.complete = time.monotonic() < deadline and next(lines, None) is None


def _first(look: Look, lines: Iterator[bytes], deadline: float, first: list[bytes]) -> Iterator[bytes]:
    """The lines to look at; the first ones that are not empty are kept in `first` as well."""
    for line in islice(lines, _LINES_LOOKED_AT):
        if len(first) < _ROWS_SHOWN and line.strip():
            first.append(line)
        look.lines_read += 1
        look.bytes_read += len(line) + 1
        yield line
        if time.monotonic() > deadline:
            return


def _described(first: list[bytes], mapping: Mapping[fields.Field, str]) -> tuple[list[str], dict[str, str]]:
    columns, detected = dict[str, None](), dict[str, str]()
    for document in _objects(first):
        columns |= dict.fromkeys(_names(document))
        for field in fields.FIELDS:
            if field not in detected and (found := fields.find(document, field, mapping)):
                detected[field] = found[0]
    return list(columns), detected


def _names(document: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """What a mapping can name: each field, and those inside it by their dotted names."""
    for name, value in document.items():
        yield name
        if isinstance(value, dict) and depth < _NAMED_DEPTH:
            yield from (f"{name}.{inner}" for inner in _names(value, depth + 1))


def _objects(first: list[bytes]) -> Iterator[dict[str, Any]]:
    for line in first:
        try:
            yield msgspec.json.decode(line.removeprefix(b"\xef\xbb\xbf"), type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue  # the reader tells what is wrong with it
