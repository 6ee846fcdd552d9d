"""Who may do what: workspaces, tokens, budgets, people, their roles and sessions. Light: inference imports it."""

from gero.access import (
    budget_terms,
    budgets,
    integrations,
    invitations,
    members,
    operators,
    people,
    plans,
    push_tokens,
    roles,
    scopes,
    sessions,
    signing,
    tokens,
    workspaces,
)
from gero.access.budget_state import BudgetState
from gero.access.budget_terms import BudgetTerms
from gero.access.invitations import Invitation
from gero.access.membership_store import Member, Membership
from gero.access.people import Person
from gero.access.plans import Plan
from gero.access.principal import Principal, authenticate
from gero.access.sessions import Session
from gero.access.tokens import Token, TokenFields
from gero.access.workspaces import Workspace

__all__ = [
    "BudgetState",
    "BudgetTerms",
    "Invitation",
    "Member",
    "Membership",
    "Person",
    "Plan",
    "Principal",
    "Session",
    "Token",
    "TokenFields",
    "Workspace",
    "authenticate",
    "budget_terms",
    "budgets",
    "integrations",
    "invitations",
    "members",
    "operators",
    "people",
    "plans",
    "push_tokens",
    "roles",
    "scopes",
    "sessions",
    "signing",
    "tokens",
    "workspaces",
]
