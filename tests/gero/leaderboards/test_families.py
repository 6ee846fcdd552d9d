import pytest

from gero.leaderboards.families import families, families_of
from gero.providers import Endpoint


@pytest.mark.parametrize(
    ("model_id", "found"),
    [
        ("openai/gpt-4o-mini", {"openai"}),
        ("gpt-4o-mini", {"openai"}),
        ("ft:gpt-4o-mini:acme::x1", {"openai"}),
        ("o3-mini", {"openai"}),
        ("meta-llama/llama-3.3-70b-instruct", {"meta"}),
        ("nousresearch/hermes-3-llama-3.1-405b", {"nousresearch", "meta"}),
        ("deepseek/deepseek-r1-distill-qwen-32b", {"deepseek", "qwen"}),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1:free", {"mistral"}),
        ("~anthropic/claude-sonnet-latest", {"anthropic"}),
        ("zai-org/GLM-4.5", {"z-ai"}),
        ("openrouter/auto", set()),
        ("lumen/words-8b", {"lumen"}),
        ("acme-support-v2", set()),
        ("octopus", set()),
        ("gptq-of-something", set()),
        (None, set()),
    ],
)
def test_a_models_name_and_its_makers_tell_its_family(model_id: str | None, found: set[str]) -> None:
    assert families_of(model_id) == found


def test_a_makers_own_address_tells_the_family_too() -> None:
    assert families(Endpoint("custom", "https://api.openai.com/v1/chat/completions", model="acme-7")) == {"openai"}
    assert families(Endpoint("custom", "http://10.0.0.1/v1", model="acme-7")) == set()
