from typing import Any

import pytest
from msgspec.structs import replace

from gero import providers
from gero.kit import TooLarge, table
from gero.models import Example, ModelVersion, recipe
from gero.providers import Endpoint, target
from gero.providers.target import Target

BASE = Endpoint("custom", "https://api.test/v1", model="m", parameters={"top_p": 0.5, "temperature": 1})
VERSION = ModelVersion(
    3,
    "2026-07-01T00:00:00.000Z",
    "recipe",
    BASE,
    system_prompt="You sort.",
    examples=(Example("one", "A"), Example("two", "B")),
    parameters={"temperature": 0},
)


def test_the_recipe_stands_in_front_of_the_question() -> None:
    endpoint = recipe.endpoint_of(VERSION)
    assert endpoint.preamble == (
        {"role": "system", "content": "You sort."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "A"},
        {"role": "user", "content": "two"},
        {"role": "assistant", "content": "B"},
    )
    assert endpoint.version == 3
    body = providers.request_body(endpoint, providers.prompt.messages("{input}", "three"))
    assert body.endswith(b'{"role":"user","content":"three"}],"top_p":0.5,"temperature":0,"model":"m"}')


def test_a_recipe_of_nothing_is_its_base() -> None:
    bare = ModelVersion(1, "", "recipe", BASE)
    assert replace(recipe.endpoint_of(bare), version=None) == BASE


@pytest.mark.parametrize(
    "changes",
    [
        {"system_prompt": "x" * recipe.MAX_RECIPE_BYTES},
        {"examples": tuple(Example("x" * 10_000, "y" * 5_000) for _ in range(12))},
        {"system_prompt": "\0" * (recipe.MAX_RECIPE_BYTES // 5)},  # six bytes each, as JSON
        {"parameters": {"logit_bias": "x" * recipe.MAX_RECIPE_BYTES}},
    ],
)
def test_what_does_not_fit_into_what_inference_reads_is_refused(changes: dict[str, Any]) -> None:
    recipe.check(VERSION)
    with pytest.raises(TooLarge, match=r"examples: .* take fewer or shorter examples"):
        recipe.check(replace(VERSION, **changes))


def test_a_task_that_does_not_fit_beside_the_recipe_is_refused() -> None:
    recipe.check(replace(VERSION, prompt="x" * (recipe.MAX_PROMPT_BYTES - 2)))
    for prompt in ("x" * recipe.MAX_PROMPT_BYTES, "\n" * (recipe.MAX_PROMPT_BYTES // 2)):
        with pytest.raises(TooLarge, match="prompt: the leaderboard's prompt takes more than"):
            recipe.check(replace(VERSION, prompt=prompt))


@pytest.mark.usefixtures("cloud")
def test_the_longest_recipe_and_the_longest_prompt_are_one_item_of_the_table() -> None:
    longest = replace(VERSION, examples=(), parameters={}, prompt="\n" * (recipe.MAX_PROMPT_BYTES // 2 - 1))
    longest = replace(longest, system_prompt="x" * (recipe.MAX_RECIPE_BYTES - 80))
    recipe.check(longest)
    endpoint = replace(
        recipe.endpoint_of(longest), url="https://api.test/" + "y" * 1_900, sealed_secret="z" * 7_000, parameters={}
    )
    item = target.item(target.model_key("w", "m"), Target("m" * 22, "n" * 200, str(longest.prompt), endpoint))
    assert 380_000 < len(item["doc"].encode()) < 400_000
    table.put(item)
