"""What a deployment may choose: the `gero:` keys of the CDK context."""

import ipaddress
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

    @classmethod
    def of(cls, scope: Construct) -> Self:
        """The settings in force at `scope`. A value given by `-c` arrives as a string."""

        def chosen(key: str, default: Any = None) -> Any:
            value = scope.node.try_get_context(f"gero:{key}")
            return default if value is None else value

        local = str(chosen("local", "false")).lower() == "true"
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
        )


def _networks(text: str) -> str:
    """The list as it was given. ValueError, at synthesis and not at the first call, when it cannot be read."""
    for one in filter(None, text.split(",")):
        try:
            ipaddress.ip_network(one.strip())
        except ValueError as error:
            raise ValueError(f"gero:private_networks: {error}; give networks such as 10.0.0.0/8,fd12::/16") from error
    return text
