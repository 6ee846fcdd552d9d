"""Datasets: rows, where they come from, and the immutable versions that runs use."""

from gero.datasets.fields import FIELDS, Field, parse
from gero.datasets.hub import Download, HubFile, parse_url
from gero.datasets.lines import split
from gero.datasets.pending import accept, consolidate
from gero.datasets.reader import Reader
from gero.datasets.rows import Row, decode, encode
from gero.datasets.sampling import ALGORITHMS, Algorithm
from gero.datasets.versions import DatasetVersion, freeze, latest_version, read, versions

__all__ = [
    "ALGORITHMS",
    "FIELDS",
    "Algorithm",
    "DatasetVersion",
    "Download",
    "Field",
    "HubFile",
    "Reader",
    "Row",
    "accept",
    "consolidate",
    "decode",
    "encode",
    "freeze",
    "latest_version",
    "parse",
    "parse_url",
    "read",
    "split",
    "versions",
]
