"""The development sign-in over HTTP: OpenID Connect's endpoints, and the pages for people."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from infra.local.stand_ins.sign_in import pages
from infra.local.stand_ins.sign_in.accounts import Account, AccountError, Accounts
from infra.local.stand_ins.sign_in.tokens import TOKEN_SECONDS, Asked, Tokens

CLIENT_ID = "gero-console"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Where browsers are sent back to: an address of this machine that is whole, can stand in a header, and has no fragment.
_BACK = re.compile(r"(?P<origin>https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?)(?:[/?][!-\"$-~]*)?")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_OWN_SITES = ("same-origin", "none")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class SignIn:
    """The provider, with its accounts. It sends browsers back to loopback addresses only."""

    def __init__(self, accounts: Accounts | None = None) -> None:
        self.accounts = accounts or Accounts()
        self.tokens = Tokens()

    def app(self) -> web.Application:
        """The application."""
        app = web.Application(middlewares=[_from_here], client_max_size=64 * 1024)
        app.router.add_get("/.well-known/openid-configuration", _discovery)
        app.router.add_get("/jwks", self._key_set)
        app.router.add_get("/style.css", _style)
        app.router.add_get("/authorize", self._ask)
        app.router.add_post("/authorize", self._sign_in)
        app.router.add_get("/create", self._ask)
        app.router.add_post("/create", self._create)
        app.router.add_post("/token", self._token)
        app.router.add_get("/userinfo", self._about)
        app.router.add_get("/end-session", _end_session)
        app.router.add_get("/password", _ask_password)
        app.router.add_post("/password", self._change_password)
        return app

    async def _key_set(self, _: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(self.tokens.key_set))

    async def _ask(self, request: web.Request) -> web.Response:
        return _form(request, _asked(request))

    async def _sign_in(self, request: web.Request) -> web.Response:
        asked, sent = _asked(request), await request.post()
        email = str(sent.get("email", ""))
        try:
            account = await asyncio.to_thread(self.accounts.check, email, str(sent.get("password", "")))
        except AccountError as error:
            return _form(request, asked, email, error)
        return self._go_back(request, asked, account)

    async def _create(self, request: web.Request) -> web.Response:
        asked, sent = _asked(request), await request.post()
        email = str(sent.get("email", ""))
        try:
            account = await asyncio.to_thread(self.accounts.create, email, _twice(sent))
        except AccountError as error:
            return _form(request, asked, email, error)
        return self._go_back(request, asked, account)

    def _go_back(self, request: web.Request, asked: Asked, account: Account) -> web.Response:
        return _redirect(asked.redirect_uri, code=self.tokens.code(asked, account), state=request.query.get("state"))

    async def _token(self, request: web.Request) -> web.Response:
        sent = await request.post()
        if sent.get("grant_type") != "authorization_code":
            return _oauth_error("unsupported_grant_type")
        names = ("code", "code_verifier", "redirect_uri", "client_id")
        found = self.tokens.redeemed(*(str(sent.get(name, "")) for name in names))
        if found is None:
            return _oauth_error("invalid_grant")
        asked, account = found
        claims = self.tokens.claims(_own(request), asked, account)
        body = {
            "access_token": self.tokens.access_token(account),
            "id_token": await asyncio.to_thread(self.tokens.signed, claims),
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
        }
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    async def _about(self, request: web.Request) -> web.Response:
        account = self.tokens.whose(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if account is None:
            return _oauth_error("invalid_token", 401)
        return web.json_response({"sub": account.subject, "email": account.email, "email_verified": True})

    async def _change_password(self, request: web.Request) -> web.Response:
        sent = await request.post()
        email, present = str(sent.get("email", "")), str(sent.get("present", ""))
        try:
            await asyncio.to_thread(self.accounts.change_password, email, present, _twice(sent))
        except AccountError as error:
            return pages.form(pages.PASSWORD, "/password", email=email, faults={error.field: str(error)})
        return pages.notice("Your password is changed", "Use the new one from now on. You can close this page.")


@web.middleware
async def _from_here(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Only by a name of this machine (another one may have been rebound to it), and no form of another site."""
    if urlsplit(f"//{request.host}").hostname not in _LOOPBACK:
        return pages.notice("Not here", "Open this page as 127.0.0.1.", status=403)
    foreign = request.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES
    if request.method == "POST" and foreign:
        return pages.notice("Not from here", "This form was sent from another site.", status=403)
    return await handler(request)


async def _discovery(request: web.Request) -> web.Response:
    own = _own(request)
    document: dict[str, Any] = {
        "issuer": own,
        "authorization_endpoint": f"{own}/authorize",
        "token_endpoint": f"{own}/token",
        "userinfo_endpoint": f"{own}/userinfo",
        "jwks_uri": f"{own}/jwks",
        "end_session_endpoint": f"{own}/end-session",
        "change_password_url": f"{own}/password",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
    }
    return web.json_response(document)


async def _style(_: web.Request) -> web.Response:
    return pages.style()


async def _ask_password(_: web.Request) -> web.Response:
    return pages.form(pages.PASSWORD, "/password")


async def _end_session(request: web.Request) -> web.Response:
    """Nobody stays signed in here, so there is nothing to end."""
    to = request.query.get("post_logout_redirect_uri", "")
    return _redirect(to) if _BACK.fullmatch(to) else pages.notice("Signed out", "You can close this page.")


def _form(request: web.Request, asked: Asked, email: str = "", error: AccountError | None = None) -> web.Response:
    """The form of the page that was asked for: to sign in, or to create an account."""
    query = request.query_string
    back = _address(asked.redirect_uri, error="access_denied", state=request.query.get("state"))
    other = ("Sign in", "/authorize") if request.path == "/create" else ("Create an account", "/create")
    return pages.form(
        pages.CREATE if request.path == "/create" else pages.SIGN_IN,
        f"{request.path}?{query}",
        links=((other[0], f"{other[1]}?{query}"), ("Cancel", back)),
        to=_origin(asked.redirect_uri),
        email=email,
        faults={error.field: str(error)} if error else None,
    )


def _asked(request: web.Request) -> Asked:
    """What the client asked for. Answers with a page when it must not be sent back, otherwise by sending it back."""
    query = request.query
    redirect_uri = query.get("redirect_uri", "")
    if query.get("client_id") != CLIENT_ID or not _BACK.fullmatch(redirect_uri):
        told = "It must come from Gero's console on this machine, and lead back to 127.0.0.1 or localhost."
        raise _answered(pages.notice("This sign-in cannot be used", told, status=400))
    wrong = None
    if query.get("response_type") != "code":
        wrong = "unsupported_response_type"
    elif "openid" not in query.get("scope", "").split():
        wrong = "invalid_scope"
    elif query.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(query.get("code_challenge", "")):
        wrong = "invalid_request"
    if wrong:
        raise web.HTTPFound(_address(redirect_uri, error=wrong, state=query.get("state")))
    return Asked(CLIENT_ID, redirect_uri, query["code_challenge"], query.get("nonce"))


def _answered(response: web.Response) -> web.HTTPException:
    """An exception that is this answer."""
    error = web.HTTPBadRequest(text=response.text, content_type="text/html")
    error.headers.extend({name: response.headers[name] for name in ("Content-Security-Policy", "Cache-Control")})
    return error


def _twice(sent: Any) -> str:
    password = str(sent.get("password", ""))
    if password != sent.get("again"):
        raise AccountError("the two passwords differ; type the same twice", "again")
    return password


def _redirect(to: str, **query: str | None) -> web.Response:
    return web.Response(status=303, headers={"Location": _address(to, **query), "Cache-Control": "no-store"})


def _address(to: str, **query: str | None) -> str:
    given = urlencode({name: value for name, value in query.items() if value is not None})
    return f"{to}{'&' if urlsplit(to).query else '?'}{given}" if given else to


def _oauth_error(code: str, status: int = 400) -> web.Response:
    return web.json_response({"error": code}, status=status, headers={"Cache-Control": "no-store"})


def _own(request: web.Request) -> str:
    """Our address, by which we are known as the issuer, however the browser calls this machine."""
    assert request.transport is not None
    return f"http://127.0.0.1:{request.transport.get_extra_info('sockname')[1]}"


def _origin(url: str) -> str:
    found = _BACK.fullmatch(url)
    assert found is not None
    return found["origin"]
