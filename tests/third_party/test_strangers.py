"""The real way to call a model, against servers that were written without knowing of Gero."""

import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from gero import evaluation, providers
from gero.evaluation import SCORE_SCALE, Finished
from gero.kit import address
from gero.providers import Answer, CallFailed, Endpoint, Pace
from tests.gero.plans import candidate, job_of, stored_plan
from tests.third_party.servers import Stranger, started
from tests.third_party.told import ERRORS, FAKELLM, KEY, LITELLM, STUBLLM

OTHER_KEY = "sk-wrong-0123456789"
QUESTION = "Where is my parcel?"
CONDITIONS = {401: "refused", 404: "refused", 429: "throttled", 500: "failed"}
NAMES = ["stubllm", "fakellm", "litellm"]


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stranger]]:
    with started(tmp_path_factory.mktemp("strangers"), STUBLLM, FAKELLM, LITELLM) as found:
        yield found


@pytest.fixture(autouse=True)
def _local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", address.LOOPBACK)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with providers.new_session(4) as opened:
        yield opened


async def ask(session: aiohttp.ClientSession, url: str, model: str, key: str | None = KEY) -> Answer:
    endpoint = Endpoint("custom", url, model, input_nanos_per_million=10**9, output_nanos_per_million=2 * 10**9)
    body = providers.request_body(endpoint, providers.prompt.messages("{input}", QUESTION))
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    return await providers.ask(session, endpoint, headers, body, 30)


@pytest.mark.parametrize(
    ("name", "model", "tokens"),
    [
        ("stubllm", "sorter", (21, 3)),
        ("fakellm", "sorter", (4, 2)),
        ("litellm", "sorter", (21, 3)),  # passed on to stubllm
        ("litellm", "mocked", (10, 20)),
    ],
)
async def test_an_answer_comes_with_the_usage_that_the_server_tells(
    session: aiohttp.ClientSession, strangers: dict[str, Stranger], name: str, model: str, tokens: tuple[int, int]
) -> None:
    answer = await ask(session, strangers[name].url, model)
    assert (answer.text, answer.finish_reason, answer.model) == ("shipping", "stop", model)
    assert (answer.tokens_in, answer.tokens_out, answer.usage_estimated) == (*tokens, False)
    assert answer.cost_nanos == tokens[0] * 1000 + tokens[1] * 2000
    assert 0 < answer.latency_ms < 30_000


@pytest.mark.parametrize("status", ERRORS)
@pytest.mark.parametrize("name", NAMES)
async def test_an_error_is_understood_as_the_server_words_it(
    session: aiohttp.ClientSession, strangers: dict[str, Stranger], name: str, status: int
) -> None:
    with pytest.raises(CallFailed) as failed:
        await ask(session, strangers[name].url, f"error-{status}")
    assert failed.value.details["provider_status"] == status
    assert failed.value.condition == CONDITIONS[status]
    assert ERRORS[status] in failed.value.message, "LiteLLM passes the words of stubllm on"


async def test_a_tool_call_is_an_answer_without_text(
    session: aiohttp.ClientSession, strangers: dict[str, Stranger]
) -> None:
    answer = await ask(session, strangers["stubllm"].url, "tool")
    assert (answer.text, answer.finish_reason) == ("", "tool_calls")


async def test_patience_overcomes_a_limit_and_an_outage(
    session: aiohttp.ClientSession, strangers: dict[str, Stranger], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gero.providers.call._BACKOFF_SECONDS", 0.001)
    endpoint = Endpoint("custom", strangers["stubllm"].url, "recovers")
    body = providers.request_body(endpoint, providers.prompt.messages("{input}", QUESTION))
    answer, attempts = await providers.ask_patiently(session, endpoint, {}, body, Pace(4), time.monotonic() + 1000)
    assert (answer.text, attempts) == ("shipping", 3)


async def test_the_key_arrives_where_servers_look_for_it(
    session: aiohttp.ClientSession, strangers: dict[str, Stranger]
) -> None:
    assert (await ask(session, strangers["fakellm"].url, "sorter")).text == "shipping"
    assert (await ask(session, strangers["fakellm"].url, "sorter", OTHER_KEY)).text.startswith("[mock response")


async def test_litellm_says_in_its_own_words_what_is_wrong(
    session: aiohttp.ClientSession, strangers: dict[str, Stranger]
) -> None:
    url = strangers["litellm"].url
    for model, key, status, condition, told in [
        ("mocked-RateLimitError", KEY, 429, "throttled", "this is a mock rate limit error"),
        ("mocked-InternalServerError", KEY, 500, "failed", "this is a mock internal server error"),
        ("mocked-ContextWindowExceededError", KEY, 400, "rejected", "this is a mock context window exceeded error"),
        ("unknown", KEY, 400, "rejected", "Invalid model name passed in model=unknown"),
        ("mocked", OTHER_KEY, 400, "rejected", "No connected db"),  # it looks up other keys than the master's
    ]:
        with pytest.raises(CallFailed) as failed:
            await ask(session, url, model, key)
        assert (failed.value.details["provider_status"], failed.value.condition) == (status, condition), model
        assert told in failed.value.message
        assert (key or "") not in str(failed.value.body())


@pytest.mark.parametrize("name", NAMES)
async def test_a_path_that_a_server_does_not_have_is_refused(
    session: aiohttp.ClientSession, strangers: dict[str, Stranger], name: str
) -> None:
    with pytest.raises(CallFailed, match="the endpoint answered 404") as failed:
        await ask(session, strangers[name].url.replace("/chat/completions", "/chat/nowhere"), "sorter")
    assert failed.value.condition == "refused"


class TestARun:
    """A batch as a worker evaluates it."""

    @pytest.fixture(autouse=True)
    def _own_disk(self, cloud: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    @pytest.mark.parametrize("name", NAMES)
    async def test_every_row_is_answered_scored_and_counted(self, strangers: dict[str, Stranger], name: str) -> None:
        finished = await evaluated(strangers[name].url, "a")
        assert finished.first_error is None
        assert finished.statistics.row_scores() == [SCORE_SCALE] * 6
        assert finished.statistics.tokens_in > 0

    @pytest.mark.parametrize("name", NAMES)
    async def test_a_wrong_key_ends_it_and_every_row_is_accounted_for(
        self, strangers: dict[str, Stranger], name: str
    ) -> None:
        finished = await evaluated(strangers[name].url, "error-401", in_flight=1)
        assert finished.first_error is not None
        assert "the endpoint answered 401" in finished.first_error
        assert ERRORS[401] in finished.first_error
        assert finished.traces == 6
        assert finished.statistics.n_not_asked == 3, "three refusals say enough"


async def evaluated(url: str, model: str, in_flight: int = 4) -> Finished:
    """One batch of six rows, asked of `model` with the key of the workspace."""
    secret = providers.seal_secret("w", "c", KEY)
    asked = candidate(model, url, auth_method="bearer", sealed_secret=secret, secret_owner="c")
    plan = stored_plan(rows_per_block=6, candidates=(asked,), in_flight=in_flight)
    finished = await evaluation.evaluate(
        job_of(plan, candidate_id=model),
        redelivered=False,
        deadline=time.monotonic() + 1000,
        keep_alive=lambda: None,
        every_seconds=60,
    )
    assert finished is not None
    return finished
