import asyncio
from collections.abc import Iterator

import pytest

from gero import providers
from gero.kit import Invalid
from gero.providers import Endpoint, check_auth, seal_secret
from tests.model_server import ModelServer

pytestmark = pytest.mark.usefixtures("cloud")

SECRET = "sk-secret-0123456789"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(lambda model, prompt: "yes").running() as running:
        yield running


def sent_headers(server: ModelServer, method: str, header_name: str | None = None) -> dict[str, str]:
    sealed = None if method == "none" else seal_secret("w", "c", SECRET)
    endpoint = Endpoint(
        platform="custom",
        url=server.url,
        auth_method=method,
        auth_header_name=header_name,
        sealed_secret=sealed,
        secret_owner="c",
    )

    async def ask() -> None:
        async with providers.new_session(1) as session:
            body = providers.request_body(endpoint, providers.prompt.messages("{input}", "hi"))
            await providers.ask(session, endpoint, endpoint.headers("w"), body)

    asyncio.run(ask())
    headers: dict[str, str] = server.requests[-1]["headers"]
    return headers


@pytest.mark.parametrize(
    ("method", "header_name", "header", "value"),
    [
        ("bearer", None, "authorization", f"Bearer {SECRET}"),
        ("x_api_key", None, "x-api-key", SECRET),
        ("x_drgero_api_key", None, "x-dr.gero-api-key", SECRET),
        ("authorization", None, "authorization", SECRET),
        ("custom_header", "Api-Key", "api-key", SECRET),
    ],
)
def test_a_server_sees_the_secret_where_the_method_puts_it_and_nowhere_else(
    server: ModelServer, method: str, header_name: str | None, header: str, value: str
) -> None:
    headers = sent_headers(server, method, header_name)
    assert headers[header] == value
    assert sum(SECRET in sent for sent in headers.values()) == 1
    assert SECRET not in str(server.requests[-1]["body"])
    assert headers["content-type"] == "application/json"


def test_without_a_method_no_credential_travels(server: ModelServer) -> None:
    headers = sent_headers(server, "none")
    assert "authorization" not in headers
    assert "cookie" not in headers


def test_a_secret_opens_only_for_its_own_workspace_and_candidate() -> None:
    sealed = seal_secret("w", "c", SECRET)
    mine = Endpoint(platform="custom", url="x", auth_method="bearer", sealed_secret=sealed, secret_owner="c")
    assert mine.headers("w")["Authorization"] == f"Bearer {SECRET}"
    copied = Endpoint(platform="custom", url="x", auth_method="bearer", sealed_secret=sealed, secret_owner="d")
    for endpoint, workspace_id in ((mine, "v"), (copied, "w")):
        with pytest.raises(Exception, match="InvalidCiphertext"):
            endpoint.headers(workspace_id)


@pytest.mark.parametrize(
    ("method", "header_name", "secret", "field"),
    [
        ("basic", None, "s", "auth_method"),
        ("bearer", None, None, "auth_token"),
        ("bearer", None, "", "auth_token"),
        ("none", None, "s", "auth_method"),
        ("bearer", None, "s\r\nX-Injected: 1", "auth_token"),
        ("bearer", None, "s\n", "auth_token"),
        ("bearer", None, "s\x00", "auth_token"),
        ("bearer", None, "schlüssel", "auth_token"),
        ("bearer", None, "s" * 4097, "auth_token"),
        ("custom_header", None, "s", "auth_header_name"),
        ("custom_header", "", "s", "auth_header_name"),
        ("custom_header", "X-Key: 1\r\nX", "s", "auth_header_name"),
        ("custom_header", "X Key", "s", "auth_header_name"),
        ("custom_header", "X-Key\n", "s", "auth_header_name"),
        ("custom_header", "Host", "s", "auth_header_name"),
        ("custom_header", "CONTENT-LENGTH", "s", "auth_header_name"),
        ("custom_header", "transfer-encoding", "s", "auth_header_name"),
    ],
)
def test_what_cannot_or_must_not_travel_in_a_header_is_refused(
    method: str, header_name: str | None, secret: str | None, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        check_auth(method, header_name, secret)
    assert refused.value.details == {"field": field}
    assert not secret or len(secret) < 2 or secret not in str(refused.value)


def test_the_request_carries_model_and_parameters_and_the_call_may_override_them() -> None:
    endpoint = Endpoint(platform="custom", url="x", model="m", parameters={"temperature": 0, "max_tokens": 5})
    body = providers.request_body(endpoint, [{"role": "user", "content": "hi"}], {"temperature": 1, "model": "other"})
    assert b'"temperature":1' in body
    assert b'"max_tokens":5' in body
    assert b'"model":"m"' in body
    assert b"model" not in providers.request_body(Endpoint(platform="custom", url="x"), [])
