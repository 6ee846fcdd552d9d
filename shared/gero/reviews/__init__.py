"""Reviews: people's verdicts on what models answered, and what they make of a run. Light: no pydantic."""

from gero.reviews.conclusion import PeopleStanding, Rated, conclude, standing_in, standing_of
from gero.reviews.items import HOLD
from gero.reviews.labelling import Labels, labels, labels_of_run
from gero.reviews.opening import open_pool, settings_of
from gero.reviews.queue import Mode, Queue, ReviewSettings, capacity, close, current, find
from gero.reviews.race import wake_closed
from gero.reviews.reporting import Progress, Report, Said, progress, report
from gero.reviews.reviewing import Next, Shown, give, next_item, take_back
from gero.reviews.verdicts import Opinion, Verdict

__all__ = [
    "HOLD",
    "Labels",
    "Mode",
    "Next",
    "Opinion",
    "PeopleStanding",
    "Progress",
    "Queue",
    "Rated",
    "Report",
    "ReviewSettings",
    "Said",
    "Shown",
    "Verdict",
    "capacity",
    "close",
    "conclude",
    "current",
    "find",
    "give",
    "labels",
    "labels_of_run",
    "next_item",
    "open_pool",
    "progress",
    "report",
    "settings_of",
    "standing_in",
    "standing_of",
    "take_back",
    "wake_closed",
]
