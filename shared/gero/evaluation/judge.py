"""Who judges a run's answers, and by what: fixed when the run is planned."""

import hashlib
from typing import Literal

import msgspec

from gero.providers import Endpoint

Mode = Literal["pointwise", "pairwise"]
_PROTOCOL = 1  # counts up when a judge is asked in other words, see `judge_prompt`


class Judge(msgspec.Struct, frozen=True, omit_defaults=True):
    """A model that scores answers: each by itself on five levels from 0 to 1, or against those of `reference_id`.

    `audit_percent` of the rows are judged twice, the second time with the sides exchanged where there are two.
    """

    name: str
    endpoint: Endpoint
    mode: Mode = "pointwise"
    rubric: str | None = None
    reference_id: str | None = None
    audit_percent: int = 10
    why: str | None = None
    """Why this model, where it was chosen automatically."""
    warnings: tuple[str, ...] = ()
    """What speaks against it, such as that it is of a candidate's family."""

    @property
    def identity(self) -> str:
        """A short name for what decides its verdicts: another one's are not this one's."""
        endpoint = self.endpoint
        asked = [endpoint.url, endpoint.model, endpoint.provider, endpoint.parameters, endpoint.preamble]
        told = msgspec.json.encode(
            [_PROTOCOL, *asked, self.mode, self.rubric, self.reference_id], order="deterministic"
        )
        return hashlib.blake2b(told, digest_size=8).hexdigest()
