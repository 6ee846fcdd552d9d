"""Who may do what: workspaces, tokens, scopes, operators, integrations. Light: inference imports it on its hot path."""

from gero.access import integrations, operators, push_tokens, scopes, tokens, workspaces
from gero.access.tokens import Principal, Token, authenticate
from gero.access.workspaces import Workspace

__all__ = [
    "Principal",
    "Token",
    "Workspace",
    "authenticate",
    "integrations",
    "operators",
    "push_tokens",
    "scopes",
    "tokens",
    "workspaces",
]
