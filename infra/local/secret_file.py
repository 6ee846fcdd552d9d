"""Small files that hold secrets: for this user alone, replaced whole."""

import json
import os
from pathlib import Path
from typing import Any


def write_secret(path: Path, document: Any) -> None:
    """Replace a file at once by one with this JSON that this user alone may read."""
    new = path.with_name(path.name + ".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(document, file)
    new.replace(path)
