"""The ways in: the HTTP API and the streaming Function URL."""

from typing import Any

from tests.infra.synthesis import Template


def routes(app: Template) -> dict[str, dict[str, Any]]:
    """Route key -> its integration."""
    integrations = app.of_type("AWS::ApiGatewayV2::Integration")
    found = app.of_type("AWS::ApiGatewayV2::Route").values()
    return {route["RouteKey"]: integrations[route["Target"]["Fn::Join"][1][1]["Ref"]] for route in found}


def test_webhooks_have_their_own_function_and_the_rest_is_the_apis(app: Template) -> None:
    ids = {app.logical_id_of(name): name for name in app.functions}
    called = {
        key: ids[integration["IntegrationUri"]["Fn::GetAtt"][0]]
        for key, integration in routes(app).items()
        if integration["IntegrationType"] == "AWS_PROXY"
    }
    assert called == {
        "ANY /": "api",
        "ANY /{proxy+}": "api",
        "POST /v1/leaderboard/{id}/dataset/push": "ingest_rows",
        "POST /api/leaderboards/{id}/dataset/push": "ingest_rows",
    }


def test_inference_is_forwarded_to_its_function_url(app: Template) -> None:
    (url,) = app.of_type("AWS::Lambda::Url")
    forwarded = {key: found for key, found in routes(app).items() if found["IntegrationType"] == "HTTP_PROXY"}
    there = {key: found["IntegrationUri"]["Fn::Join"][1] for key, found in forwarded.items()}
    function_url = {"Fn::GetAtt": [url, "FunctionUrl"]}
    assert there == {
        "POST /v1/leaderboard/{id}/inference": [function_url, "v1/leaderboard/{id}/inference"],
        "POST /api/leaderboards/{id}/inference": [function_url, "v1/leaderboard/{id}/inference"],
        "POST /v1/models/{id}/inference": [function_url, "v1/models/{id}/inference"],
        "POST /api/models/{id}/inference": [function_url, "v1/models/{id}/inference"],
        "POST /v1/chat/completions": [function_url, "v1/chat/completions"],
        "GET /v1/models": [function_url, "v1/models"],
        "GET /v1/models/{id}": [function_url, "v1/models/{id}"],
    }


def test_the_api_is_throttled_and_its_requests_are_logged(app: Template) -> None:
    stage = app.only("AWS::ApiGatewayV2::Stage")
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    assert "$context.requestId" in stage["AccessLogSettings"]["Format"]


def test_the_function_url_streams_and_leaves_tokens_to_the_app(app: Template) -> None:
    url = app.only("AWS::Lambda::Url")
    assert (url["InvokeMode"], url["AuthType"]) == ("RESPONSE_STREAM", "NONE")


def test_inference_runs_behind_the_web_adapter(app: Template) -> None:
    function = app.functions["serve_inference"]
    variables = function["Environment"]["Variables"]
    assert variables["AWS_LAMBDA_EXEC_WRAPPER"] == "/opt/bootstrap"
    assert variables["AWS_LWA_INVOKE_MODE"] == "response_stream"
    assert "LambdaAdapterLayerArm64" in str(function["Layers"])


def test_people_find_what_they_need_in_the_outputs(app: Template) -> None:
    named = {name for name in app.content["Outputs"] if not name.startswith("Export")}
    assert named == {
        "ApiUrl",
        "BucketName",
        "ConsolidationQueueUrl",
        "EvaluationQueueUrl",
        "InferenceUrl",
        "KeyId",
        "ShadowQueueUrl",
        "StateMachineArn",
        "TableName",
        "TraceQueueUrl",
    }
