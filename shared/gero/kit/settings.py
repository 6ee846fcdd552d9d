"""What a deployment tells its functions, read from the environment when asked and not at import."""

import os

from gero.kit.errors import GeroError


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


def private_endpoints_allowed() -> bool:
    """Whether plain HTTP and private addresses may be called: only in the local cloud."""
    return os.environ.get("GERO_ALLOW_PRIVATE_ENDPOINTS") == "true"
