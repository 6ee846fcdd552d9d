"""Rounds of the same questions to a model itself, to Gero in front of it and to LiteLLM, and what each round adds."""

import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.benchmarks.chat_load import Load, Place, load, percentile
from tests.benchmarks.serving_apart import Served, counts

ROUNDS = 3
DIRECT_SECONDS, GERO_SECONDS, LITELLM_SECONDS = 0.15, 0.35, 0.4


class Cell(NamedTuple):
    """So many clients at a time, whole answers or streams."""

    clients: int
    stream: bool


class Figures(NamedTuple):
    """Of one load, in ms: of the first byte and of the whole answer; and answers a second."""

    first_p50: float
    first_p99: float
    p50: float
    p99: float
    per_second: float

    @classmethod
    def of(cls, seen: Load) -> "Figures":
        """The figures of what clients saw."""
        return cls(
            percentile(seen.firsts, 0.5),
            percentile(seen.firsts, 0.99),
            percentile(seen.lasts, 0.5),
            percentile(seen.lasts, 0.99),
            seen.per_second,
        )

    def beyond(self, other: "Figures") -> "Figures":
        """What these are more than the others are."""
        return Figures(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))

    @classmethod
    def each(cls, choose: Callable[[Sequence[float]], float], rounds: "Sequence[Figures]") -> "Figures":
        """Figure by figure, one that is chosen of all rounds."""
        return cls(*map(choose, zip(*rounds, strict=True)))


class Seen(NamedTuple):
    """The rounds of one cell; `added` is what Gero's answers took more than direct ones of the same round."""

    direct: list[Figures]
    gero: list[Figures]
    added: list[Figures]
    litellm: Figures | None
    connections: int
    """That Gero opened to the model server."""


def seen(served: Served, cell: Cell) -> Seen:
    """Measure a cell: the model itself before and after Gero in each round, so that noise meets both."""
    found = Seen([], [], [], _figures(served.litellm, cell, LITELLM_SECONDS) if served.litellm else None, 0)
    opened = 0
    for _ in range(ROUNDS):
        before = _figures(served.direct, cell, DIRECT_SECONDS)
        known = counts(served.models_url)["connections"]
        gero = _figures(served.gero, cell, GERO_SECONDS)
        opened += counts(served.models_url)["connections"] - known - 1  # the one that asked
        after = _figures(served.direct, cell, DIRECT_SECONDS)
        direct = Figures.each(statistics.mean, [before, after])
        for figures, value in ((found.direct, direct), (found.gero, gero), (found.added, gero.beyond(direct))):
            figures.append(value)
    return found._replace(connections=opened)


def table(grid: dict[Cell, Seen]) -> str:
    """All cells, a line each who was asked; of rounds the median. `+` is what was added to direct answers."""
    titles = ("first p50", "p99", "last p50", "p99", "+first p50", "p99", "+last p50", "p99")
    lines = [f"{'clients, ms':24}" + "".join(f"{title:>11}" for title in titles) + f"{'a second':>11}"]
    for cell, found in grid.items():
        direct, gero, added = (Figures.each(statistics.median, one) for one in (found.direct, found.gero, found.added))
        lines += [_line(cell, "direct", direct, None), _line(cell, "Gero", gero, added)]
        if found.litellm:
            lines.append(_line(cell, "LiteLLM", found.litellm, found.litellm.beyond(direct)))
    return "\n".join(lines)


def _line(cell: Cell, name: str, figures: Figures, added: Figures | None) -> str:
    shown = [f"{value:11.2f}" for value in figures[:4]]
    shown += [f"{value:11.2f}" for value in added[:4]] if added else [f"{'':11}"] * 4
    head = f"{cell.clients:3} {'streamed' if cell.stream else 'whole':10}{name:10}"
    return f"{head}{''.join(shown)}{figures.per_second:11.0f}"


def _figures(place: Place, cell: Cell, seconds: float) -> Figures:
    if cell == (1, True):
        seconds *= 3  # a stream takes 8 ms: a hundred of them for a p99
    return Figures.of(load(place, cell.clients, seconds, stream=cell.stream))
