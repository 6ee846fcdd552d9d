"""Names in drawings: shortened, and placed beside their points where nothing else lies."""

from collections.abc import Iterable
from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""
CHARACTER, _ABOVE, _BELOW = 6.9, 11, 3  # what a text of 12 px takes: a character's width, above its line and below
_BESIDE = (
    *((9, 4, "start"), (-9, 4, "end"), (-5, -9, "end"), (5, -9, "start"), (0, -11, "middle")),
    *((9, 16, "start"), (-9, 16, "end"), (0, 20, "middle")),
)


@dataclass(frozen=True)
class Label:
    """A text, where it is anchored, and at which side: start, middle or end."""

    text: str
    x: float
    y: float
    anchor: str

    @property
    def box(self) -> Box:
        """What it takes, about."""
        long = len(self.text) * CHARACTER
        left = self.x - {"start": 0.0, "middle": long / 2, "end": long}[self.anchor]
        return left, self.y - _ABOVE, left + long, self.y + _BELOW


def short(name: str, longest: int) -> str:
    """A name of at most so many characters; of a longer one its beginning and its end, which tell models apart."""
    if len(name) <= longest:
        return name
    end = (longest - 1) * 3 // 5
    return f"{name[: longest - 1 - end]}…{name[-end:]}"


class Space:
    """Where labels may still lie: inside a frame, and on nothing that is there."""

    def __init__(self, frame: Box, taken: Iterable[Box]) -> None:
        self._frame = frame
        self._taken = list(taken)

    def label(self, text: str, x: float, y: float) -> Label | None:
        """The label of a point at the first side of it that is free, which it takes; None when there is no room."""
        for across, down, anchor in _BESIDE:
            found = Label(text, round(x + across, 1), round(y + down, 1), anchor)
            if _inside(found.box, self._frame) and not any(_meet(found.box, other) for other in self._taken):
                self._taken.append(found.box)
                return found
        return None


def _inside(box: Box, frame: Box) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
