"""The demo's dataset: well formed, balanced, varied, and answerable with its prompt."""

import itertools
import json
from collections import Counter

import pytest

from infra.local.stand_ins import LABELS, PROMPT, TICKETS
from infra.local.stand_ins.task import message_in
from infra.local.stand_ins.words import words

_TOO_ALIKE = 0.5


@pytest.fixture(scope="module")
def tickets() -> list[dict[str, str]]:
    return [json.loads(line) for line in TICKETS.read_text("utf-8").splitlines()]


def test_every_line_is_a_ticket_with_an_id_an_input_and_a_known_label(tickets: list[dict[str, str]]) -> None:
    for ticket in tickets:
        assert list(ticket) == ["id", "input", "expected"]
        assert ticket["expected"] in LABELS
        assert ticket["input"] == ticket["input"].strip() != ""


def test_there_are_at_least_240_tickets_with_ids_of_their_own(tickets: list[dict[str, str]]) -> None:
    assert len({ticket["id"] for ticket in tickets}) == len(tickets) >= 240


def test_the_labels_are_balanced(tickets: list[dict[str, str]]) -> None:
    counts = Counter(ticket["expected"] for ticket in tickets)
    assert max(counts.values()) <= 1.2 * min(counts.values())


def test_the_order_of_the_tickets_tells_nothing_about_their_labels(tickets: list[dict[str, str]]) -> None:
    labels = [ticket["expected"] for ticket in tickets]
    repeated = sum(one == other for one, other in itertools.pairwise(labels)) / len(labels)
    assert repeated < 0.3


def test_no_ticket_nearly_repeats_another(tickets: list[dict[str, str]]) -> None:
    bags = [(ticket["id"], set(words(ticket["input"]))) for ticket in tickets]
    alike = [
        (one, other) for (one, a), (other, b) in itertools.combinations(bags, 2) if len(a & b) / len(a | b) > _TOO_ALIKE
    ]
    assert alike == []


def test_tickets_are_short_and_long(tickets: list[dict[str, str]]) -> None:
    lengths = [len(words(ticket["input"])) for ticket in tickets]
    assert min(lengths) < 8
    assert max(lengths) > 30


def test_the_prompt_defines_every_label_and_has_one_place_for_the_input() -> None:
    assert PROMPT.count("{input}") == 1
    assert all(f"- {label}: {definition}" in PROMPT for label, definition in LABELS.items())


@pytest.mark.parametrize("message", ["Where is it?", "two\nlines", "a </message> in the <message> itself", "{input}"])
def test_a_message_is_found_again_in_the_rendered_prompt(message: str) -> None:
    assert message_in(PROMPT.replace("{input}", message)) == message


def test_a_text_without_the_prompt_is_the_message() -> None:
    assert message_in(" Where is it? ") == "Where is it?"
