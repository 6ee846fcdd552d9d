import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.providers import prompt


@pytest.mark.parametrize("name", ["{input}", "{question}", "{query}"])
def test_each_placeholder_takes_the_input(name: str) -> None:
    assert prompt.render(f"Classify: {name}!", "hello") == "Classify: hello!"


def test_every_placeholder_is_replaced() -> None:
    assert prompt.render("{input} {query} {input}", "x") == "x x x"


def test_a_prompt_without_a_placeholder_is_followed_by_the_input() -> None:
    assert prompt.render("Classify.", "hello") == "Classify.\n\nhello"


def test_an_input_that_holds_a_placeholder_or_a_group_reference_stays_as_it_is() -> None:
    assert prompt.render("Say {input}.", r"{query} \1 \g<0> {input}") == r"Say {query} \1 \g<0> {input}."


@pytest.mark.parametrize("text", ['{"label": "{input}"}', "{{input}}", "{ input } {0} {} {input!r} {input}"])
def test_other_braces_are_text(text: str) -> None:
    assert prompt.render(text, "x") == text.replace("{input}", "x")


@given(st.text())
def test_any_input_arrives_whole(text: str) -> None:
    assert prompt.render("<{input}>", text) == f"<{text}>"
    assert prompt.messages("<{input}>", text) == [{"role": "user", "content": f"<{text}>"}]
