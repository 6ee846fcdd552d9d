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


def test_the_placeholders_of_a_prompt_are_told_once_each() -> None:
    assert prompt.placeholders("{query} {input} {query} {text}") == ["{query}", "{input}"]
    assert prompt.placeholders("Which team?") == []


def test_an_input_that_holds_a_placeholder_or_a_group_reference_stays_as_it_is() -> None:
    assert prompt.render("Say {input}.", r"{query} \1 \g<0> {input}") == r"Say {query} \1 \g<0> {input}."


@pytest.mark.parametrize("text", ['{"label": "{input}"}', "{{input}}", "{ input } {0} {} {input!r} {input}"])
def test_other_braces_are_text(text: str) -> None:
    assert prompt.render(text, "x") == text.replace("{input}", "x")


@given(st.text())
def test_any_input_arrives_whole(text: str) -> None:
    assert prompt.render("<{input}>", text) == f"<{text}>"
    assert prompt.messages("<{input}>", text) == [{"role": "user", "content": f"<{text}>"}]


def test_a_single_message_is_asked_in_the_words_of_a_run() -> None:
    assert prompt.around("Team for {input}?", [{"role": "user", "content": "x"}]) == prompt.messages(
        "Team for {input}?", "x"
    )


def test_in_a_conversation_the_prompt_stands_around_the_first_thing_the_user_says() -> None:
    conversation = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "one", "name": "Ann"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": "three"},
    ]
    found = prompt.around("Sort.", conversation)
    assert found[1] == {"role": "user", "content": "Sort.\n\none", "name": "Ann"}
    assert (found[0], found[2:]) == (conversation[0], conversation[2:])
    assert conversation[1]["content"] == "one", "what the client sent stays as it is"


def test_images_stay_beside_the_rendered_text() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    text = {"type": "text", "text": "what is it?"}
    assert prompt.around("Look: {input}", [{"role": "user", "content": [image, text]}]) == [
        {"role": "user", "content": [image, {"type": "text", "text": "Look: what is it?"}]}
    ]
    (alone,) = prompt.around("Look: {input}", [{"role": "user", "content": [image]}])
    assert alone["content"] == [{"type": "text", "text": "Look:"}, image]


def test_where_no_user_speaks_the_prompt_comes_first() -> None:
    said = {"role": "assistant", "content": "hello"}
    assert prompt.around("Sort.", [said]) == [{"role": "system", "content": "Sort."}, said]
