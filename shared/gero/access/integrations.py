"""A workspace's connections to other services: whose account it is, and the token, sealed and never shown again."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from gero.kit import Invalid, UpstreamFailed, clock, http, secrets, settings, table

_TOKEN = re.compile(r"[\x21-\x7e]{1,1000}")
_WHOLE_KEY = re.compile(r"sk-or-[A-Za-z0-9_-]{20,}")  # OpenRouter masks them, with dots in the middle
_LONG_KEY = 24
_SECONDS = 15
_MAX_ANSWER = 1 << 20


class Integration(msgspec.Struct, frozen=True):
    """A connection as it may be shown; `account` and `updated_at` are None while there is none."""

    provider: str
    connected: bool = False
    account: str | None = None
    updated_at: str | None = None


def validate(provider: str, token: str) -> str:
    """The name of the account that the token belongs to. Invalid with field `token` when the provider refuses it."""
    ask = PROVIDERS[_known(provider)]
    if not _TOKEN.fullmatch(token):
        raise Invalid("token: only printable ASCII without spaces, at most 1,000 characters", field="token")
    return ask(token)


def connect(workspace_id: str, provider: str, token: str) -> Integration:
    """Keep a token for a workspace, in the place of an earlier one, once the provider has accepted it."""
    made = Integration(provider, True, validate(provider, token), clock.iso())
    sealed = secrets.seal(token, _context(workspace_id, provider))
    document = msgspec.json.encode(made).decode()
    pk, sk = _key(workspace_id, provider)
    table.put({"pk": pk, "sk": sk, "doc": document, "sealed_token": sealed})
    return made


def listed(workspace_id: str) -> Iterator[Integration]:
    """One for each provider there is, connected or not."""
    items = {item["sk"]: item for item in table.query(f"WS#{workspace_id}", "INTEGRATION#")}
    for provider in PROVIDERS:
        item = items.get(f"INTEGRATION#{provider}")
        yield msgspec.json.decode(item["doc"], type=Integration) if item else Integration(provider)


def disconnect(workspace_id: str, provider: str) -> None:
    """Forget the workspace's token; nothing happens when there is none."""
    table.delete(*_key(workspace_id, _known(provider)))


def token_of(workspace_id: str, provider: str) -> str | None:
    """The workspace's token for a provider, opened; None when it is not connected."""
    item = table.get(*_key(workspace_id, provider), consistent=True)
    return secrets.unseal(item["sealed_token"], _context(workspace_id, provider)) if item else None


def is_connected(workspace_id: str, provider: str) -> bool:
    """Whether the workspace has a token for a provider."""
    return table.get(*_key(workspace_id, provider), consistent=True) is not None


def _hugging_face_account(token: str) -> str:
    hub = settings.hugging_face_endpoint()
    status, answer = _asked(f"{hub}/api/whoami-v2", token, "Hugging Face")
    name = answer.get("name") if isinstance(answer, dict) else None
    if status in (401, 403):
        where = "https://huggingface.co/settings/tokens"
        raise Invalid(f"token: Hugging Face refuses it; create one with read access at {where}", field="token")
    if status != 200 or not isinstance(name, str):
        raise UpstreamFailed(f"token: Hugging Face answered {status}; try again", field="token")
    return name


def _openrouter_account(token: str) -> str:
    """The label of the key: OpenRouter gives keys no account's name."""
    status, answer = _asked(f"{settings.openrouter_base_url()}/key", token, "OpenRouter")
    where = "https://openrouter.ai/settings/keys"
    if status in (401, 403):
        raise Invalid(f"token: OpenRouter refuses it; create a key at {where}", field="token")
    data = answer.get("data") if isinstance(answer, dict) else None
    label = data.get("label") if isinstance(data, dict) else None
    if status != 200 or not isinstance(data, dict) or not isinstance(label, str):
        raise UpstreamFailed(f"token: OpenRouter answered {status}; try again", field="token")
    if data.get("is_provisioning_key") is True or data.get("is_management_key") is True:
        raise Invalid(f"token: this key manages others and asks no model; create an API key at {where}", field="token")
    return _WHOLE_KEY.sub(_masked, label.replace(token, _masked(token)))


def _masked(key: str | re.Match[str]) -> str:
    """The ends of a key; of a short one nothing."""
    text = key if isinstance(key, str) else key.group()
    return f"{text[:12]}...{text[-3:]}" if len(text) >= _LONG_KEY else "..."


# How each provider is asked whose a token is.
PROVIDERS: dict[str, Callable[[str], str]] = {"huggingface": _hugging_face_account, "openrouter": _openrouter_account}


def _asked(url: str, token: str, server: str) -> tuple[int, Any]:
    """Status and JSON (None when it is none) of a GET with the token."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    with (
        http.failures("token", server),
        http.client("token", seconds=_SECONDS, trusted=url) as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        body = b""
        for piece in response.iter_bytes():
            body += piece
            if len(body) > _MAX_ANSWER:
                raise UpstreamFailed(f"token: {server} answers too much; try again", field="token")
    try:
        return response.status_code, msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return response.status_code, None


def _known(provider: str) -> str:
    if provider not in PROVIDERS:
        raise Invalid(f"provider: use one of {', '.join(PROVIDERS)}", field="provider")
    return provider


def _key(workspace_id: str, provider: str) -> tuple[str, str]:
    return f"WS#{workspace_id}", f"INTEGRATION#{provider}"


def _context(workspace_id: str, provider: str) -> dict[str, str]:
    return {"workspace_id": workspace_id, "owner": f"integration/{provider}"}
