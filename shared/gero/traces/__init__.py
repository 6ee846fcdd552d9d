"""Traces: recorded questions and answers of runs, inference, datasets and people. Light: workers import it."""

from gero.traces.capture import captured, check_redaction
from gero.traces.message import TraceMessage
from gero.traces.store import Page, by_ids, find, index_item, record
from gero.traces.trace import SCORE_SCALE, SOURCES, Source, Trace, decode, encode

__all__ = [
    "SCORE_SCALE",
    "SOURCES",
    "Page",
    "Source",
    "Trace",
    "TraceMessage",
    "by_ids",
    "captured",
    "check_redaction",
    "decode",
    "encode",
    "find",
    "index_item",
    "record",
]
