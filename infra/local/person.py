"""The demo's person: who can sign in to the console at once, as an owner of the demo's workspace."""

import secrets
from pathlib import Path

from gero import access
from gero.kit import Conflict
from infra.local.cloud import LocalCloud
from infra.local.persistence import StateError
from infra.local.session import Session, admin_environment
from infra.local.stand_ins import StandIns
from infra.local.stand_ins.sign_in import AccountError, Accounts
from infra.operator import acting_in

EMAIL = "demo@gero.local"


def accounts_in(data: Path | None) -> Accounts:
    """The accounts that are kept in the data folder, if there is one. StateError when their file is damaged."""
    file = data / "accounts.json" if data else None
    try:
        return Accounts(file)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(f"{file} is damaged ({error!r}): remove it to start with no accounts") from error


def password_of(accounts: Accounts, before: str | None) -> str | None:
    """The password of the person's account, which is made where there is none; None when they chose one themselves.

    `before`: the one of an earlier start.
    """
    password = before or secrets.token_urlsafe(9)
    try:
        if accounts.find(EMAIL) is None:
            accounts.create(EMAIL, password)
        else:
            accounts.check(EMAIL, password)
    except AccountError:
        return None
    return password


def make_owner(cloud: LocalCloud, session: Session, stand_ins: StandIns) -> None:
    """Make the person an owner of the session's workspace, unless they are a member."""
    account = stand_ins.sign_in.accounts.find(EMAIL)
    if account is None:
        return
    with acting_in(admin_environment(cloud)):
        workspace_id = access.authenticate({"authorization": f"Bearer {session.token}"}).workspace_id
        person = access.people.signed_in(stand_ins.sign_in_url, account.subject, account.email)
        try:
            access.members.add(workspace_id, person, access.roles.OWNER)
        except Conflict:
            return  # since an earlier start
