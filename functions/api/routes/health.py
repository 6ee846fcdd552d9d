"""Whether the API is there (`/healthz`) and can reach its table (`/readyz`)."""

from fastapi import APIRouter

from gero.kit import table

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The API answers."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz() -> dict[str, str]:
    """The API answers and its table does."""
    table.get("HEALTH", "HEALTH")
    return {"status": "ready"}
