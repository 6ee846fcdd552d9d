"""API tokens of the workspace, and their budgets."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import AliasChoices, BaseModel, Field

from functions.api.caller import SCHEMES, Admin, Limit, Offset
from functions.api.views import BudgetView, TokenView
from gero import access
from gero.access import BudgetState, Principal, Token, TokenFields, budget_terms, budgets
from gero.kit import Forbidden, NotFound, money
from gero.models import Input

router = APIRouter(prefix="/api/tokens", tags=["tokens"], dependencies=SCHEMES)
_LIMIT_NAMES = AliasChoices("budget_limit", "budgetLimit", "credit_limit", "creditLimit")
_SCOPES = 50
_NO_TOKENS = "makes and changes no tokens"  # else the budget would end where the first token without one was made

Name = Annotated[str, Field(min_length=1, max_length=200)]
BudgetLimit = Annotated[
    Decimal | None, Field(validation_alias=_LIMIT_NAMES, description="Dollars; also `credit_limit`. None: no budget")
]
ResetInterval = Annotated[str | None, Field(description="none, daily, weekly (from Monday) or monthly, all in UTC")]


class OfWorkspace(Input):
    """A body that may name the workspace it is about: the token's own."""

    business_id: str | None = None


class TokenInput(OfWorkspace):
    """A token to create. No scope means no access."""

    name: Name
    scopes: list[str] = Field(default_factory=list, max_length=_SCOPES)
    expires_in: str | None = None
    budget_limit: BudgetLimit = None
    budget_reset_interval: ResetInterval = None


class TokenPatch(OfWorkspace):
    """What to change; a field that is left out stays. `budget_limit: null` takes the budget away."""

    name: Name | None = None
    scopes: list[str] | None = Field(None, max_length=_SCOPES)
    budget_limit: BudgetLimit = None
    budget_reset_interval: ResetInterval = None

    def fields(self) -> TokenFields:
        """What the body names."""
        fields: TokenFields = {}
        if self.name is not None:
            fields["name"] = self.name
        if self.scopes is not None:
            fields["scopes"] = self.scopes
        if "budget_limit" in self.model_fields_set:
            fields["budget_limit"] = self.budget_limit
        if "budget_reset_interval" in self.model_fields_set:
            fields["budget_reset_interval"] = self.budget_reset_interval
        return fields


class RotationInput(OfWorkspace):
    """How long the old secret works beside the new one."""

    grace_seconds: int = Field(0, ge=0, le=int(access.tokens.MAX_GRACE.total_seconds()))


class TokenList(BaseModel):
    """A page of the workspace's tokens, oldest first."""

    tokens: list[TokenView]
    count: int
    total: int
    limit: int
    offset: int


def _here(
    caller: Admin, business_id: Annotated[str | None, Query(description="Your workspace; may be left out")] = None
) -> Principal:
    _check_workspace(caller, business_id)
    return caller


Here = Annotated[Principal, Depends(_here)]


@router.get("")
def list_tokens(caller: Here, limit: Limit = 50, offset: Offset = 0) -> TokenList:
    """The workspace's tokens, without their secrets, and how their budgets stand."""
    found = list(access.tokens.listed(caller.workspace_id))
    page = found[offset : offset + limit]
    states = budgets.states(caller.workspace_id, page[0].id, page[-1].id) if page else {}
    views = [_view(token, states.get(token.id)) for token in page]
    return TokenList(tokens=views, count=len(page), total=len(found), limit=limit, offset=offset)


@router.post("", status_code=201)
def create_token(caller: Here, wanted: TokenInput) -> TokenView:
    """Create a token. Its secret is in this answer and nowhere else."""
    _check_workspace(caller, wanted.business_id)
    caller.require_no_budget(_NO_TOKENS)
    _check_scopes(caller, wanted.scopes)
    budget = budget_terms.checked(wanted.budget_limit, wanted.budget_reset_interval)
    token, secret = access.tokens.create(caller.workspace_id, wanted.name, wanted.scopes, wanted.expires_in, budget)
    return _shown(token, secret)


@router.get("/{token_id}")
def read_token(caller: Here, token_id: str) -> TokenView:
    """One token, and how its budget stands."""
    return _shown(access.tokens.get(caller.workspace_id, token_id))


@router.patch("/{token_id}")
def change_token(caller: Here, token_id: str, wanted: TokenPatch) -> TokenView:
    """Change the fields that the body names: at once here, within five seconds for inference.

    What is spent of a budget stays spent until it resets, also when its limit or its interval changes.
    """
    _check_workspace(caller, wanted.business_id)
    caller.require_no_budget(_NO_TOKENS)
    _check_reaches(caller, token_id)
    _check_scopes(caller, wanted.scopes or [])
    return _shown(access.tokens.change(caller.workspace_id, token_id, wanted.fields()))


@router.post("/{token_id}/rotate")
def rotate_token(caller: Here, token_id: str, wanted: Annotated[RotationInput | None, Body()] = None) -> TokenView:
    """A new secret for a token; the old one works on for `grace_seconds` (inference: up to five seconds longer)."""
    wanted = wanted or RotationInput()
    _check_workspace(caller, wanted.business_id)
    if token_id != caller.token_id:
        caller.require_no_budget(_NO_TOKENS)
    grace = timedelta(seconds=wanted.grace_seconds)
    return _shown(*access.tokens.rotate(caller.workspace_id, token_id, grace, held=caller.scopes))


@router.post("/{token_id}/revoke")
def revoke_token(caller: Here, token_id: str) -> TokenView:
    """Disable a token: at once here, within five seconds for inference. Its record stays."""
    _check_reaches(caller, token_id)
    return _shown(access.tokens.revoke(caller.workspace_id, token_id))


@router.delete("/{token_id}", status_code=204)
def delete_token(caller: Here, token_id: str) -> Response:
    """Drop a token; it stops working."""
    _check_reaches(caller, token_id)
    access.tokens.delete(caller.workspace_id, token_id)
    return Response(status_code=204)


def _check_workspace(caller: Principal, business_id: str | None) -> None:
    if business_id not in (None, caller.workspace_id):
        told = f"business_id: this token is of the workspace {caller.workspace_id}; name that one, or leave it out"
        raise NotFound(told, field="business_id")


def _check_scopes(caller: Principal, scopes: list[str]) -> None:
    if not access.scopes.narrower(scopes, caller.scopes):
        raise Forbidden("scopes: a token cannot be given more than the token that gives them has", field="scopes")


def _check_reaches(caller: Principal, token_id: str) -> None:
    """Nobody weakens a token that may do more than they: it may be what others manage the workspace by."""
    told = "this token may do more than you; ask an owner of the workspace, or use a token that may do as much"
    caller.require_all_of(access.tokens.get(caller.workspace_id, token_id).scopes, told)


def _shown(token: Token, secret: str | None = None) -> TokenView:
    return _view(token, budgets.state(token.workspace_id, token.id) if token.budget else None, secret)


def _view(token: Token, state: BudgetState | None, secret: str | None = None) -> TokenView:
    names = TokenView.model_fields.keys() & set(Token.__struct_fields__) - {"budget", "scopes"}
    return TokenView(
        **{name: getattr(token, name) for name in names},
        scopes=list(token.scopes),
        budget_limit=money.to_usd(token.budget.limit_nanos) if token.budget else None,
        budget_reset_interval=token.budget.reset_interval if token.budget else "none",
        budget=_budget(state) if state else None,
        secret=secret,
    )


def _budget(state: BudgetState) -> BudgetView:
    return BudgetView(
        limit_usd=money.to_usd(state.limit or 0),
        used_usd=money.to_usd(state.used),
        remaining_usd=money.to_usd(max(0, state.remaining)),
        held_usd=money.to_usd(state.held),
        reset_interval=state.reset_interval,
        resets_at=state.resets_at,
    )
