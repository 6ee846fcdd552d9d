"""Who may do what: workspaces, tokens with budgets, scopes, operators, integrations. Light: inference imports it."""

from gero.access import budget_terms, budgets, integrations, operators, push_tokens, scopes, tokens, workspaces
from gero.access.budget_state import BudgetState
from gero.access.budget_terms import BudgetTerms
from gero.access.principal import Principal, authenticate
from gero.access.tokens import Token, TokenFields
from gero.access.workspaces import Workspace

__all__ = [
    "BudgetState",
    "BudgetTerms",
    "Principal",
    "Token",
    "TokenFields",
    "Workspace",
    "authenticate",
    "budget_terms",
    "budgets",
    "integrations",
    "operators",
    "push_tokens",
    "scopes",
    "tokens",
    "workspaces",
]
