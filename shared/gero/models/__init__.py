"""Models: how clients say where one answers, and the team's own: recipes over a base endpoint, in versions."""

from gero.models.endpoints import check_connected, endpoint_of
from gero.models.inputs import EndpointInput, Input, Platform
from gero.models.store import deployed_endpoint, get, link, unlink

__all__ = [
    "EndpointInput",
    "Input",
    "Platform",
    "check_connected",
    "deployed_endpoint",
    "endpoint_of",
    "get",
    "link",
    "unlink",
]
