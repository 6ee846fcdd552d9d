"""The OpenRouter stand-in, connected to a workspace, for tests."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from gero.access import integrations
from gero.providers import catalogue
from infra.local.stand_ins.openrouter import LISTED, Account, Listed, OpenRouter, OpenRouterServer, Provider

KEY = "sk-or-v1-0123456789abcdef0123456789abcdef"


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch, listed: Sequence[Listed] = LISTED) -> Iterator[OpenRouter]:
    """OpenRouter as every function finds it, with nothing kept of an earlier one; `KEY` is good."""
    openrouter = OpenRouter({KEY: Account("ada")}, listed)
    with OpenRouterServer(openrouter) as server:
        monkeypatch.setenv("OPENROUTER_BASE_URL", server.base_url)
        catalogue.forget()
        yield openrouter
    catalogue.forget()


@contextmanager
def connected(
    monkeypatch: pytest.MonkeyPatch, listed: Sequence[Listed] = LISTED, workspace_id: str = "w"
) -> Iterator[OpenRouter]:
    """The same, its key connected in a workspace."""
    with serving(monkeypatch, listed) as openrouter:
        integrations.connect(workspace_id, "openrouter", KEY)
        yield openrouter


def model(model_id: str, usd: float = 1.0, *, days: int = 100, **fields: object) -> Listed:
    """A model that costs `usd` dollars per million tokens, in and out, and has one provider."""
    one = Listed(model_id, model_id, "keyword-small", f"{usd}", f"{usd}", days, (provider("p", 100),))
    return replace(one, **fields)  # type: ignore[arg-type]


def provider(tag: str, median_ms: float | None, **fields: object) -> Provider:
    """A provider of a model."""
    return replace(Provider(tag, tag.title(), median_ms), **fields)  # type: ignore[arg-type]
