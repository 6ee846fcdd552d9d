"""The API in memory: tokens of the workspace and accounts elsewhere."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.gero.cli.fake_objects import now
from tests.gero.cli.fake_routes import Answer, Refused, found, page, route

VALID_TOKEN = "sk_valid"
PROVIDERS = ("huggingface", "openrouter")


def new_token(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    expires = body.get("expires_in", "none") != "none"
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat() if expires else None
    times = {"created_at": now(), "expires_at": until, "revoked_at": None}
    return {"id": str(uuid4()), "name": body["name"], **more, **times}


def _budget(body: dict[str, Any]) -> dict[str, Any] | None:
    limit = body.get("budget_limit")
    if limit is None:
        return None
    interval = body.get("budget_reset_interval", "none")
    until = None if interval == "none" else (datetime.now(UTC) + timedelta(days=2, minutes=1)).isoformat()
    spent = {"used_usd": limit / 4, "remaining_usd": limit / 2, "held_usd": limit / 4}
    return {"limit_usd": limit, **spent, "reset_interval": interval, "resets_at": until}


class AccessRoutes:
    def __init__(self) -> None:
        super().__init__()
        self.tokens: dict[str, dict[str, Any]] = {}
        self.connected: dict[str, str] = {}
        self.collector: dict[str, Any] = {}

    @route("GET", "/api/tokens")
    def list_tokens(self, query: dict[str, str], body: Any) -> Answer:
        return 200, page("tokens", list(self.tokens.values()), query)

    @route("POST", "/api/tokens")
    def create_token(self, query: Any, body: dict[str, Any]) -> Answer:
        token = new_token(body, scopes=body["scopes"], budget=_budget(body), last_used_at=None, last_four="once")
        self.tokens[token["id"]] = token
        return 201, {**token, "secret": "drgero_shown_once"}

    @route("GET", "/api/tokens/{token}")
    def show_token(self, query: Any, body: Any, token: str) -> Answer:
        return 200, found(self.tokens, token, "token")

    @route("PATCH", "/api/tokens/{token}")
    def change_token(self, query: Any, body: dict[str, Any], token: str) -> Answer:
        there = found(self.tokens, token, "token")
        there.update({name: value for name, value in body.items() if name in ("name", "scopes")})
        if "budget_limit" in body:
            there["budget"] = _budget(body)
        return 200, there

    @route("POST", "/api/tokens/{token}/rotate")
    def rotate_token(self, query: Any, body: dict[str, Any], token: str) -> Answer:
        there = found(self.tokens, token, "token")
        there["rotated_at"] = now()
        return 200, {**there, "secret": "drgero_shown_anew"}

    @route("POST", "/api/tokens/{token}/revoke")
    def revoke_token(self, query: Any, body: Any, token: str) -> Answer:
        self.tokens[token]["revoked_at"] = now()
        return 200, self.tokens[token]

    @route("DELETE", "/api/tokens/{token}")
    def delete_token(self, query: Any, body: Any, token: str) -> Answer:
        del self.tokens[token]
        return 204, None

    @route("GET", "/api/integrations")
    def list_integrations(self, query: Any, body: Any) -> Answer:
        return 200, {"integrations": [self._integration(provider) for provider in PROVIDERS]}

    @route("PUT", "/api/integrations/{provider}")
    def connect(self, query: Any, body: dict[str, str], provider: str) -> Answer:
        if body["token"] != VALID_TOKEN:
            raise Refused(400, f"token: {provider} refuses it; make a new one")
        self.connected[provider] = body["token"]
        return 200, self._integration(provider)

    @route("DELETE", "/api/integrations/{provider}")
    def disconnect(self, query: Any, body: Any, provider: str) -> Answer:
        self.connected.pop(provider, None)
        return 204, None

    @route("PUT", "/api/telemetry")
    def set_collector(self, query: Any, body: dict[str, Any]) -> Answer:
        self.collector = {"endpoint": f"{body['endpoint']}/v1/traces", "header_name": body.get("header_name")}
        self.collector["updated_at"] = now()
        return 200, self.collector

    @route("GET", "/api/telemetry")
    def read_collector(self, query: Any, body: Any) -> Answer:
        return 200, self.collector

    @route("DELETE", "/api/telemetry")
    def remove_collector(self, query: Any, body: Any) -> Answer:
        return 204, None

    @route("POST", "/api/integrations/validate")
    def validate(self, query: Any, body: dict[str, str]) -> Answer:
        valid = body["token"] == VALID_TOKEN
        told = {"account": "acme" if valid else None, "error": None if valid else f"{body['provider']} refuses it"}
        return 200, {"valid": valid, "provider": body["provider"], **told}

    def _integration(self, provider: str) -> dict[str, Any]:
        there = provider in self.connected
        facts = {"account": "acme" if there else None, "updated_at": now() if there else None}
        return {"provider": provider, "connected": there, **facts}
