"""The connection to OpenRouter: a key is tried, sealed, and never shown whole."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from gero.access import integrations
from gero.kit import Invalid, UpstreamFailed, table
from infra.local.stand_ins.openrouter import OpenRouter
from tests.hub_server import answering, reply
from tests.openrouter_server import KEY, serving


@pytest.fixture
def openrouter(cloud: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRouter]:
    with serving(monkeypatch) as openrouter:
        yield openrouter


def test_a_key_is_kept_and_only_its_ends_are_shown(openrouter: OpenRouter, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made = integrations.connect("w", "openrouter", KEY)
    assert (made.connected, made.account) == (True, "sk-or-v1-012...def")
    assert integrations.token_of("w", "openrouter") == KEY
    assert made in list(integrations.listed("w"))
    assert [one.provider for one in integrations.listed("w")] == ["huggingface", "openrouter"]
    assert KEY not in f"{made} {table.get('WS#w', 'INTEGRATION#openrouter')} {caplog.text}"


@pytest.mark.parametrize("key", ["sk-or-v1-wrong", "", "with space"])
def test_a_key_that_is_refused_is_not_kept(openrouter: OpenRouter, key: str) -> None:
    with pytest.raises(Invalid, match=r"^token: ") as refused:
        integrations.connect("w", "openrouter", key)
    assert refused.value.details == {"field": "token"}
    assert not key or key not in str(refused.value.body())
    assert not integrations.is_connected("w", "openrouter")


def told(monkeypatch: pytest.MonkeyPatch, data: object, status: int = 200) -> str:
    """The account of KEY when OpenRouter says this of it."""
    body = json.dumps({"data": data}).encode()
    with answering(lambda request: reply(request, status, body)) as url:
        monkeypatch.setenv("OPENROUTER_BASE_URL", url)
        return integrations.validate("openrouter", KEY)


@pytest.mark.parametrize("label", [KEY, f"key {KEY} of ada", "sk-or-v1-ffffffffffffffffffffffffffffffff"])
def test_a_label_that_holds_a_whole_key_is_masked(cloud: None, monkeypatch: pytest.MonkeyPatch, label: str) -> None:
    account = told(monkeypatch, {"label": label})
    assert label not in account
    assert KEY not in account
    assert "..." in account


def test_a_label_that_openrouter_masked_is_shown_as_it_is(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, {"label": "sk-or-v1-abc...123"}) == "sk-or-v1-abc...123"


def test_a_key_that_only_manages_keys_is_refused(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid, match="asks no model; create an API key"):
        told(monkeypatch, {"label": "x", "is_provisioning_key": True})


@pytest.mark.parametrize(
    ("status", "data"), [(500, {}), (429, {}), (200, None), (200, {}), (200, {"label": None}), (200, ["label"])]
)
def test_an_openrouter_that_fails_says_nothing_about_the_key(
    cloud: None, monkeypatch: pytest.MonkeyPatch, status: int, data: Any
) -> None:
    with pytest.raises(UpstreamFailed, match=r"token: OpenRouter answered .*; try again"):
        told(monkeypatch, data, status)
