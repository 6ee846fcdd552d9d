import time
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from gero import shadows, traces
from gero.evaluation import Evaluation
from gero.kit import Unavailable, secrets, table
from gero.providers import seal_secret
from gero.providers.serving import ServingSettings
from gero.shadows import Figures, ShadowRequest, shadowing
from gero.traces import Trace
from tests.gero.shadows.conftest import LEADERBOARD, WORKSPACE, Board

CALL = 20 * 1000 + 5 * 2000  # nano-dollars: ModelServer tells 20 tokens in and 5 out


async def shadow(*requests: ShadowRequest, seconds: float = 60) -> Figures:
    """What is known after these requests, of the pair that they belong to."""
    await shadows.ask_challengers(WORKSPACE, LEADERBOARD, requests, time.monotonic() + seconds)
    return shadows.listed(WORKSPACE, LEADERBOARD)[0]


def trace() -> Trace:
    (found,) = traces.find(WORKSPACE, LEADERBOARD, limit=9, offset=0, batch_limit=9).traces
    return found


async def test_where_answers_are_exact_the_score_is_agreement_under_the_normalizers(board: Board) -> None:
    board.ranked(Evaluation(normalizers=("case", "punctuation")))
    found = await shadow(board.request("q", "YES!"), board.request("q", "no"), board.request("q", "  "))
    challenger = found.statistics.candidates["challenger"]
    assert (challenger.n_rows, challenger.n_scored, challenger.score_sum) == (3, 2, 1_000_000)
    assert found.statistics.pair("production", "challenger").n == 2


async def test_where_productions_answer_holds_nothing_to_compare_nothing_is_scored(board: Board) -> None:
    board.ranked(Evaluation(normalizers=("number",)))
    found = await shadow(board.request("q", "no number"), board.request("q", "it is 12"))
    challenger = found.statistics.candidates["challenger"]
    assert (challenger.n_rows, challenger.n_scored, challenger.score_sum) == (2, 1, 0)


@pytest.mark.parametrize("mode", ["pointwise", "pairwise"])
async def test_a_judge_compares_both_answers_and_its_calls_are_paid_apart(board: Board, mode: str) -> None:
    board.ranked(Evaluation("judge", judge=board.judge(mode=mode, reference_id="served")))
    board.server.answer = _depot(board)
    found = await shadow(
        board.request("Where is the parcel?", "hm"),
        board.request("Where is the parcel?", "the depot"),
        board.request("Where is the parcel?", "where is the parcel?"),
    )
    sums = found.statistics.candidates["challenger"]
    assert (sums.n_scored, sums.score_sum) == (3, 1_000_000 + 500_000), "it wins, says the same, and loses"
    assert (sums.cost_nanos, sums.judge_nanos) == (3 * CALL, 2 * CALL)
    assert found.statistics.candidates["production"].score_sum == 1_500_000
    assert found.pair.judge == "judge"


def _depot(board: Board) -> Callable[[str, str], str]:
    judge = board.server.answer
    return lambda model, prompt: judge(model, prompt) if model == "judge" else "the depot"


async def test_the_judge_reads_the_whole_conversation(board: Board) -> None:
    board.ranked(Evaluation("judge", judge=board.judge()))
    told = [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": [{"type": "text", "text": "What is this?"}, {"type": "image_url", "url": "x"}]},
    ]
    await shadow(board.request("What is this?", "a cat", messages=told))
    asked = next(one["body"] for one in board.server.requests if one["body"]["model"] == "judge")
    assert "system: Be brief\n\nuser: What is this?\n[image_url]" in asked["messages"][1]["content"]


async def test_a_judge_that_fails_leaves_the_request_unscored(board: Board) -> None:
    board.ranked(Evaluation("judge", judge=board.judge()))
    board.server.fault = lambda model, prompt, attempt: 500 if model == "judge" else 200
    found = await shadow(board.request("q", "another"))
    sums = found.statistics.candidates["challenger"]
    assert (sums.n_rows, sums.n_scored, sums.n_errors) == (1, 0, 0)
    assert "told to fail" in str(trace().judge_error)


async def test_where_people_score_nothing_is_scored(board: Board) -> None:
    board.ranked(Evaluation("human"))
    found = await shadow(board.request("q", "yes"))
    assert found.statistics.candidates["challenger"].n_scored == 0
    assert found.statistics.candidates["production"].cost_nanos == 60_000


async def test_another_version_prompt_or_scoring_is_another_pair_and_another_key_is_not(board: Board) -> None:
    await shadow(board.request("q"))
    await shadow(board.request("q", challenger=board.target("c", timeout_seconds=7)))
    assert len(shadows.listed(WORKSPACE, LEADERBOARD)) == 1
    await shadow(board.request("q", challenger=board.target("c", parameters={"top_p": 1})))
    board.serve(replace(board.served, prompt="Say it: {input}"))
    await shadow(board.request("q"))
    board.ranked(Evaluation(normalizers=("case",)))
    await shadow(board.request("q"))
    assert len(shadows.listed(WORKSPACE, LEADERBOARD)) == 4


async def test_the_secret_of_a_challenger_is_opened_once_for_a_batch(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    unseal = secrets.unseal

    def counting(sealed: str, context: dict[str, str]) -> str:
        opened.append(sealed)
        return unseal(sealed, context)

    monkeypatch.setattr(secrets, "unseal", counting)
    sealed = seal_secret(WORKSPACE, "c", "sk-secret")
    keyed = board.target("c", auth_method="bearer", sealed_secret=sealed, secret_owner="c")
    await shadow(*(board.request(f"q{number}", challenger=keyed) for number in range(5)))
    assert len(opened) == 1
    assert {one["headers"]["authorization"] for one in board.server.requests} == {"Bearer sk-secret"}


async def test_a_challenger_whose_service_is_not_connected_is_not_to_blame(board: Board) -> None:
    found = await shadow(board.request("q", challenger=board.target("c", integration="openrouter")))
    assert (found.not_taken, found.statistics.candidates) == (1, {})
    assert "openrouter is not connected" in str(found.latest_error)


async def test_a_rate_limit_is_waited_for_a_little(board: Board) -> None:
    board.server.fault = lambda model, prompt, attempt: 429 if attempt == 1 else 200
    found = await shadow(board.request("q"))
    assert (found.not_taken, found.statistics.candidates["challenger"].n_errors) == (0, 0)
    assert len(board.server.requests) == 2


async def test_a_challenger_that_takes_all_the_time_has_failed(board: Board) -> None:
    board.server.latency_seconds = 2
    found = await shadow(board.request("q"), seconds=0.2)
    assert found.statistics.candidates["challenger"].n_errors == 1
    assert "did not answer in time" in str(found.latest_error)


async def test_traces_keep_no_more_than_the_leaderboard_lets_be_kept(board: Board) -> None:
    board.ranked(Evaluation(), ServingSettings(capture_content=False))
    board.server.answer = lambda model, prompt: "my number is 0170 1234567"
    found = await shadow(board.request("call me back at 0170 1234567", "0170 1234567"))
    assert found.statistics.candidates["challenger"].n_scored == 1, "it is scored before its texts are left out"
    assert b"1234567" not in traces.encode(trace())
    assert trace().latency_ms is not None


async def test_an_error_is_shown_as_traces_may_be_kept(board: Board) -> None:
    board.ranked(Evaluation(), ServingSettings(redact=("email",)))
    board.server.fault = lambda model, prompt, attempt: 400
    board.server.fault_text = "no mail to jane.doe@example.com"
    found = await shadow(board.request("q"))
    assert found.latest_error
    assert "[email]" in found.latest_error
    assert "jane" not in found.latest_error


async def test_one_that_fails_for_reasons_of_ours_does_not_take_the_others_with_it(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    board.ranked(Evaluation())
    good, bad = board.request("good"), board.request("bad")
    ask = shadowing._Work._answered

    async def answered(work: shadowing._Work, request: ShadowRequest) -> tuple[Trace, bool]:
        if request.input == "bad":
            raise Unavailable("the table is busy; try again")
        return await ask(work, request)

    monkeypatch.setattr(shadowing._Work, "_answered", answered)
    with pytest.raises(Unavailable):
        await shadow(good, bad)
    monkeypatch.setattr(shadowing._Work, "_answered", ask)
    found = await shadow(good, bad)
    assert found.statistics.candidates["challenger"].n_rows == 2
    assert len([one for one in board.server.requests if one["body"]["messages"][-1]["content"] == "good"]) == 1


async def test_nothing_is_kept_of_a_leaderboard_that_was_deleted_meanwhile(board: Board) -> None:
    board.ranked(Evaluation())
    answer = board.server.answer

    def deleted(model: str, prompt: str) -> str:
        table.delete(f"WS#{WORKSPACE}", f"LB#{LEADERBOARD}")
        return answer(model, prompt)

    board.server.answer = deleted
    await shadows.ask_challengers(WORKSPACE, LEADERBOARD, [board.request("q")], time.monotonic() + 60)
    assert shadows.listed(WORKSPACE, LEADERBOARD) == []
    assert not traces.find(WORKSPACE, LEADERBOARD, limit=9, offset=0, batch_limit=9).traces
