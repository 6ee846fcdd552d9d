"""The versions of a leaderboard's dataset: their rows by page, what changed between two, and their export."""

import re
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from functions.api.caller import SCHEMES, Limit, Reader
from functions.api.fitting import fitting
from gero import datasets, leaderboards
from gero.datasets import DatasetVersion
from gero.kit import Invalid, NotFound, clock

router = APIRouter(prefix="/api/leaderboards/{leaderboard_id}/dataset", tags=["dataset"], dependencies=SCHEMES)
_URL_SECONDS = 900
RowOffset = Annotated[int, Query(ge=0, le=1_000_000_000, description="How many to skip")]


class VersionView(BaseModel):
    """A version. `sha256` is over its rows as exported, uncompressed; `source` tells where they came from."""

    version: int
    rows: int
    sha256: str
    created_at: str
    source: dict[str, Any]


class VersionList(BaseModel):
    """A page of versions, newest first."""

    versions: list[VersionView]
    count: int
    total: int
    limit: int
    offset: int


class RowPage(BaseModel):
    """A page of rows, in the order of the dataset; it ends early when it would be too large for one answer."""

    version: int
    rows: list[dict[str, Any]]
    count: int
    total: int
    limit: int
    offset: int


class ExportView(BaseModel):
    """A signed URL of JSON lines, compressed by gzip; it needs no token and works until `expires_at`."""

    version: int
    url: str
    expires_at: str
    filename: str
    content_type: str = "application/gzip"


class Examples(BaseModel):
    """The first rows of each kind, as far as they fit; of a changed one the fields that differ, before and after."""

    added: list[dict[str, Any]]
    removed: list[dict[str, Any]]
    changed: list[dict[str, Any]]


class ComparisonView(BaseModel):
    """What changed from one version to another: counts of rows by id, and examples."""

    before: VersionView = Field(serialization_alias="from")
    after: VersionView = Field(serialization_alias="to")
    added: int
    removed: int
    changed: int
    unchanged: int
    examples: Examples


@router.get("/versions")
def list_versions(caller: Reader, leaderboard_id: str, limit: Limit = 50, offset: RowOffset = 0) -> VersionList:
    """The versions, newest first."""
    leaderboards.get(caller.workspace_id, leaderboard_id)
    latest = datasets.latest_version(caller.workspace_id, leaderboard_id)
    total = latest.number if latest else 0  # numbers have no gaps
    found = datasets.versions(caller.workspace_id, leaderboard_id, offset + limit)
    page = [version_view(one) for one in list(found)[offset:]]
    return VersionList(versions=page, count=len(page), total=total, limit=limit, offset=offset)


@router.get("/versions/{number}")
def read_version(caller: Reader, leaderboard_id: str, number: str) -> VersionView:
    """One version, by number or `latest`."""
    return version_view(_find(caller, leaderboard_id, number))


@router.get("/versions/{number}/rows")
def read_rows(caller: Reader, leaderboard_id: str, number: str, limit: Limit = 50, offset: RowOffset = 0) -> RowPage:
    """Rows of a version. Go on at `offset` + `count`."""
    found = _find(caller, leaderboard_id, number)
    rows = list(fitting(_row(datasets.decode(line)) for line in datasets.page(found, offset, limit)))
    return RowPage(version=found.number, rows=rows, count=len(rows), total=found.rows, limit=limit, offset=offset)


@router.get("/versions/{number}/export")
def export(caller: Reader, leaderboard_id: str, number: str) -> ExportView:
    """A URL that downloads the whole version without a token."""
    leaderboard = leaderboards.get(caller.workspace_id, leaderboard_id)
    found = _find(caller, leaderboard_id, number)
    name = re.sub(r"[^a-z0-9]+", "-", leaderboard.name.lower(), flags=re.ASCII).strip("-") or "dataset"
    filename = f"{name}-v{found.number}.jsonl.gz"
    return ExportView(
        version=found.number,
        url=datasets.signed_url(found, filename, _URL_SECONDS),
        expires_at=clock.iso(clock.now() + timedelta(seconds=_URL_SECONDS)),
        filename=filename,
    )


@router.get("/compare")
def compare(
    caller: Reader,
    leaderboard_id: str,
    before: Annotated[str, Query(alias="from")],
    after: Annotated[str, Query(alias="to")] = "latest",
    limit: Annotated[int, Query(ge=0, le=100, description="Examples of each kind")] = 20,
) -> ComparisonView:
    """What changed from one version to another."""
    old, new = _find(caller, leaderboard_id, before), _find(caller, leaderboard_id, after)
    found = datasets.compare(old, new, limit)
    return ComparisonView(
        before=version_view(old),
        after=version_view(new),
        added=found.added,
        removed=found.removed,
        changed=found.changed,
        unchanged=found.unchanged,
        examples=_examples(found),
    )


def version_view(found: DatasetVersion) -> VersionView:
    """The view of a version."""
    return VersionView(
        version=found.number,
        rows=found.rows,
        sha256=found.sha256,
        created_at=found.created_at,
        source=found.source,
    )


def _find(caller: Reader, leaderboard_id: str, number: str) -> DatasetVersion:
    leaderboards.get(caller.workspace_id, leaderboard_id)
    if number == "latest":
        latest = datasets.latest_version(caller.workspace_id, leaderboard_id)
        if latest is None:
            raise NotFound("this dataset has no version yet; the first run or consolidation makes one")
        return latest
    if not number.isascii() or not number.isdigit() or len(number) > 8:
        raise Invalid(f"version: {number!r} is neither a number nor latest", field="version")
    return datasets.version(caller.workspace_id, leaderboard_id, int(number))


def _examples(found: datasets.Comparison) -> Examples:
    """As many as fit into one answer together."""
    every = [{"added": _row(one)} for one in found.examples_added]
    every += [{"removed": _row(one)} for one in found.examples_removed]
    for one in found.examples_changed:
        shown = {"id": one.id, "fields": one.fields, "before": _row(one.before), "after": _row(one.after)}
        every.append({"changed": shown})
    kept = list(fitting(every))
    return Examples(**{kind: [one[kind] for one in kept if kind in one] for kind in Examples.model_fields})


def _row(row: datasets.Row) -> dict[str, Any]:
    """All fields, the empty ones too."""
    return {name: msgspec.to_builtins(getattr(row, name)) for name in row.__struct_fields__}
