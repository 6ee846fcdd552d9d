"""Looking at a dataset before a leaderboard uses it."""

from itertools import islice
from typing import Any

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from functions.api.caller import SCHEMES, Writer
from gero import datasets

router = APIRouter(prefix="/api/datasets", tags=["datasets"], dependencies=SCHEMES)
_LINES_CHECKED, _ROWS_SHOWN = 1000, 5


class DatasetInput(BaseModel):
    """The file to look at."""

    model_config = ConfigDict(extra="forbid")
    dataset_url: str


@router.post("/huggingface/check")
def check_dataset(caller: Writer, wanted: DatasetInput) -> dict[str, Any]:
    """Read the first thousand lines of a Hugging Face file and tell what is wrong with them, line by line."""
    lines = datasets.split(datasets.Download(datasets.parse_url(wanted.dataset_url)))
    reader = datasets.Reader(islice(lines, _LINES_CHECKED))
    rows = list(reader)
    complete = next(lines, None) is None
    unanswered = sum(not row.expected for row in rows)
    faults = list(reader.errors)
    if unanswered:
        told = f"{unanswered:,} of the rows have no expected answer, which exact evaluation needs"
        faults.append({"line": None, "field": "expected", "error": told})
    if not rows and not faults:
        faults.append({"line": None, "field": None, "error": "there are no rows"})
    return {
        "ok": not faults,
        "rows_checked": len(rows),
        "complete": complete,
        "first_rows": [msgspec.to_builtins(row) for row in rows[:_ROWS_SHOWN]],
        "duplicates": reader.duplicates,
        "error_count": max(reader.error_count, len(faults)),
        "errors": faults,
    }
