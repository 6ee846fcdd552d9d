"""The stand-in judges: small programs that read a judge's prompt and really compare the answers with the references.

They read the texts between the prompt's marks, so they can neither be talked to nor see anything else. An answer is
worth 1 when it says what a reference says, 0.75 when it says it among other words, else what share of the words they
have in common; without a reference the words of the task count. `judge-flaky` is the same with a fault in every fifth
verdict: what it says is no verdict, or the contrary.
"""

import hashlib
import re
from dataclasses import dataclass

import msgspec

from infra.local.stand_ins.models import Model

_TEXTS = re.compile(
    r"⟦(?P<what>[^⟦⟧]+) (?P<name>[0-9a-f]{16})⟧\n(?P<text>.*?)\n⟦end of (?P=what) (?P=name)⟧", re.DOTALL
)
_FOREIGN = re.compile(r"[^\w\s]|_")
_FAULTS = 10  # one in so many verdicts is none; one is turned round


@dataclass(frozen=True)
class JudgeModel(Model):
    """A stand-in judge; it reads all messages of the user, since a repair follows the question."""

    def answer(self, prompt: str) -> str:
        """The verdict as JSON."""
        return self.classify(prompt)


def judge_strictly(prompt: str) -> str:
    """The verdict on the answers in the prompt."""
    texts = {found["what"]: found["text"] for found in _TEXTS.finditer(prompt)}
    references = [text for what, text in texts.items() if what.startswith("reference")]
    if "answer" in texts:
        level = _worth(texts["answer"], references, texts.get("task", ""))
        return _verdict("score", f"{level:g}", "It says what a reference says" if level == 1 else "It differs")
    first, second = (_worth(texts.get(f"answer {side}", ""), references, texts.get("task", "")) for side in "AB")
    winner = "tie" if first == second else "A" if first > second else "B"
    return _verdict("winner", winner, "Both are alike" if winner == "tie" else f"{winner} is nearer to a reference")


def judge_flakily(prompt: str) -> str:
    """The same verdict with a fault now and then, always at the same prompts."""
    verdict = judge_strictly(prompt)
    drawn = int.from_bytes(hashlib.sha256(prompt.encode()).digest()[:4]) % _FAULTS
    if drawn == 0:
        return "Both the task and the answer are interesting. I would call it good."
    return _turned(verdict) if drawn == 1 else verdict


def _worth(answer: str, references: list[str], task: str) -> float:
    said = _words(answer)
    if not references:
        return _share(set(said), set(_words(task)))
    return max(_likeness(said, _words(reference)) for reference in references)


def _likeness(said: list[str], wanted: list[str]) -> float:
    if said == wanted:
        return 1.0
    places = range(len(said) - len(wanted) + 1)
    if wanted and any(said[at : at + len(wanted)] == wanted for at in places):
        return 0.75
    return _share(set(said), set(wanted))


def _share(said: set[str], wanted: set[str]) -> float:
    """0, 0.25 or 0.5, by the share of the words that both have."""
    share = len(said & wanted) / len(said | wanted) if said | wanted else 0.0
    return 0.5 if share >= 0.5 else 0.25 if share > 0 else 0.0


def _words(text: str) -> list[str]:
    return _FOREIGN.sub(" ", text.casefold()).split()


def _verdict(field: str, value: str, reason: str) -> str:
    return msgspec.json.encode({"reason": f"{reason}.", field: value}).decode()


def _turned(verdict: str) -> str:
    told = msgspec.json.decode(verdict)
    field = "score" if "score" in told else "winner"
    turned = {"A": "B", "B": "A", "tie": "A"}.get(told[field])
    return _verdict(field, turned or f"{1 - float(told[field]):g}", "On second thought")


JUDGES = {
    judge.id: judge
    for judge in (
        JudgeModel("judge-strict", "stand-in: strict judge", judge_strictly, 30, 1.5, 6.0),
        JudgeModel("judge-flaky", "stand-in: flaky judge", judge_flakily, 30, 0.5, 2.0),
    )
}
