"""`gero login`, `logout` and `status`: which API is used, and as whom."""

import os
from typing import Any

import typer

from gero.cli import render, settings
from gero.cli.command import command, new_group
from gero.cli.failure import NOT_SIGNED_IN, Failure
from gero.cli.root import ACCOUNT
from gero.cli.session import Session, read_secret

group = new_group()


@command(
    group,
    "login",
    "gero login --api-url https://gero.example.com",
    "gero login --api-url https://gero.example.com < token.txt",
    panel=ACCOUNT,
)
def login(session: Session) -> None:
    """Check an address and a token, and remember them for this user."""
    url = session.given_api_url or os.environ.get("GERO_API_URL") or typer.prompt("Address of the API", err=True)
    token = session.given_token or read_secret("API token")
    checked = Session(settings.checked_url(url), token)
    workspace = checked.api.get("/api/workspace")
    path = settings.store(checked.settings.api_url, token)
    answer = {"api_url": checked.settings.api_url, "workspace": workspace, "config_file": str(path)}
    session.answer(answer, lambda: f"Signed in to {workspace['name']} at {checked.settings.api_url}")
    session.note(f"The token is stored in {path}, readable by you only")


@command(group, "logout", "gero logout", panel=ACCOUNT)
def logout(session: Session) -> None:
    """Forget the address and the token; the token itself stays valid until it is revoked."""
    existed = settings.forget()
    text = "Signed out" if existed else "Nobody was signed in"
    session.answer({"signed_out": existed}, lambda: text)
    if os.environ.get("GERO_API_TOKEN"):
        session.note("GERO_API_TOKEN is still set and in use")


@command(group, "status", "gero status", panel=ACCOUNT)
def status(session: Session) -> None:
    """Show which API and token are in use, and whether the API answers."""
    used = session.settings
    failure: Failure | None = None
    workspace: dict[str, Any] = {}
    try:
        if used.token is None:
            session.connect(None).get("/healthz")
            failure = Failure("not signed in: run `gero login`", NOT_SIGNED_IN)
        else:
            workspace = session.api.get("/api/workspace")
    except Failure as raised:
        failure = raised
    report = {
        "api_url": used.api_url,
        "api_url_source": used.api_url_source,
        "token": used.masked_token,
        "token_source": used.token_source,
        "signed_in": bool(workspace),
        "workspace": workspace or None,
    }
    session.answer(report, lambda: render.card(_lines(report)))
    if failure is not None:
        raise failure


def _lines(report: dict[str, Any]) -> list[tuple[str, str | None]]:
    workspace = report["workspace"] or {}
    return [
        ("API", f"{report['api_url']} (from {report['api_url_source']})"),
        ("token", f"{report['token']} (from {report['token_source']})" if report["token"] else "none"),
        ("workspace", f"{workspace['name']}, plan {workspace['plan']}" if workspace else None),
        ("scopes", " ".join((workspace.get("token") or {}).get("scopes") or [])),
        ("state", "signed in, the API answers" if workspace else None),
    ]
