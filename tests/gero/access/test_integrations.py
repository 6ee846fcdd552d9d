import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from gero.access import integrations
from gero.kit import Invalid, UpstreamFailed, aws, secrets, table
from infra.local.stand_ins.hub import Account, Hub
from tests.hub_server import answering, reply, serving

TOKEN = "hf_secret"


@pytest.fixture
def hub(cloud: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with serving(Hub({}, accounts={TOKEN: Account("ada"), "hf_other": Account("bob")})) as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        yield


def test_a_connection_keeps_the_token_and_shows_the_account(hub: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert not any(one.connected for one in integrations.listed("w"))
    assert integrations.token_of("w", "huggingface") is None
    made = integrations.connect("w", "huggingface", TOKEN)
    assert (made.connected, made.account) == (True, "ada")
    assert [one for one in integrations.listed("w") if one.connected] == [made]
    assert integrations.token_of("w", "huggingface") == TOKEN
    assert TOKEN not in f"{made} {table.get('WS#w', 'INTEGRATION#huggingface')} {caplog.text}"


def test_another_token_takes_the_place_of_the_first(hub: None) -> None:
    integrations.connect("w", "huggingface", TOKEN)
    integrations.connect("w", "huggingface", "hf_other")
    assert [one.account for one in integrations.listed("w") if one.connected] == ["bob"]
    assert integrations.token_of("w", "huggingface") == "hf_other"


def test_what_is_disconnected_is_gone(hub: None) -> None:
    integrations.connect("w", "huggingface", TOKEN)
    integrations.disconnect("w", "huggingface")
    integrations.disconnect("w", "huggingface")
    assert integrations.token_of("w", "huggingface") is None
    assert not any(one.connected for one in integrations.listed("w"))


def test_a_token_copied_to_another_workspace_opens_nothing(hub: None) -> None:
    integrations.connect("w", "huggingface", TOKEN)
    item = table.get("WS#w", "INTEGRATION#huggingface")
    assert item
    table.put({**item, "pk": "WS#other"})
    secrets.forget()
    with pytest.raises(aws.client("kms").exceptions.InvalidCiphertextException):
        integrations.token_of("other", "huggingface")


@pytest.mark.parametrize("token", ["hf_wrong", "", "with space", "hf_é", "hf_\n", "x" * 1001])
def test_a_token_that_is_refused_is_not_kept(hub: None, token: str) -> None:
    with pytest.raises(Invalid, match=r"^token: ") as refused:
        integrations.connect("w", "huggingface", token)
    assert refused.value.details == {"field": "token"}
    assert not token or token not in str(refused.value.body())
    assert integrations.token_of("w", "huggingface") is None


def test_a_provider_that_nobody_knows_is_refused(hub: None) -> None:
    for call in (lambda: integrations.validate("other", TOKEN), lambda: integrations.disconnect("w", "other")):
        with pytest.raises(Invalid, match="provider: use one of huggingface"):
            call()


@pytest.mark.parametrize(
    ("status", "body"), [(503, b""), (429, b""), (200, b"<html>"), (200, b"[]"), (200, b"x" * 2_000_000)]
)
def test_a_hub_that_fails_says_nothing_about_the_token(
    cloud: None, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes
) -> None:
    with answering(lambda request: reply(request, status, body)) as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        with pytest.raises(UpstreamFailed, match="try again"):
            integrations.connect("w", "huggingface", TOKEN)
    assert integrations.token_of("w", "huggingface") is None
