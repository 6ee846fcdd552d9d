"""The house style of tables and cards: no frames, numbers to the right, long text cut at the edge of the terminal."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from gero.cli.render.formats import NOTHING, one_line, plain

WARNING: Final = "yellow"
GOOD: Final = "green"
FAULT: Final = "red"
FAINT: Final = "dim"


def table(names: Sequence[str], numbers: Sequence[str] = (), wide: Sequence[str] = ()) -> Table:
    """An empty table; `numbers` are aligned to the right, only `wide` columns give way when space is short."""
    empty = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, header_style="bold", border_style=FAINT)
    for name in names:
        empty.add_column(
            name,
            justify="right" if name in numbers else "left",
            no_wrap=name not in wide,  # rich narrows only columns that may wrap; each cell says whether it does
            overflow="fold",
            min_width=8 if name in wide else None,
        )
    return empty


def card(pairs: Iterable[tuple[str, RenderableType | None]]) -> Table:
    """One object: a line for each name and value; those without a value are left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        if value not in (None, "", NOTHING):
            grid.add_row(name, text(value) if isinstance(value, str) else value)
    return grid


def cell(value: object, style: str = "") -> Text:
    """Text of others in a table: one line, cut where the column ends."""
    return Text(one_line(value), style=style, no_wrap=True, overflow="ellipsis")


def text(value: object, style: str = "") -> Text:
    """Text of others as it is: neither markup nor control characters are obeyed."""
    return Text(plain(value), style=style)
