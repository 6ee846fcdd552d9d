"""Who made a model: judges prefer answers of their own family, so that a judge should be of another one.

The family is what the makers' names and the models' own names say; of a model whose name says nothing, none is known.
Source: Panickssery et al. 2024, "LLM Evaluators Recognize and Favor Their Own Generations".
"""

import re
from urllib.parse import urlsplit

from gero.providers import Endpoint

_SAME = {
    "meta-llama": "meta",
    "facebook": "meta",
    "mistralai": "mistral",
    "deepseek-ai": "deepseek",
    "xai": "x-ai",
    "xai-org": "x-ai",
    "zai-org": "z-ai",
    "thudm": "z-ai",
    "zhipuai": "z-ai",
    "moonshot": "moonshotai",
    "alibaba": "qwen",
    "coherelabs": "cohere",
    "cohereforai": "cohere",
}
# How names of models begin that say who made them, also in fine-tuned, distilled and merged ones.
_BY_NAME = {
    "openai": r"chatgpt|gpt(?![a-z])|davinci|o[134]\b",
    "anthropic": r"claude",
    "google": r"gemini|gemma|palm\b|medlm",
    "meta": r"(?:code)?llama",
    "mistral": r"(?:mi|co|ma|mini|dev)stral|mixtral|ministral|magistral|devstral|codestral|pixtral",
    "qwen": r"qwen|qwq",
    "deepseek": r"deepseek",
    "x-ai": r"grok",
    "cohere": r"command|aya\b",
    "amazon": r"nova|titan",
    "microsoft": r"phi\b|phi\d",
    "moonshotai": r"kimi",
    "z-ai": r"glm",
    "nvidia": r"nemotron",
    "minimax": r"minimax",
}
_NAMES = {family: re.compile(rf"(?<![a-z0-9])(?:{names})") for family, names in _BY_NAME.items()}
_HOSTS = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "api.mistral.ai": "mistral",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "x-ai",
    "api.cohere.com": "cohere",
    "generativelanguage.googleapis.com": "google",
    "api.moonshot.ai": "moonshotai",
}
_NO_MAKER = "openrouter"  # a router: whoever answers made it


def families_of(model_id: str | None) -> set[str]:
    """The families that a model's id names, as author/name or a name alone; empty when it names none."""
    told = (model_id or "").lower().removeprefix("~")
    author, slash, name = told.partition("/")
    found = {family for family, names in _NAMES.items() if names.search(name if slash else told)}
    if slash and author != _NO_MAKER:
        found.add(_SAME.get(author, author))
    return found


def families(endpoint: Endpoint) -> set[str]:
    """The families of the model that answers there."""
    host = urlsplit(endpoint.url).hostname or ""
    return families_of(endpoint.model) | ({_HOSTS[host]} if host in _HOSTS else set())
