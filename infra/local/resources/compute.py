"""Lambda functions, layers, URLs and event source mappings.

A function is also created in moto (without code), so that the Lambda API lists and invokes it; event source mappings
are not, because moto would push messages from inside SendMessage.
"""

from __future__ import annotations

from infra.local.compute.function import FunctionSpec
from infra.local.deployment import Created, Stack
from infra.local.inventory import QueueSource
from infra.local.resources.registry import Handler, Properties, arn
from infra.local.template import TemplateError

# On AWS a queue without MaximumConcurrency may use the account's whole concurrency; one machine may not.
_DEFAULT_SOURCE_CONCURRENCY = 4


def _function(stack: Stack, logical_id: str, properties: Properties) -> Created:
    variables = {key: str(value) for key, value in properties.get("Environment", {}).get("Variables", {}).items()}
    short_name = variables.get("POWERTOOLS_SERVICE_NAME", logical_id)
    name = properties.get("FunctionName") or f"{stack.name}-{short_name}"
    function_arn = arn("lambda", "function:" + name)
    stack.client("lambda").create_function(
        FunctionName=name,
        Runtime=properties["Runtime"],
        Role=properties["Role"],
        Handler=properties["Handler"],
        Code={"ZipFile": b"runs from the source tree"},
        Timeout=properties.get("Timeout", 3),
        MemorySize=properties.get("MemorySize", 128),
        Environment={"Variables": variables},
    )
    if properties["Runtime"].startswith("python"):
        stack.inventory.functions[name] = FunctionSpec(
            name=name,
            short_name=short_name,
            arn=function_arn,
            role_arn=properties["Role"],
            handler=properties["Handler"],
            code=stack.host.source or stack.asset(properties["Code"]),
            layers=tuple(filter(None, (stack.inventory.layers.get(layer) for layer in properties.get("Layers", [])))),
            timeout_seconds=int(properties.get("Timeout", 3)),
            memory_mb=int(properties.get("MemorySize", 128)),
            variables=variables,
            runtime=properties["Runtime"],
            reserved_concurrency=properties.get("ReservedConcurrentExecutions"),
        )
    return Created(name, {"Arn": function_arn})


def _version(stack: Stack, logical_id: str, properties: Properties) -> Created:
    name = properties["FunctionName"].rsplit(":", 1)[-1]
    return Created(arn("lambda", "function:" + name), {"Version": "$LATEST"})


def _alias(stack: Stack, logical_id: str, properties: Properties) -> Created:
    name = properties["FunctionName"].rsplit(":", 1)[-1]
    return Created(arn("lambda", "function:" + name))


def _layer(stack: Stack, logical_id: str, properties: Properties) -> Created:
    layer_arn = arn("lambda", f"layer:{logical_id}:1")
    stack.inventory.layers[layer_arn] = stack.asset(properties["Content"])
    return Created(layer_arn, {"LayerVersionArn": layer_arn})


def _url(stack: Stack, logical_id: str, properties: Properties) -> Created:
    if properties["AuthType"] != "NONE":
        raise TemplateError(f"the local cloud serves function URLs with AuthType NONE only ({logical_id})")
    target = properties["TargetFunctionArn"]
    url = stack.host.open_function_url(target.rsplit(":", 1)[-1], properties.get("InvokeMode") == "RESPONSE_STREAM")
    return Created(target, {"FunctionUrl": url, "FunctionArn": target})


def _event_source(stack: Stack, logical_id: str, properties: Properties) -> Created:
    source = properties["EventSourceArn"]
    if ":sqs:" not in source:
        raise TemplateError(f"the event source {source} is not supported ({logical_id})")
    stack.inventory.sources.append(
        QueueSource(
            queue_arn=source,
            function=properties["FunctionName"].rsplit(":", 1)[-1],
            batch_size=int(properties.get("BatchSize", 10)),
            window_seconds=int(properties.get("MaximumBatchingWindowInSeconds", 0)),
            max_concurrency=int(
                properties.get("ScalingConfig", {}).get("MaximumConcurrency", _DEFAULT_SOURCE_CONCURRENCY)
            ),
            partial_failures="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", []),
        )
    )
    return Created(stack.physical_name(logical_id), {"Id": stack.physical_name(logical_id)})


def _invoke_config(stack: Stack, logical_id: str, properties: Properties) -> Created:
    name = properties["FunctionName"].rsplit(":", 1)[-1]
    stack.inventory.async_retries[name] = int(properties.get("MaximumRetryAttempts", 2))
    return Created(logical_id)


HANDLERS: dict[str, Handler] = {
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::Version": _version,
    "AWS::Lambda::Alias": _alias,
    "AWS::Lambda::LayerVersion": _layer,
    "AWS::Lambda::Url": _url,
    "AWS::Lambda::EventSourceMapping": _event_source,
    "AWS::Lambda::EventInvokeConfig": _invoke_config,
}
