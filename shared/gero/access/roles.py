"""Roles of people in a workspace: what each may do, and who may give or take which."""

from collections.abc import Iterable

from gero.access import scopes as scope_rules
from gero.kit import Forbidden, Invalid

OWNER, ADMIN, MEMBER, REVIEWER = "owner", "admin", "member", "reviewer"
# An admin has every category but not `*`: whoever holds `*` may hand it out, and a token with `*` acts as an owner.
SCOPES: dict[str, tuple[str, ...]] = {
    OWNER: ("*",),
    ADMIN: ("leaderboards:*", "models:*", "workspace:*"),
    MEMBER: ("leaderboards:*", "models:*"),
    REVIEWER: ("leaderboards:review",),
}
_MANAGERS = (OWNER, ADMIN)
_HIGHEST_FIRST = tuple(SCOPES)


def checked(role: str) -> str:
    """The role. Invalid when there is no such one."""
    if role not in SCOPES:
        raise Invalid(f"role: {role!r} is not a role; use one of {', '.join(SCOPES)}", field="role")
    return role


def of_token(scopes: Iterable[str]) -> str:
    """As whom an API token acts on people: with `*` as an owner, with workspace:admin as an admin."""
    scopes = tuple(scopes)
    if "*" in scopes:
        return OWNER
    return ADMIN if scope_rules.allows(scopes, "workspace:admin") else MEMBER


def check_may_manage(held: str, *concerned: str) -> None:
    """Forbidden unless whoever has the role `held` may give and take the `concerned` ones: none above their own."""
    if held not in _MANAGERS:
        raise Forbidden("only owners and admins of the workspace manage its people; ask one of them")
    for role in concerned:
        if _HIGHEST_FIRST.index(role) < _HIGHEST_FIRST.index(held):
            raise Forbidden(f"the role {role} is given and taken by owners only; ask an {OWNER} of the workspace")
