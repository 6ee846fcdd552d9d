"""Applies the patches to moto once per process, after a test that everything they replace is still there."""

from __future__ import annotations

import sys
from functools import cache

from infra.local.backend import seams

_PARSER = "moto.stepfunctions.parser.models"


@cache
def apply() -> None:
    """Patch moto. Raises UnsupportedMotoError when a name is gone or the interpreter was imported too early."""
    seams.check()
    if _PARSER in sys.modules:
        raise seams.UnsupportedMotoError(f"{_PARSER} was imported before infra.local could patch it")
    from infra.local.backend import authorization, changes, dynamodb, locks, speed, sqs, targets, workflows

    for module in (authorization, dynamodb, locks, changes, speed, sqs, targets, workflows):
        module.install()
