"""A dataset on the hub stand-in, for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.stand_ins import StandIns


@contextmanager
def hub_with(path: Path) -> Iterator[tuple[str, str]]:
    """Serve a file as the dataset test/rows; gives the hub's address and the file's URL."""
    with StandIns(datasets={"test/rows": path}) as stand_ins:
        yield stand_ins.hub_url, f"{stand_ins.hub_url}/datasets/test/rows/resolve/main/{path.name}"
