import json
import subprocess
import sys

import msgspec
import pytest

from gero.providers import Endpoint
from gero.providers.serving import Serving, ServingSettings
from gero.providers.target import Target
from gero.shadows import MAX_BYTES, ShadowRequest, challenger_of


def target(name: str) -> Target:
    return Target(name, name, "Say", Endpoint("custom", "https://m.test/v1", name))


def request(question: str) -> ShadowRequest:
    messages = [{"role": "user", "content": question}]
    return ShadowRequest("w", "l", "t", target("c"), question, messages, {}, "p", "yes", 12.5, 30, 2, 1, "2026-07-01")


def test_a_request_arrives_as_it_was_sent() -> None:
    sent = request("Wo bleibt mein Päckchen? 📦")
    assert ShadowRequest.decode(str(sent.encode())) == sent


def test_what_is_too_large_for_a_message_is_not_shadowed() -> None:
    half = MAX_BYTES // 2
    assert request("ä" * (half // 2 - 500)).encode() is not None
    assert request("ä" * (half // 2)).encode() is None, "both texts have it, and it has two bytes a character"


def test_a_message_that_is_none_is_refused() -> None:
    for body in ("{}", "no JSON", '{"workspace_id": 1}'):
        with pytest.raises(msgspec.DecodeError):
            ShadowRequest.decode(body)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (ServingSettings(), None),
        (ServingSettings(shadow_percent=5), "second"),
        (ServingSettings(shadow_percent=5, shadow_model_id="third"), "third"),
        (ServingSettings(shadow_percent=5, shadow_model_id="served"), None),
        (ServingSettings(shadow_percent=0, shadow_model_id="third"), None),
    ],
)
def test_the_named_challenger_is_asked_or_else_the_next_in_the_ranking(
    settings: ServingSettings, expected: str | None
) -> None:
    serving = Serving(target("served"), (target("second"), target("third")), settings)
    found = challenger_of(serving)
    assert (found.name if found else None) == expected


def test_nobody_is_asked_where_nobody_else_was_ranked() -> None:
    assert challenger_of(Serving(target("served"), (), ServingSettings(shadow_percent=5))) is None


def test_a_request_can_be_made_without_what_makes_starts_slow() -> None:
    code = "from gero.shadows import ShadowRequest; import json, sys; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout))
    assert not loaded & {"boto3", "botocore", "pydantic", "aiohttp", "gero.ranking", "gero.evaluation", "gero.runs"}
