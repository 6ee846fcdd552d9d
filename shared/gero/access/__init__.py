"""Who may do what: workspaces, API tokens, scopes. Light: serve_inference imports it on its hot path."""

from gero.access import scopes, tokens, workspaces
from gero.access.tokens import Principal, Token, authenticate
from gero.access.workspaces import Workspace

__all__ = ["Principal", "Token", "Workspace", "authenticate", "scopes", "tokens", "workspaces"]
