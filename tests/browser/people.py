"""People with accounts at the development sign-in, and how they sign in by the real pages."""

import secrets
from dataclasses import dataclass

from playwright.sync_api import Page

from gero import access
from infra.local.cloud import LocalCloud
from infra.local.session import admin_environment
from infra.local.stand_ins import StandIns
from infra.operator import acting_in, new_workspace

PASSWORD = "correct horse"


@dataclass(frozen=True)
class SignedIn:
    """Who is signed in, where, and the workspace's token, which may do everything in it."""

    email: str
    workspace_id: str
    token: str


def new_email(name: str = "ada") -> str:
    """An address that nobody has."""
    return f"{name}-{secrets.token_hex(4)}@example.com"


def sign_in(
    page: Page, cloud: LocalCloud, stand_ins: StandIns, *, role: str = "owner", workspace: SignedIn | None = None
) -> SignedIn:
    """Sign somebody new in, by the pages, who has this role in a new workspace, or in the one of another person."""
    account = stand_ins.sign_in.accounts.create(new_email(role), PASSWORD)
    if workspace is None:
        made, token = new_workspace("Browser tests", admin_environment(cloud))
        workspace = SignedIn(account.email, made.id, token)
    with acting_in(admin_environment(cloud)):
        person = access.people.signed_in(stand_ins.sign_in_url, account.subject, account.email)
        access.members.add(workspace.workspace_id, person, role)
    page.goto(f"{cloud.api_url}/sign-in")
    page.get_by_role("link", name="Continue with e-mail").click()
    type_password(page, account.email, PASSWORD)
    page.wait_for_url(f"{cloud.api_url}/**")
    return SignedIn(account.email, workspace.workspace_id, workspace.token)


def type_password(page: Page, email: str, password: str) -> None:
    """Fill and send the form of the development sign-in."""
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
