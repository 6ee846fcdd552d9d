"""Datasets: rows, where they come from, and the immutable versions that runs use."""

from gero.datasets.hub import Download, HubFile, parse_url
from gero.datasets.lines import split
from gero.datasets.pending import accept, consolidate
from gero.datasets.reader import Reader
from gero.datasets.rows import Row, decode, encode, parse
from gero.datasets.versions import DatasetVersion, freeze, latest_version, read, versions

__all__ = [
    "DatasetVersion",
    "Download",
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
