"""The development sign-in through a real HTTP client, as a browser and a client of OpenID Connect use it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from bs4 import BeautifulSoup
from joserfc import jwt
from joserfc.jwk import KeySet

from infra.local.stand_ins import StandIns
from infra.local.stand_ins.sign_in import CLIENT_ID, Accounts, tokens

EMAIL, PASSWORD = "ada@example.com", "correct horse"
REDIRECT = "http://127.0.0.1:4700/sign-in/callback"
VERIFIER = "v" * 43
ASKED = {
    "client_id": CLIENT_ID,
    "redirect_uri": REDIRECT,
    "response_type": "code",
    "scope": "openid email",
    "state": "a state",
    "nonce": "a nonce",
    "code_challenge": create_s256_code_challenge(VERIFIER),
    "code_challenge_method": "S256",
}


@pytest.fixture
def stand_ins() -> Iterator[StandIns]:
    accounts = Accounts(pause_seconds=30)
    accounts.create(EMAIL, PASSWORD)
    with StandIns(accounts=accounts) as stand_ins:
        yield stand_ins


@pytest.fixture
def client(stand_ins: StandIns) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stand_ins.sign_in_url) as client:
        yield client


def sent_back(response: httpx.Response) -> dict[str, str]:
    """What the client is told by the address that the browser is sent to."""
    assert response.is_redirect, response.text
    address = urlsplit(response.headers["location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == REDIRECT
    return {name: values[0] for name, values in parse_qs(address.query).items()}


def sign_in(client: httpx.Client, password: str = PASSWORD, email: str = EMAIL) -> httpx.Response:
    return client.post("/authorize", params=ASKED, data={"email": email, "password": password})


def redeem(client: httpx.Client, code: str, **other: str) -> httpx.Response:
    sent = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    return client.post("/token", data={**sent, "redirect_uri": REDIRECT, "client_id": CLIENT_ID, **other})


def fault(response: httpx.Response) -> str:
    assert response.status_code == 400
    (told,) = BeautifulSoup(response.text, "html.parser").select(".fault")
    return told.get_text()


def test_the_document_leads_to_everything_a_client_needs(client: httpx.Client, stand_ins: StandIns) -> None:
    document: dict[str, Any] = client.get("/.well-known/openid-configuration").json()
    assert document["issuer"] == stand_ins.sign_in_url
    assert all(document[name].startswith(f"{document['issuer']}/") for name in document if name.endswith("_endpoint"))
    assert document["code_challenge_methods_supported"] == ["S256"]


def test_a_person_signs_in_and_the_client_gets_a_signed_identity(client: httpx.Client, stand_ins: StandIns) -> None:
    assert BeautifulSoup(client.get("/authorize", params=ASKED).text, "html.parser").select_one("#password")
    back = sent_back(sign_in(client))
    assert back["state"] == "a state"
    answer = redeem(client, back["code"]).json()
    keys = KeySet.import_key_set(client.get("/jwks").json())
    claims = jwt.decode(answer["id_token"], keys, ["RS256"]).claims
    account = stand_ins.sign_in.accounts.find(EMAIL)
    assert account
    assert (claims["iss"], claims["aud"]) == (stand_ins.sign_in_url, CLIENT_ID)
    assert (claims["sub"], claims["email"], claims["email_verified"]) == (account.subject, EMAIL, True)
    assert claims["nonce"] == "a nonce"
    about = client.get("/userinfo", headers={"authorization": f"Bearer {answer['access_token']}"}).json()
    assert about == {"sub": account.subject, "email": EMAIL, "email_verified": True}


def test_the_public_key_set_holds_no_private_part(client: httpx.Client) -> None:
    (key,) = client.get("/jwks").json()["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}


@pytest.mark.parametrize(
    "redirect_uri",
    ["https://evil.example/callback", "http://127.0.0.1.evil.example/", "http://127.0.0.1@evil.example/"],
)
def test_nobody_is_sent_to_another_machine(client: httpx.Client, redirect_uri: str) -> None:
    for response in (
        client.get("/authorize", params=ASKED | {"redirect_uri": redirect_uri}),
        client.post("/authorize", params=ASKED | {"redirect_uri": redirect_uri}, data={"email": EMAIL}),
    ):
        assert response.status_code == 400
        assert "evil" not in response.text
    ended = client.get("/end-session", params={"post_logout_redirect_uri": redirect_uri})
    assert not ended.is_redirect


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://127.0.0.1:1; script-src *",
        "http://127.0.0.1:evil/",
        "http://[::1]evil:80/",
        "http://127.0.0.1/callback\r\nX-Evil: 1",
        "http://127.0.0.1/callback#evil",
    ],
)
def test_nobody_is_sent_to_what_is_no_whole_address(client: httpx.Client, redirect_uri: str) -> None:
    sent = {"email": EMAIL, "password": PASSWORD}
    answers = (
        client.get("/authorize", params=ASKED | {"redirect_uri": redirect_uri}),
        client.post("/authorize", params=ASKED | {"redirect_uri": redirect_uri}, data=sent),
    )
    assert [answer.status_code for answer in answers] == [400, 400]
    assert all(answer.headers["content-security-policy"].endswith("form-action 'self'") for answer in answers)
    assert not client.get("/end-session", params={"post_logout_redirect_uri": redirect_uri}).is_redirect


@pytest.mark.parametrize("origin", ["http://localhost:4700", "https://127.0.0.1", "http://[::1]:4700"])
def test_people_come_back_to_this_machine_by_each_of_its_names(client: httpx.Client, origin: str) -> None:
    asked = ASKED | {"redirect_uri": f"{origin}/sign-in/callback?from=here"}
    assert client.get("/authorize", params=asked).headers["content-security-policy"].endswith(f"'self' {origin}")
    sent = client.post("/authorize", params=asked, data={"email": EMAIL, "password": PASSWORD})
    assert sent.headers["location"].startswith(f"{origin}/sign-in/callback?from=here&code=")


def test_who_is_sent_without_pkce_is_sent_back(client: httpx.Client) -> None:
    for missing in ({"code_challenge_method": "plain"}, {"code_challenge": "short"}):
        assert sent_back(client.get("/authorize", params=ASKED | missing))["error"] == "invalid_request"


def test_a_code_works_once(client: httpx.Client) -> None:
    code = sent_back(sign_in(client))["code"]
    assert redeem(client, code).status_code == 200
    again = redeem(client, code)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize(
    "other", [{"code_verifier": "w" * 43}, {"client_id": "another"}, {"redirect_uri": "http://127.0.0.1:1/"}]
)
def test_only_who_asked_for_a_code_can_redeem_it(client: httpx.Client, other: dict[str, str]) -> None:
    code = sent_back(sign_in(client))["code"]
    assert redeem(client, code, **other).json() == {"error": "invalid_grant"}
    assert redeem(client, code).json() == {"error": "invalid_grant"}, "a wrong try uses it up"


def test_a_code_does_not_last(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "CODE_SECONDS", -1.0)
    assert redeem(client, sent_back(sign_in(client))["code"]).json() == {"error": "invalid_grant"}


def test_a_wrong_password_and_an_unknown_address_are_told_the_same(client: httpx.Client) -> None:
    wrong = fault(sign_in(client, "another one"))
    assert wrong == fault(sign_in(client, "another one", "nobody@example.com"))
    assert "another one" not in sign_in(client, "another one").text


def test_after_five_wrong_passwords_an_address_has_to_wait(client: httpx.Client) -> None:
    for email in (EMAIL, "nobody@example.com"):
        for _ in range(5):
            assert "wrong" in fault(sign_in(client, "another one", email))
        assert "wait 30 seconds" in fault(sign_in(client, PASSWORD, email))
    client.post("/create", params=ASKED, data={"email": "bob@example.com", "password": PASSWORD, "again": PASSWORD})
    assert sign_in(client, PASSWORD, "bob@example.com").is_redirect, "others do not"


def test_a_good_password_forgets_the_wrong_ones_before(client: httpx.Client) -> None:
    for _ in range(3):
        for _ in range(4):
            fault(sign_in(client, "another one"))
        assert sign_in(client).is_redirect


def test_a_person_creates_an_account_and_is_signed_in(client: httpx.Client) -> None:
    sent = {"email": " Bob@Example.com ", "password": "long enough", "again": "long enough"}
    assert "code" in sent_back(client.post("/create", params=ASKED, data=sent))
    assert sign_in(client, "long enough", "bob@example.com").is_redirect


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"password": "short", "again": "short"}, "a password has 8 to 256 characters"),
        ({"password": "long enough", "again": "long enouhg"}, "the two passwords differ; type the same twice"),
        ({"email": "bob"}, "give an e-mail address, such as ada@example.com"),
        ({"email": EMAIL}, "there is an account with this address; sign in with it"),
    ],
)
def test_what_an_account_lacks_is_told_at_its_field(client: httpx.Client, sent: dict[str, str], told: str) -> None:
    good = {"email": "bob@example.com", "password": "long enough", "again": "long enough"}
    assert fault(client.post("/create", params=ASKED, data=good | sent)) == told


def test_a_password_is_changed_with_the_present_one(client: httpx.Client) -> None:
    sent = {"email": EMAIL, "password": "a new password", "again": "a new password"}
    assert "wrong" in fault(client.post("/password", data={**sent, "present": "not this"}))
    assert client.post("/password", data={**sent, "present": PASSWORD}).status_code == 200
    assert sign_in(client, "a new password").is_redirect
    fault(sign_in(client))


def test_who_signs_out_comes_back(client: httpx.Client) -> None:
    ended = client.get("/end-session", params={"post_logout_redirect_uri": "http://localhost:4700/sign-in"})
    assert ended.headers["location"] == "http://localhost:4700/sign-in"


def test_what_is_typed_is_shown_as_text(client: httpx.Client) -> None:
    page = sign_in(client, "x", '"><script>alert(1)</script>').text
    assert "<script" not in page
    state = client.get("/authorize", params=ASKED | {"state": '"><script>'}).text
    assert "<script" not in state


def test_pages_allow_no_foreign_code_and_lead_only_where_they_must(client: httpx.Client) -> None:
    policy = client.get("/authorize", params=ASKED).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("form-action 'self' http://127.0.0.1:4700")


def test_only_pages_of_ours_send_forms_and_only_this_machine_opens_them(client: httpx.Client) -> None:
    foreign = client.post("/password", data={"email": EMAIL}, headers={"sec-fetch-site": "cross-site"})
    rebound = client.get("/password", headers={"host": "evil.example"})
    assert (foreign.status_code, rebound.status_code) == (403, 403)
