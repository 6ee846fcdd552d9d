"""Reviews: people's verdicts on what models answered, and what they make of a run. Light: no pydantic."""

from gero.reviews.conclusion import PeopleStanding, Rated, conclude, standing_in, standing_of
from gero.reviews.items import HOLD
from gero.reviews.labelling import Labels, labels
from gero.reviews.opening import open_pool, settings_of
from gero.reviews.queue import Mode, Queue, ReviewSettings, close, current, find
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
    "close",
    "conclude",
    "current",
    "find",
    "give",
    "labels",
    "next_item",
    "open_pool",
    "progress",
    "report",
    "settings_of",
    "standing_in",
    "standing_of",
    "take_back",
]
