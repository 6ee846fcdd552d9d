"""The training file: rows of a dataset as chat conversations, and which of them stay out of it for evaluation.

Which rows are trained on depends on what they ask alone, so that a later training of the same rows holds out the same
ones, and a row that is there twice is on one side.
"""

import heapq
from collections.abc import Iterator
from typing import IO, Any

import msgspec

from gero import datasets
from gero.datasets import DatasetVersion, Row
from gero.kit import Invalid, TooLarge
from gero.models.bodies import DatasetLimit, DatasetSize, FineTuneInput
from gero.providers import prompt as prompts

MIN_ROWS, MAX_ROWS, MAX_BYTES = 10, 20_000, 50_000_000
AUTO_ROWS = 2_000  # cost grows with the rows, what they teach grows less and less
_SEED = "fine-tune"
_encode = msgspec.json.Encoder().encode


class TrainingFile(msgspec.Struct, frozen=True):
    """What was written: conversations, inputs that were held out, and the digests of the inputs that were not."""

    rows: int
    held_out: int
    digests: set[bytes]


def write(
    version: DatasetVersion, file: IO[bytes], wanted: FineTuneInput, *, prompt: str, system_prompt: str | None
) -> TrainingFile:
    """Write the rows to train on as JSON lines of conversations: system prompt, rendered prompt, answer.

    Reads the dataset twice and holds 20,000 positions. Invalid when the rows are too few or too many, TooLarge when
    they are too long.
    """
    chosen = _chosen(version, wanted.dataset_size)
    count = round(len(chosen) * wanted.training_share)
    if count < MIN_ROWS:
        raise Invalid(
            f"dataset_size: {len(chosen)} rows with answers make {count} to train on, at least {MIN_ROWS} are needed; "
            "add rows, or raise training_share",
            field="dataset_size",
            code="too_few_rows",
        )
    if count == len(chosen):
        raise Invalid(
            "training_share: no row would be left to evaluate the model on; lower it, or add rows",
            field="training_share",
            code="too_few_rows",
        )
    digests = {digest for digest, _ in chosen[:count]}
    positions = {position for _, position in chosen[:count]}
    written = 0
    for position, row in _answered(version):
        if position in positions:
            written += file.write(_encode({"messages": _conversation(row, prompt, system_prompt)}) + b"\n")
        if written > MAX_BYTES:
            raise TooLarge(
                f"dataset_size: the training file takes more than {MAX_BYTES // 10**6} MB; limit the rows",
                field="dataset_size",
            )
    held_out = {digest for digest, _ in chosen[count:]} - digests
    return TrainingFile(count, len(held_out), digests)


def _chosen(version: DatasetVersion, size: DatasetSize) -> list[tuple[bytes, int]]:
    """Digest and position of the rows that are used at all, in the order in which they are trained on."""
    limit = size.limit or DatasetLimit(rows=MAX_ROWS)
    at_most = limit.rows or AUTO_ROWS
    keyed = (
        (datasets.sampling.key(limit.algorithm, _SEED, row, position, version.rows), position, row.input)
        for position, row in _answered(version)
    )
    found = heapq.nsmallest(
        at_most + 1, ((key, position, datasets.input_digest(text)) for key, position, text in keyed)
    )
    if size.mode == "ALL" and len(found) > MAX_ROWS:
        raise Invalid(
            f"dataset_size: version {version.number} has more than {MAX_ROWS:,} rows with answers; use mode LIMIT",
            field="dataset_size",
            code="too_many_rows",
        )
    return sorted((digest, position) for _, position, digest in found[:at_most])


def _answered(version: DatasetVersion) -> Iterator[tuple[int, Row]]:
    for position, line in enumerate(datasets.read(version)):
        row = datasets.decode(line)
        if row.expected and row.expected[0]:
            yield position, row


def _conversation(row: Row, prompt: str, system_prompt: str | None) -> list[dict[str, Any]]:
    system = [{"role": "system", "content": system_prompt}] if system_prompt else []
    answer = {"role": "assistant", "content": row.expected[0]}
    return [*system, *prompts.messages(prompt, row.input), answer]
