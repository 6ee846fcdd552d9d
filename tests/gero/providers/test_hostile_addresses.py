"""Hostile URLs are stopped where they are given, and once more where they would be connected to."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access, leaderboards, providers
from gero.kit import Invalid, address
from gero.leaderboards import LeaderboardInput, candidates
from gero.providers import CallFailed, Endpoint
from tests.gero.providers.hostile import PRIVATE_ANSWERS, REFUSED_WHEN_GIVEN, watched

GIVEN = [(kind, url) for kind, urls in REFUSED_WHEN_GIVEN.items() for url in urls]
SECRET = "sk-hostile-0123456789"


@pytest.fixture(autouse=True)
def _deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GERO_PRIVATE_NETWORKS", raising=False)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with providers.new_session(4) as opened:
        yield opened


async def ask(session: aiohttp.ClientSession, url: str) -> None:
    endpoint = Endpoint(platform="custom", url=url)
    await providers.ask(session, endpoint, {"Authorization": f"Bearer {SECRET}"}, b"{}", 5)


def test_the_tables_are_long_enough_to_mean_something() -> None:
    assert len({url for _, url in GIVEN}) == len(GIVEN) >= 100
    assert len(PRIVATE_ANSWERS) >= 15


@pytest.mark.parametrize(("kind", "url"), GIVEN)
def test_a_hostile_url_is_refused_when_it_is_given(kind: str, url: str) -> None:
    with pytest.raises(Invalid, match=r"^endpoint_url: "):
        address.check_url(url, "endpoint_url")


@pytest.mark.parametrize(("kind", "url"), GIVEN)
async def test_one_that_was_never_checked_is_connected_to_nothing_private(
    kind: str, url: str, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = watched(monkeypatch)
    with pytest.raises((CallFailed, ValueError, AssertionError)) as failed:  # aiohttp's own words for no URL at all
        await ask(session, url)
    assert all(address.is_public(place) for place in network.connected), network.connected
    assert SECRET not in str(failed.value)


@pytest.mark.parametrize(("kind", "answers"), PRIVATE_ANSWERS.items())
async def test_a_name_that_leads_to_a_private_address_passes_when_it_is_given_and_is_not_connected_to(
    kind: str, answers: list[str], session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = watched(monkeypatch, models_example_com=[answers])
    address.check_url("https://models.example.com/v1", "endpoint_url")
    with pytest.raises(CallFailed, match=r"models\.example\.com leads to a private address") as failed:
        await ask(session, "https://models.example.com/v1")
    assert network.asked == ["models.example.com"]
    assert network.connected == []
    assert (failed.value.condition, failed.value.retryable) == ("refused", False)


@pytest.mark.parametrize("answers", PRIVATE_ANSWERS.values(), ids=PRIVATE_ANSWERS)
@pytest.mark.parametrize("first", [True, False], ids=["private first", "public first"])
async def test_of_mixed_answers_the_public_ones_are_tried_and_no_other(
    answers: list[str], first: bool, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = ["8.8.8.8", "2606:4700:4700::1111"]
    network = watched(monkeypatch, models_example_com=[answers + public if first else public + answers])
    with pytest.raises(CallFailed, match="no answer from the endpoint") as failed:
        await ask(session, "https://models.example.com/v1")
    assert set(network.connected) == set(public), "both of them, also while they race"
    assert failed.value.retryable


async def test_a_name_that_is_rebound_after_a_good_answer_is_not_followed(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = watched(monkeypatch, models_example_com=[["8.8.8.8"], ["169.254.169.254"]])
    told = ["no answer from the endpoint", "no answer from the endpoint", "leads to a private address"]
    for nth, words in enumerate(told):
        if nth == 2:  # a minute later
            assert session.connector
            session.connector.clear_dns_cache()  # type: ignore[attr-defined]
        with pytest.raises(CallFailed, match=words):
            await ask(session, "https://models.example.com/v1")
    assert network.connected == ["8.8.8.8", "8.8.8.8"]
    assert network.asked == ["models.example.com"] * 2


async def test_many_calls_at_once_wait_for_one_look_up_and_are_refused_each(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = watched(monkeypatch, models_example_com=[["10.0.0.1"]])
    found = await asyncio.gather(
        *(ask(session, "https://models.example.com/v1") for _ in range(4)), return_exceptions=True
    )
    assert [str(one) for one in found] == [
        "the endpoint's host models.example.com leads to a private address, which Gero does not call"
    ] * 4
    assert network.connected == []


class TestThroughTheApi:
    """The same table through `POST /api/leaderboards/{id}/models`."""

    @pytest.fixture
    def workspace(self, cloud: None, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str, str]:
        monkeypatch.setenv("GERO_PRIVATE_NETWORKS", "")
        monkeypatch.setenv("GERO_MIN_PUSHED_ROWS", "0")
        made, token = access.workspaces.create("test")
        wanted = LeaderboardInput(name="Tickets", system_prompt="Which team?", dataset_type="PUSH")
        return made.id, leaderboards.create(made.id, wanted).id, token

    @pytest.fixture
    def api(self, workspace: tuple[str, str, str]) -> Iterator[TestClient]:
        with TestClient(create_app(), headers={"Authorization": f"Bearer {workspace[2]}"}) as client:
            yield client

    def test_every_hostile_url_is_answered_with_400_and_nothing_is_added(
        self, api: TestClient, workspace: tuple[str, str, str]
    ) -> None:
        path = f"/api/leaderboards/{workspace[1]}/models"
        for kind, url in GIVEN:
            answer = api.post(path, json={"name": "m", "endpoint_url": url, "auth_token": SECRET})
            assert answer.status_code == 400, (kind, url, answer.text)
            assert "endpoint_url" in answer.text, (kind, url)
            assert SECRET not in answer.text, (kind, url)
        assert api.get(path).json()["count"] == 0

    async def test_a_name_is_added_and_refused_when_it_is_called(
        self,
        api: TestClient,
        workspace: tuple[str, str, str],
        session: aiohttp.ClientSession,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        workspace_id, leaderboard_id, _ = workspace
        body = {"name": "m", "endpoint_url": "https://rebound.example.com/v1", "auth_token": SECRET}
        added = api.post(f"/api/leaderboards/{leaderboard_id}/models", json=body)
        assert added.status_code == 201, added.text
        (candidate,) = candidates.listed(workspace_id, leaderboard_id)
        assert candidate.endpoint
        headers = candidate.endpoint.headers(workspace_id)
        assert SECRET in headers["Authorization"]
        network = watched(monkeypatch, rebound_example_com=[["169.254.169.254", "fd00:ec2::254"]])
        with pytest.raises(CallFailed, match="leads to a private address") as failed:
            await providers.ask(session, candidate.endpoint, headers, b"{}", 5)
        assert network.connected == []
        assert SECRET not in str(failed.value.body())
