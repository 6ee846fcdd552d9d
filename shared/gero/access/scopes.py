"""Scopes: `leaderboards:read`, a category `leaderboards:*`, or everything `*`. No scope means no access."""

from collections.abc import Iterable

from gero.kit import Invalid

KNOWN = frozenset(
    {
        "leaderboards:read",
        "leaderboards:write",
        "leaderboards:run",
        "leaderboards:inference",
        "leaderboards:review",
        "models:read",
        "models:write",
        "models:fine-tune",
        "workspace:admin",
    }
)
_CATEGORIES = frozenset(scope.split(":")[0] + ":*" for scope in KNOWN)


def allows(held: Iterable[str], needed: str) -> bool:
    """Whether the held scopes cover the needed one."""
    return not {"*", needed, needed.split(":")[0] + ":*"}.isdisjoint(held)


def checked(scopes: Iterable[str]) -> tuple[str, ...]:
    """The scopes, sorted and each once; Invalid when one is unknown."""
    wanted = tuple(sorted(set(scopes)))
    for scope in wanted:
        if scope != "*" and scope not in KNOWN and scope not in _CATEGORIES:
            raise Invalid(
                f"scopes: {scope!r} is not a scope; use one of {', '.join(sorted(KNOWN))}, a category such as "
                "leaderboards:*, or *",
                field="scopes",
            )
    return wanted


def narrower(scopes: Iterable[str], held: Iterable[str]) -> bool:
    """Whether whoever holds `held` may hand out `scopes`: nobody grants more than they have."""
    held = set(held)
    if "*" in held:
        return True
    return all(scope in held or (scope != "*" and f"{scope.split(':')[0]}:*" in held) for scope in scopes)
