"""Who may read what on the hub stand-in, and what the others are told: the hub's own statuses, codes and messages."""

import hmac
from collections.abc import Mapping, Set
from typing import NamedTuple

from aiohttp import web


class Account(NamedTuple):
    """Whose a token is, and the closed repositories ("owner/name") that it may read.

    A `fine_grained` token may read public repositories and its own, until its owner allows gated ones.
    """

    name: str
    reads: Set[str] = frozenset()
    fine_grained: bool = False

    def described(self) -> dict[str, object]:
        """The answer of whoami-v2."""
        role = "fineGrained" if self.fine_grained else "read"
        token = {"displayName": "stand-in", "role": role, "createdAt": "2026-01-01T00:00:00.000Z"}
        return {
            "type": "user",
            "id": f"id-of-{self.name}",
            "name": self.name,
            "fullname": self.name,
            "isPro": False,
            "orgs": [],
            "auth": {"type": "access_token", "accessToken": token},
        }


class Doors:
    """Repositories by how they are closed, and accounts by token. A repository that is nowhere named is public."""

    def __init__(self, gated: Set[str], private: Set[str], disabled: Set[str], accounts: Mapping[str, Account]) -> None:
        self._gated, self._private, self._disabled = gated, private, disabled
        self._accounts = accounts

    def account(self, request: web.Request) -> Account | None:
        """Whose token the request carries; None without one, or with one that nobody has."""
        sent = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        found = (one for token, one in self._accounts.items() if hmac.compare_digest(sent, token.encode()))
        return next(found, None)

    def refusal(self, request: web.Request, name: str, exists: bool) -> web.Response | None:
        """The answer to who may not read a repository; None for who may."""
        account = self.account(request)
        if account is None and "Authorization" in request.headers:
            return refuse(401, None, "Invalid credentials in Authorization header")
        seen = exists and (name not in self._private or (account is not None and name in account.reads))
        if not seen and account is None:
            return refuse(401, "RepoNotFound", "Invalid username or password.")
        if not seen:
            return refuse(404, "RepoNotFound", "Repository not found")
        if name in self._disabled:
            return refuse(403, None, "Access to this resource is disabled.")
        return self._gate(name, account) if name in self._gated else None

    def _gate(self, name: str, account: Account | None) -> web.Response | None:
        restricted = f"Access to dataset {name} is restricted"
        if account is None:
            return refuse(401, "GatedRepo", f"{restricted}. You must have access to it and be authenticated. Log in.")
        if account.fine_grained:
            return refuse(
                403,
                None,
                "Please enable access to public gated repositories in your fine-grained token settings "
                "to view this repository.",
            )
        if name not in account.reads:
            visit = f"Visit https://huggingface.co/datasets/{name} to ask for access."
            return refuse(403, "GatedRepo", f"{restricted} and you are not in the authorized list. {visit}")
        return None


def refuse(status: int, code: str | None, message: str) -> web.Response:
    """An error as the hub writes it."""
    headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
    return web.json_response({"error": message}, status=status, headers=headers)
