"""Training files, and the stand-in models that come of them: they answer as the most similar question was answered."""

import msgspec

from infra.local.stand_ins.models import Model
from infra.local.stand_ins.task import message_in
from infra.local.stand_ins.words import words

_MEDIAN_MS, _INPUT_USD, _OUTPUT_USD = 30, 0.30, 1.20


def model(name: str, examples: list[dict[str, str]]) -> Model:
    """A model that has read the examples; likeness is the share of common words."""
    learned = [(set(words(message_in(one["user"]))), one["assistant"]) for one in examples]

    def answer(text: str) -> str:
        asked = set(words(text))
        return max(learned, key=lambda one: len(asked & one[0]) / max(1, len(asked | one[0])))[1]

    return Model(name, f"stand-in: {name}", answer, _MEDIAN_MS, _INPUT_USD, _OUTPUT_USD)


def read(content: bytes) -> tuple[list[dict[str, str]], str | None]:
    """The last question and the answer of every line, and what is wrong with the first faulty one."""
    examples = []
    for number, line in enumerate(content.splitlines(), 1):
        try:
            messages = msgspec.json.decode(line)["messages"]
            texts = {one["role"]: one["content"] for one in messages}
            examples.append({"user": texts["user"], "assistant": texts["assistant"]})
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
            why = "Expected file to have JSONL format with chat messages, where every line is a conversation with an"
            told = f"{why} answer of the assistant. Line {number} is not."
            return [], f"The job failed due to an invalid training file. {told}"
    return examples, None
