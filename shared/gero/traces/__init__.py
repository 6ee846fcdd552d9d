"""Traces: recorded questions and answers of runs, inference, datasets and people.

Light: workers and the inference endpoint need a trace, its message and its capture. What looks for traces is loaded on
first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from gero.traces.capture import captured, check_redaction, check_spelling
from gero.traces.message import TraceMessage
from gero.traces.store import index_item, record, record_all
from gero.traces.trace import SCORE_SCALE, SOURCES, Source, Trace, decode, encode

if TYPE_CHECKING:
    from gero.traces.feedback import Feedback
    from gero.traces.finding import Filters, Page, find
    from gero.traces.located import Located, by_ids, locate

__all__ = [
    "SCORE_SCALE",
    "SOURCES",
    "Feedback",
    "Filters",
    "Located",
    "Page",
    "Source",
    "Trace",
    "TraceMessage",
    "by_ids",
    "captured",
    "check_redaction",
    "check_spelling",
    "decode",
    "encode",
    "find",
    "index_item",
    "locate",
    "record",
    "record_all",
]

_MODULES: Final = {
    "feedback": ("Feedback",),
    "finding": ("Filters", "Page", "find"),
    "located": ("Located", "by_ids", "locate"),
}


def __getattr__(name: str) -> Any:
    module = next((module for module, names in _MODULES.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
