"""What a deployment tells its functions, read from the environment when asked and not at import."""

import ipaddress
import os
from functools import cache

from gero.kit.errors import GeroError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def required(name: str) -> str:
    """The value of an environment variable that the infrastructure always sets."""
    value = os.environ.get(name)
    if not value:
        raise GeroError(f"the environment variable {name} is not set", code="misconfigured")
    return value


def hugging_face_endpoint() -> str:
    """Base URL of the Hugging Face hub, without a trailing slash."""
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def hugging_face_router_url() -> str:
    """Base URL of Hugging Face's inference router, without a trailing slash."""
    return os.environ.get("HF_ROUTER_BASE_URL", "https://router.huggingface.co/v1").rstrip("/")


def openrouter_base_url() -> str:
    """Base URL of the OpenRouter API, without a trailing slash."""
    return os.environ.get("OPENROUTER_BASE_URL", "https://openrouter.ai/api/v1").rstrip("/")


def min_pushed_rows() -> int:
    """How many rows a PUSH dataset must have accepted before models can be added."""
    return int(os.environ.get("GERO_MIN_PUSHED_ROWS", "100"))


def private_networks() -> tuple[Network, ...]:
    """The networks that may be called although they are private, also over plain http. None on AWS."""
    return _networks(os.environ.get("GERO_PRIVATE_NETWORKS", ""))


@cache
def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(one.strip()) for one in text.split(",") if one.strip())
    except ValueError as error:
        raise GeroError(
            f"GERO_PRIVATE_NETWORKS: {error}; give networks such as 10.0.0.0/8, separated by commas",
            code="misconfigured",
        ) from error
