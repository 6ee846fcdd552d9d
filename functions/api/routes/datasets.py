"""Looking at a dataset before a leaderboard uses it."""

from typing import Any

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, Field

from functions.api.caller import SCHEMES, Writer
from gero import access, datasets
from gero.datasets import Look, Row
from gero.leaderboards import FieldMapping
from gero.models import Input

router = APIRouter(prefix="/api/datasets", tags=["datasets"], dependencies=SCHEMES)
# Of a row or a name that is shown; Lambda answers at most 6 MB.
_MAX_ROW_BYTES, _MAX_TEXT, _MAX_ANSWERS, _MAX_COLUMNS = 100_000, 2000, 10, 100


class DatasetInput(Input):
    """The file to look at, and where its objects have the fields of a row."""

    dataset_url: str = Field(min_length=1, max_length=2000)
    field_mapping: FieldMapping = Field(default_factory=dict)


class FaultView(BaseModel):
    """What is wrong: with a line, with the rows as a whole, or with getting the file (then with a `code`)."""

    line: int | None
    field: str | None
    error: str
    code: str | None = None


class CheckView(BaseModel):
    """What the beginning of a file is. `complete`: the file was checked to its end; `ok`: nothing was wrong."""

    ok: bool
    reachable: bool
    dataset_url: str
    repo: str
    path: str
    revision: str
    commit: str | None
    size_bytes: int | None
    compressed: bool
    rows_checked: int
    complete: bool
    columns: list[str]
    detected: dict[str, str]
    first_rows: list[dict[str, Any]]
    duplicates: int
    error_count: int
    errors: list[FaultView]


@router.post("/huggingface/check")
def check_dataset(caller: Writer, wanted: DatasetInput) -> CheckView:
    """Read the first thousand lines of a Hugging Face file, for some 12 seconds, and tell what is wrong with them.

    A file that the hub does not give is an answer too: `reachable` is false, and the error's `code` says why.
    """
    token = access.integrations.token_of(caller.workspace_id, "huggingface")
    look = datasets.look_at(wanted.dataset_url, mapping=wanted.field_mapping, token=token)
    faults = [*look.errors, *_faults_of_all(look)]
    return CheckView(
        ok=not faults,
        reachable=look.reachable,
        dataset_url=wanted.dataset_url,
        repo=look.repo,
        path=look.path,
        revision=look.revision,
        commit=look.commit,
        size_bytes=look.size_bytes,
        compressed=look.compressed,
        rows_checked=look.rows,
        complete=look.complete,
        columns=[name[:_MAX_TEXT] for name in look.columns[:_MAX_COLUMNS]],
        detected=look.detected,
        first_rows=[msgspec.to_builtins(_shortened(row)) for row in look.first_rows],
        duplicates=look.duplicates,
        error_count=look.error_count + len(faults) - len(look.errors),
        errors=[FaultView(**fault) for fault in faults],
    )


def _faults_of_all(look: Look) -> list[dict[str, Any]]:
    if look.unanswered:
        told = f"{look.unanswered:,} of the rows have no expected answer, which exact evaluation needs"
        return [{"line": None, "field": "expected", "error": told, "code": "no_expected_answer"}]
    if not look.rows and not look.errors:
        return [{"line": None, "field": None, "error": "there are no rows", "code": "empty_dataset"}]
    return []


def _shortened(row: Row) -> Row:
    if len(datasets.encode(row)) <= _MAX_ROW_BYTES:
        return row
    return Row(
        id=row.id,
        input=row.input[:_MAX_TEXT],
        expected=[answer[:_MAX_TEXT] for answer in row.expected[:_MAX_ANSWERS]],
        rubric=row.rubric and row.rubric[:_MAX_TEXT],
        origin=row.origin,
    )
