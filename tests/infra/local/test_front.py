"""The front door: what HTTP API and function URL do with a request and with an answer."""

import base64
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.cloud import LocalCloud
from infra.local.front.routes import RouteTable
from infra.local.inventory import Route


@pytest.fixture
def http(cloud: LocalCloud) -> httpx.Client:
    return httpx.Client(base_url=cloud.api_url, timeout=20)


def test_a_request_becomes_an_event_of_payload_format_two(http: httpx.Client) -> None:
    answer = http.post(
        "/some%20where/x?a=1&b=two%20words&a=3",
        headers=[("X-Twice", "1"), ("X-Twice", "2"), ("Content-Type", "application/json"), ("Cookie", "s=1; t=2")],
        content='{"näme": 1}',
    )
    event = answer.json()
    assert event["version"] == "2.0"
    assert event["routeKey"] == "ANY /{proxy+}"
    assert event["rawPath"] == "/some where/x"
    assert event["pathParameters"] == {"proxy": "some where/x"}
    assert event["rawQueryString"] == "a=1&b=two%20words&a=3"
    assert event["queryStringParameters"] == {"a": "1,3", "b": "two words"}
    assert event["headers"]["x-twice"] == "1,2"
    assert event["cookies"] == ["s=1", "t=2"]
    assert "cookie" not in event["headers"]
    assert event["body"] == '{"näme": 1}'
    assert event["isBase64Encoded"] is False
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"


def test_a_body_that_is_not_text_arrives_as_base64(http: httpx.Client) -> None:
    event = http.post("/x", headers={"Content-Type": "application/octet-stream"}, content=b"\xff\x00").json()
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"\xff\x00"


def test_headers_and_cookies_of_an_answer_are_sent(http: httpx.Client) -> None:
    answer = http.get("/x")
    assert answer.headers["X-Lab"] == "yes"
    assert answer.headers.get_list("Set-Cookie") == ["a=1; Path=/", "b=2"]
    assert "Apigw-Requestid" in answer.headers


@pytest.mark.parametrize(
    ("told", "status", "content", "content_type"),
    [
        ({"statusCode": 418, "body": "teapot"}, 418, b"teapot", "application/json"),
        ({"statusCode": 200, "body": "/wA=", "isBase64Encoded": True}, 200, b"\xff\x00", "application/json"),
        ({"just": "data"}, 200, b'{"just": "data"}', "application/json"),
        ({"statusCode": "no number"}, 500, b'{"message": "Internal Server Error"}', "application/json"),
        ({"statusCode": 204, "headers": {"Content-Type": "text/x"}}, 204, b"", "text/x"),
    ],
)
def test_answers_are_translated(
    http: httpx.Client, told: dict[str, Any], status: int, content: bytes, content_type: str
) -> None:
    answer = http.post("/as-told", json=told)
    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers["Content-Type"].startswith(content_type)


def test_a_failing_function_is_an_internal_server_error(http: httpx.Client) -> None:
    answer = http.get("/fail")
    assert answer.status_code == 500
    assert answer.json() == {"message": "Internal Server Error"}


def test_an_integration_that_takes_too_long_is_unavailable(http: httpx.Client) -> None:
    http.get("/x")
    answer = http.get("/slow")
    assert answer.status_code == 503
    assert answer.json() == {"message": "Service Unavailable"}


def test_no_route_is_not_found(http: httpx.Client) -> None:
    answer = http.post("/")
    assert answer.status_code == 404
    assert answer.json() == {"message": "Not Found"}


def test_a_body_beyond_ten_megabytes_is_refused(http: httpx.Client) -> None:
    answer = http.post("/x", content=b"x" * (10 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.json() == {"message": "Request Entity Too Large"}


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/items/special", "GET /items/special", {}),
        ("GET", "/items/7", "GET /items/{id}", {"id": "7"}),
        ("PUT", "/items/7", "ANY /items/{id}", {"id": "7"}),
        ("PUT", "/items/7/more", "ANY /{proxy+}", {"proxy": "items/7/more"}),
        ("POST", "/", "$default", {}),
    ],
)
def test_the_most_specific_route_wins(method: str, path: str, key: str, parameters: dict[str, str]) -> None:
    keys = ["$default", "ANY /{proxy+}", "ANY /items/{id}", "GET /items/{id}", "GET /items/special", "GET /"]
    match = RouteTable([Route(key, {}) for key in keys]).match(method, path)
    assert match is not None
    assert (match.key, match.parameters) == (key, parameters)


def test_cors_is_answered_by_the_api_itself(http: httpx.Client) -> None:
    preflight = http.options("/x", headers={"Origin": "https://app.example", "Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET,POST"
    assert (
        http.get("/x", headers={"Origin": "https://app.example"}).headers["Access-Control-Allow-Origin"]
        == "https://app.example"
    )
    assert "Access-Control-Allow-Origin" not in http.get("/x", headers={"Origin": "https://evil.example"}).headers


def test_an_http_proxy_integration_forwards_method_query_body_and_path_parameters(http: httpx.Client) -> None:
    answer = http.post("/web/a%20b?q=1", content="text", headers={"X-Mine": "yes"})
    assert answer.status_code == 201
    shown = answer.json()
    assert (shown["path"], shown["query"], shown["body"]) == ("/echo/a b", {"q": "1"}, "text")
    assert shown["headers"]["x-mine"] == "yes"
    assert len(answer.headers.get_list("Set-Cookie")) == 2


def test_a_client_that_asks_before_it_sends_a_large_body_is_answered(http: httpx.Client) -> None:
    """curl does, above a megabyte."""
    answer = http.post("/web/a", content="x" * 2_000_000, headers={"Expect": "100-continue"}, timeout=10)
    assert answer.status_code == 201


def test_a_plain_function_url_invokes_the_function(cloud: LocalCloud) -> None:
    url = cloud.outputs["PlainUrl"]
    assert url.endswith("/")
    event = httpx.get(url + "a/path").json()
    assert (event["routeKey"], event["rawPath"]) == ("$default", "/a/path")
    failed = httpx.get(url + "fail")
    assert (failed.status_code, failed.json()) == (502, {"Message": "Internal Server Error"})


def test_the_address_on_aws_is_replaced_by_the_local_one(cloud: LocalCloud) -> None:
    assert cloud.outputs["PublicUrl"] == cloud.api_url + "/"


def test_a_stream_arrives_chunk_by_chunk(cloud: LocalCloud) -> None:
    cloud.warm("Web")
    with httpx.stream("GET", cloud.inference_url + "stream?count=3&pause=0.4&note=streamed") as answer:
        arrived = [(chunk, time.monotonic()) for chunk in answer.iter_raw()]
    assert [chunk for chunk, _ in arrived] == [b"data: 0\n\n", b"data: 1\n\n", b"data: 2\n\n"]
    assert arrived[1][1] - arrived[0][1] > 0.2
    assert answer.headers["Content-Type"].startswith("text/event-stream")


def test_a_client_that_leaves_ends_the_stream_in_the_function(
    cloud: LocalCloud, eventually: Any, tmp_path: Path
) -> None:
    with httpx.stream("GET", cloud.inference_url + "stream?count=1000&pause=0.05&note=left") as answer:
        next(answer.iter_raw())
    scratch = Path(json.loads(httpx.get(cloud.api_url + "/_local/status").text)["functions"]["Web"]["log"])
    note = scratch.parent.parent / "tmp" / "Web" / "left"
    assert eventually(lambda: note.exists() and note.read_text(), seconds=5) == "left"


def test_a_web_app_that_died_is_started_again(cloud: LocalCloud) -> None:
    before = httpx.get(cloud.inference_url + "echo/1").json()["pid"]
    assert httpx.get(cloud.inference_url + "die").status_code == 502
    assert httpx.get(cloud.inference_url + "echo/1").json()["pid"] != before


def test_a_warm_request_costs_little_more_than_the_invocation(cloud: LocalCloud, http: httpx.Client) -> None:
    """A delayed acknowledgement (40 ms and more) on the way would make it forty times as slow, not three times."""
    event = json.dumps(http.get("/x").json()).encode()
    assert _median(lambda: http.get("/x")) < 15 * _median(lambda: cloud.invoke("Http", event))


def _median(work: Callable[[], object]) -> float:
    def seconds() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return sorted(seconds() for _ in range(21))[10]


def test_requests_on_one_connection_are_answered_in_turn(cloud: LocalCloud) -> None:
    host, port = cloud.api_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        request = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        connection.sendall(request * 2)
        received = b""
        while received.count(b"HTTP/1.1 200") < 2:
            received += connection.recv(65536)
