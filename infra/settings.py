"""What a deployment may choose: the `gero:` keys of the CDK context."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Self

from aws_cdk import Aws
from constructs import Construct

from gero.kit import address

# Public layer of https://github.com/aws/aws-lambda-web-adapter; 27 is release 1.0.0.
ADAPTER_LAYER = f"arn:aws:lambda:{Aws.REGION}:753240598075:layer:LambdaAdapterLayerArm64:27"


@dataclass(frozen=True)
class Settings:
    """Choices of one deployment, with the defaults of production."""

    local: bool
    worker_concurrency: int
    min_pushed_rows: int
    private_networks: str
    hf_endpoint: str
    hf_router_base_url: str
    openrouter_base_url: str
    adapter_layer_arn: str
    alarm_email: str | None
    sign_in_issuer: str | None
    sign_in_client_id: str | None
    sign_in_prefix: str | None
    open_sign_up: bool
    open_workspaces: bool

    @property
    def has_own_accounts(self) -> bool:
        """Whether people's accounts are in a Cognito pool of the deployment."""
        return not self.local and self.sign_in_issuer is None

    @classmethod
    def of(cls, scope: Construct) -> Self:
        """The settings in force at `scope`. A value given by `-c` arrives as a string."""

        def chosen(key: str, default: Any = None) -> Any:
            value = scope.node.try_get_context(f"gero:{key}")
            return default if value is None else value

        def flag(key: str, default: bool) -> bool:
            return str(chosen(key, default)).lower() == "true"

        local = flag("local", False)
        return cls(
            local=local,
            worker_concurrency=int(chosen("worker_concurrency", 4 if local else 20)),
            min_pushed_rows=int(chosen("min_pushed_rows", 100)),
            private_networks=_networks(str(chosen("private_networks", address.LOOPBACK if local else ""))),
            hf_endpoint=chosen("hf_endpoint", "https://huggingface.co"),
            hf_router_base_url=chosen("hf_router_base_url", "https://router.huggingface.co/v1"),
            openrouter_base_url=chosen("openrouter_base_url", "https://openrouter.ai/api/v1"),
            adapter_layer_arn=chosen("adapter_layer_arn", ADAPTER_LAYER),
            alarm_email=chosen("alarm_email"),
            **_provider(chosen("sign_in_issuer"), chosen("sign_in_client_id")),
            sign_in_prefix=_prefix(chosen("sign_in_prefix")),
            open_sign_up=flag("open_sign_up", True),
            open_workspaces=flag("open_workspaces", False),
        )


def _provider(issuer: str | None, client_id: str | None) -> dict[str, str | None]:
    """Another provider than Cognito, if one is named. ValueError when half of it is missing, or it is not https."""
    if (issuer is None) != (client_id is None):
        raise ValueError("gero:sign_in_issuer and gero:sign_in_client_id: give both, or none of them")
    if issuer is not None and not re.fullmatch(r"https://[^\s?#]+", issuer):
        raise ValueError(f"gero:sign_in_issuer: {issuer} is not an https address")
    return {"sign_in_issuer": issuer, "sign_in_client_id": client_id}


def _prefix(text: str | None) -> str | None:
    """The first part of the sign-in's address. ValueError when Cognito would not have it."""
    good = text is None or re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", text)
    if not good or any(word in (text or "") for word in ("aws", "amazon", "cognito")):
        told = "use small letters, digits and hyphens, and none of the words aws, amazon and cognito"
        raise ValueError(f"gero:sign_in_prefix: {text}: {told}")
    return text


def _networks(text: str) -> str:
    """The list as it was given. ValueError, at synthesis and not at the first call, when it cannot be read."""
    for one in filter(None, text.split(",")):
        try:
            ipaddress.ip_network(one.strip())
        except ValueError as error:
            raise ValueError(f"gero:private_networks: {error}; give networks such as 10.0.0.0/8,fd12::/16") from error
    return text
