from typing import Any

import pytest
from pydantic import ValidationError

from gero.kit import Conflict, Invalid, NotFound, secrets, table
from gero.leaderboards import CandidateInput, Leaderboard, candidates
from tests.gero.leaderboards.boards import add, board

pytestmark = pytest.mark.usefixtures("cloud")

SECRET = "sk-secret-0123456789"


def test_a_candidate_is_kept_with_prices_in_nano_dollars(made: Leaderboard) -> None:
    one = add(made, "a", input_cost_per_million_usd=0.15, output_cost_per_million_usd=0.6, parameters={"top_p": 0.5})
    assert candidates.get("w", made.id, one.id) == one
    assert one.endpoint is not None
    prices = (one.endpoint.input_nanos_per_million, one.endpoint.output_nanos_per_million)
    assert prices == (150_000_000, 600_000_000)
    shown = candidates.shown("w", one)
    assert (shown["input_cost_per_million_usd"], shown["has_auth_token"]) == (0.15, False)
    assert (shown["input_price_per_token"], shown["output_price_per_token"]) == ("0.00000015", "0.0000006")
    assert one.endpoint.parameters == {"top_p": 0.5}


def test_candidates_are_listed_in_the_order_they_were_added(made: Leaderboard) -> None:
    added = [add(made, name).id for name in "cab"]
    assert [one.id for one in candidates.listed("w", made.id)] == sorted(added)
    assert list(candidates.listed("w", board().id)) == []


def test_a_secret_is_sealed_for_its_candidate_and_shown_to_nobody(made: Leaderboard) -> None:
    one = add(made, "a", auth_token=SECRET)
    stored = str(list(table.query(f"WS#w#LB#{made.id}")))
    shown = candidates.shown("w", one)
    for text in (stored, str(shown), repr(one)):
        assert SECRET not in text
    assert (shown["has_auth_token"], shown["auth_method"]) == (True, "bearer")
    assert one.endpoint is not None
    assert one.endpoint.headers("w")["Authorization"] == f"Bearer {SECRET}"
    with pytest.raises(Exception, match="InvalidCiphertext"):
        secrets.unseal(str(one.endpoint.sealed_secret), {"workspace_id": "w", "owner": "another"})


def test_a_name_is_taken_once_per_leaderboard(made: Leaderboard) -> None:
    add(made, "a")
    with pytest.raises(Conflict, match="already has a model 'a'"):
        add(made, "a", endpoint_url="http://127.0.0.1:10/v1")
    add(board(), "a")


def test_without_a_name_the_model_or_the_address_names_it(made: Leaderboard) -> None:
    assert add(made, "m", name=None).name == "m"
    unnamed = CandidateInput(endpoint_url="http://127.0.0.1:9/v1")
    assert candidates.add("w", made.id, unnamed).name == "http://127.0.0.1:9/v1"


def test_a_full_leaderboard_takes_no_more(made: Leaderboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MAX_CANDIDATES", 2)
    add(made, "a")
    add(made, "b")
    with pytest.raises(Conflict, match="at most 2 models"):
        add(made, "c")


def test_a_removed_candidate_is_gone_and_frees_its_name(made: Leaderboard) -> None:
    one = add(made, "a")
    candidates.remove("w", made.id, one.id)
    with pytest.raises(NotFound):
        candidates.get("w", made.id, one.id)
    with pytest.raises(NotFound):
        candidates.remove("w", made.id, one.id)
    add(made, "a")


def test_a_pin_must_name_a_model_of_the_leaderboard(made: Leaderboard) -> None:
    one, elsewhere = add(made, "a"), add(board(), "b")
    candidates.check_pin("w", made.id, one.id)
    candidates.check_pin("w", made.id, None)
    with pytest.raises(Invalid, match="no such model"):
        candidates.check_pin("w", made.id, elsewhere.id)


VALID = {"endpoint_url": "https://api.example.com/v1", "auth_token": SECRET}


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint_url": "https://169.254.169.254/"},
        {"endpoint_url": "http://api.example.com/v1"},
        {"endpoint_url": None},
        {"platform": "openai"},
        {"auth_method": "basic"},
        {"auth_method": "none"},
        {"auth_method": "custom_header"},
        {"auth_token": [SECRET]},
        {"auth_token": f"{SECRET}\r\nX-Injected: 1"},
        {"parameters": {"stream": True}},
        {"parameters": {"messages": []}},
        {"input_cost_per_million_usd": -1},
        {"input_cost_per_million_usd": float("nan")},
        {"timeout_seconds": 0},
        {"timeout_seconds": 241},
        {"unknown": SECRET},
    ],
    ids=lambda change: str(change)[:50].replace(SECRET, "SECRET"),
)
def test_a_faulty_candidate_is_refused_without_a_word_of_its_secret(
    change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GERO_PRIVATE_NETWORKS")
    CandidateInput.model_validate(VALID)
    with pytest.raises(ValidationError) as refused:
        CandidateInput.model_validate(VALID | change)
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value)
