"""The stand-in models: small programs that read a prompt and answer with a label, in place of language models.

They compute every answer from the prompt alone and never see the demo's expected answers. What is SIMULATED is said
here: the latency (drawn from a lognormal distribution around `median_ms`) and the list prices (made up).
"""

import hashlib
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from infra.local.stand_ins.keywords import count_keywords, weigh_phrases
from infra.local.stand_ins.overlap import nearest_examples, rules_and_overlap
from infra.local.stand_ins.task import message_in

_LATENCY_SPREAD = 0.35  # sigma of the lognormal: the 99th percentile is 2.3 times the median


@dataclass(frozen=True)
class Model:
    """A stand-in model. `title` is what people are shown; prices are simulated USD per million tokens."""

    id: str
    title: str
    classify: Callable[[str], str]
    median_ms: float
    input_usd_per_million: float
    output_usd_per_million: float

    def answer(self, prompt: str) -> str:
        """The label that the program finds for the message in the prompt."""
        return self.classify(message_in(prompt))

    def latency_seconds(self, prompt: str) -> float:
        """The simulated latency: the same for the same prompt, whatever was asked before."""
        seed = hashlib.sha256(f"{self.id}\0{prompt}".encode()).digest()
        return random.Random(seed).lognormvariate(math.log(self.median_ms / 1000), _LATENCY_SPREAD)


def _always_billing(_: str) -> str:
    return "billing"


MODELS = {
    model.id: model
    for model in (
        Model("always-billing", "stand-in: billing", _always_billing, 15, 0.02, 0.02),
        Model("keyword-small", "stand-in: keywords", count_keywords, 25, 0.05, 0.20),
        Model("word-overlap", "stand-in: overlap", nearest_examples, 45, 0.15, 0.60),
        Model("keyword-large", "stand-in: phrases", weigh_phrases, 60, 0.40, 1.60),
        Model("rules-and-overlap", "stand-in: ensemble", rules_and_overlap, 120, 1.25, 5.00),
    )
}
