"""Datasets: rows, where they come from, and the immutable versions that runs use."""

from gero.datasets import intake
from gero.datasets.comparison import Change, Comparison, compare
from gero.datasets.consolidation import (
    ConsolidationJob,
    consolidate,
    request,
    send_due_consolidations,
)
from gero.datasets.download import Download
from gero.datasets.fields import FIELDS, MAX_ID_BYTES, Field, parse
from gero.datasets.hub import HubFile, parse_url
from gero.datasets.intake import Intake, PushRules, accepted_rows
from gero.datasets.lines import split
from gero.datasets.pushing import Pushed, Rejection, claims_partition, push, remove
from gero.datasets.reader import Reader
from gero.datasets.rows import Row, decode, encode, input_digest
from gero.datasets.sampling import ALGORITHMS, Algorithm
from gero.datasets.upstream import Look, freeze_upstream, look_at
from gero.datasets.versions import DatasetVersion, freeze, latest_version, page, read, signed_url, version, versions

__all__ = [
    "ALGORITHMS",
    "FIELDS",
    "MAX_ID_BYTES",
    "Algorithm",
    "Change",
    "Comparison",
    "ConsolidationJob",
    "DatasetVersion",
    "Download",
    "Field",
    "HubFile",
    "Intake",
    "Look",
    "PushRules",
    "Pushed",
    "Reader",
    "Rejection",
    "Row",
    "accepted_rows",
    "claims_partition",
    "compare",
    "consolidate",
    "decode",
    "encode",
    "freeze",
    "freeze_upstream",
    "input_digest",
    "intake",
    "latest_version",
    "look_at",
    "page",
    "parse",
    "parse_url",
    "push",
    "read",
    "remove",
    "request",
    "send_due_consolidations",
    "signed_url",
    "split",
    "version",
    "versions",
]
