"""The stand-in models: honest programs of clearly different quality."""

import itertools
import json
import statistics
import subprocess
import sys

import pytest

from infra.local.stand_ins import LABELS, MODELS, PROMPT, TICKETS
from infra.local.stand_ins.overlap import EXAMPLES
from infra.local.stand_ins.words import words

_BANDS = {
    "always-billing": (0.10, 0.25),
    "keyword-small": (0.25, 0.40),
    "word-overlap": (0.42, 0.62),
    "keyword-large": (0.70, 0.86),
    "rules-and-overlap": (0.70, 0.88),
}
_ANSWER_UNDER_WATCH = """
import sys
opened = []
sys.addaudithook(lambda event, details: opened.append(str(details[0])) if event == "open" else None)
from infra.local.stand_ins import MODELS, PROMPT
for model in MODELS.values():
    model.answer(PROMPT.replace("{input}", "My parcel is late"))
assert any(name.endswith(("overlap.py", ".pyc")) for name in opened), "the watch sees nothing"
print(*(name for name in opened if "support_tickets" in name))
"""


@pytest.fixture(scope="module")
def tickets() -> list[tuple[str, str]]:
    rows = [json.loads(line) for line in TICKETS.read_text("utf-8").splitlines()]
    return [(PROMPT.replace("{input}", row["input"]), row["expected"]) for row in rows]


@pytest.fixture(scope="module")
def accuracies(tickets: list[tuple[str, str]]) -> dict[str, float]:
    return {
        model.id: statistics.fmean(model.answer(prompt) == expected for prompt, expected in tickets)
        for model in MODELS.values()
    }


def test_accuracies_lie_in_their_stated_bands(accuracies: dict[str, float]) -> None:
    assert list(accuracies) == list(_BANDS)
    for model, (low, high) in _BANDS.items():
        assert low <= accuracies[model] <= high, model


def test_each_model_is_better_than_the_one_before_and_the_two_best_are_close(accuracies: dict[str, float]) -> None:
    assert all(one < other for one, other in itertools.pairwise(accuracies.values()))
    *_, second, best = accuracies.values()
    assert best - second < 0.05


def test_better_models_are_slower_and_dearer() -> None:
    for one, other in itertools.pairwise(MODELS.values()):
        assert one.median_ms < other.median_ms
        assert one.input_usd_per_million < other.input_usd_per_million
        assert one.output_usd_per_million < other.output_usd_per_million


def test_every_model_is_shown_as_a_stand_in() -> None:
    assert all(model.title.startswith("stand-in: ") for model in MODELS.values())


@pytest.mark.parametrize("text", ["", "?", "12345", "ünïcödé 你好", "<message></message>", "word " * 5000])
def test_every_model_answers_any_text_with_a_label_and_always_the_same(text: str) -> None:
    for model in MODELS.values():
        assert model.answer(text) in LABELS
        assert model.answer(text) == model.answer(text)


def test_the_prompts_own_words_do_not_change_an_answer() -> None:
    message = "The courier lost my parcel"
    for model in MODELS.values():
        assert model.answer(PROMPT.replace("{input}", message)) == model.answer(message)


def test_latency_is_fixed_by_the_prompt_and_spreads_around_its_median() -> None:
    model = MODELS["rules-and-overlap"]
    drawn = [model.latency_seconds(f"prompt {number}") for number in range(500)]
    assert drawn == [model.latency_seconds(f"prompt {number}") for number in range(500)]
    assert statistics.median(drawn) * 1000 == pytest.approx(model.median_ms, rel=0.1)
    assert max(drawn) > 2 * min(drawn)


def test_the_models_never_open_the_dataset() -> None:
    told = subprocess.run(
        [sys.executable, "-B", "-c", _ANSWER_UNDER_WATCH], capture_output=True, text=True, timeout=30, check=False
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip() == ""


def test_no_example_of_the_overlap_models_comes_from_a_ticket() -> None:
    rows = [set(words(json.loads(line)["input"])) for line in TICKETS.read_text("utf-8").splitlines()]
    for example in itertools.chain.from_iterable(EXAMPLES.values()):
        bag = set(words(example))
        assert max(len(bag & row) / len(bag | row) for row in rows) < 0.5, example
