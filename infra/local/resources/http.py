"""HTTP APIs of API Gateway: kept for the front door, nothing is created in moto."""

from __future__ import annotations

from infra.local.backend.wiring import REGION
from infra.local.deployment import Created, Stack
from infra.local.inventory import HttpApi, Route
from infra.local.resources.registry import Handler, Properties
from infra.local.template import TemplateError


def _api(stack: Stack, logical_id: str, properties: Properties) -> Created:
    if stack.inventory.apis:
        raise TemplateError(f"the local cloud serves one HTTP API, {logical_id} is a second one")
    api_id = logical_id.lower()[:10]
    stack.inventory.apis[api_id] = HttpApi(api_id, properties.get("CorsConfiguration"))
    public = f"https://{api_id}.execute-api.{REGION}.amazonaws.com"
    stack.inventory.aliases[public] = stack.host.api_url
    return Created(api_id, {"ApiEndpoint": stack.host.api_url, "ApiId": api_id})


def _stage(stack: Stack, logical_id: str, properties: Properties) -> Created:
    if properties["StageName"] != "$default":
        raise TemplateError(f"the local cloud serves the stage $default only, not {properties['StageName']}")
    return Created("$default")


def _integration(stack: Stack, logical_id: str, properties: Properties) -> Created:
    if properties["IntegrationType"] not in ("AWS_PROXY", "HTTP_PROXY"):
        raise TemplateError(f"the integration type {properties['IntegrationType']} is not supported ({logical_id})")
    stack.inventory.integrations[logical_id] = properties
    return Created(logical_id, {"IntegrationId": logical_id})


def _route(stack: Stack, logical_id: str, properties: Properties) -> Created:
    integration = stack.inventory.integrations[properties["Target"].rsplit("/", 1)[-1]]
    stack.inventory.apis[properties["ApiId"]].routes.append(Route(properties["RouteKey"], integration))
    return Created(logical_id, {"RouteId": logical_id})


HANDLERS: dict[str, Handler] = {
    "AWS::ApiGatewayV2::Api": _api,
    "AWS::ApiGatewayV2::Stage": _stage,
    "AWS::ApiGatewayV2::Integration": _integration,
    "AWS::ApiGatewayV2::Route": _route,
}
