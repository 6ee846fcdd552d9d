"""The result of a dataset's check."""

import json
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import FAULT, GOOD, card


def dataset_report(check: dict[str, Any]) -> RenderableType:
    """The result of a check and its first row."""
    rows = f"{formats.count(check['rows_checked'])} rows checked"
    whole = "the whole file" if check.get("complete") else "only its beginning"
    verdict = Text("usable", style=GOOD) if check["ok"] else Text("not usable", style=FAULT)
    first = next(iter(check.get("first_rows") or []), None)
    return card(
        [
            ("dataset", verdict),
            ("rows", f"{rows} ({whole})" if check["rows_checked"] else None),
            ("duplicates", formats.count(check["duplicates"]) if check.get("duplicates") else None),
            ("faults", formats.count(check["error_count"]) if check.get("error_count") else None),
            ("first row", formats.one_line(json.dumps(first, ensure_ascii=False)) if first is not None else None),
        ]
    )
