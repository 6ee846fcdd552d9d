import re
from collections.abc import Mapping
from typing import Any

import pytest

from gero import models
from gero.evaluation import Judge, PlannedCandidate
from gero.kit import Conflict
from gero.leaderboards import Leaderboard, candidates
from gero.leaderboards.judging import PREFERRED, check_judge, judge_of
from gero.leaderboards.leaderboard import Production
from gero.providers import Endpoint, catalogue
from infra.local.stand_ins.openrouter import JUDGES_LISTED, LISTED, OpenRouter
from tests.gero.leaderboards.boards import add, board
from tests.gero.models.made import made as own_model
from tests.openrouter_server import connected, model, serving


def judged(**settings: Any) -> Leaderboard:
    return board(eval_type="judge", judge=settings)


def planned(*names: str, platform: str = "openrouter") -> list[PlannedCandidate]:
    return [
        PlannedCandidate(f"c{at}", name, Endpoint(platform, "http://127.0.0.1:9/v1", model=name))
        for at, name in enumerate(names)
    ]


def chosen(openrouter: OpenRouter, listed: Mapping[str, float], *names: str, **fields: Any) -> Judge:
    openrouter.listed = [model(model_id, usd) for model_id, usd in listed.items()]
    return judge_of(judged(**fields), planned(*names))


def test_the_judge_chosen_is_the_first_preferred_one_of_another_family(openrouter: OpenRouter) -> None:
    listed = {PREFERRED[2]: 9, "quarry/big": 10, PREFERRED[0]: 8, PREFERRED[1]: 15}
    judge = chosen(openrouter, listed, "openai/gpt-4o-mini", "lumen/words")
    assert (judge.name, judge.endpoint.model) == (PREFERRED[1], PREFERRED[1])
    assert judge.why == (
        "chosen automatically: the first of the preferred judges on OpenRouter of another family than the candidates' "
        "(lumen, openai)"
    )
    assert judge.warnings == ()


def test_without_a_preferred_one_it_is_the_dearest_at_a_judges_price(openrouter: OpenRouter) -> None:
    listed = {"a/dear": 90, "b/good": 9, "c/good": 9, "d/cheap": 1, "lumen/best": 9.5}
    assert chosen(openrouter, listed, "lumen/words").name == "b/good"
    catalogue.forget()


def test_only_dear_ones_left_the_cheapest_is_taken(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with connected(monkeypatch, [model("a/dear", 90), model("b/less", 60)]):
        assert judge_of(judged(), planned("lumen/words")).name == "b/less"


@pytest.mark.parametrize(
    "unfit",
    [
        model("a/free:free", 0),
        model("a/variable", -1),
        model("a/painter", 9, outputs=("image",)),
        model("a/searcher", 9, request_usd="0.01"),
        model("a/llama-guard", 9),
        model("a/small", 9, context_length=8_000),
        model("a/leaving", 9, leaves_in_days=0),
        model("lumen/own", 9),
    ],
    ids=lambda one: one.id,
)
def test_what_cannot_judge_is_not_chosen(cloud: None, monkeypatch: pytest.MonkeyPatch, unfit: Any) -> None:
    with connected(monkeypatch, [unfit]), pytest.raises(Conflict, match="judge: OpenRouter has no model") as refused:
        judge_of(judged(), planned("lumen/words"))
    assert refused.value.code == "no_judge"


def test_the_stand_ins_strict_judge_is_chosen_for_their_models(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with connected(monkeypatch, [*LISTED, *JUDGES_LISTED]):
        assert judge_of(judged(), planned("hearth/phrases", "quarry/nearest-30b")).name == "assay/judge-strict"


def test_a_judge_named_by_hand_may_be_of_a_candidates_family_and_that_is_said(openrouter: OpenRouter) -> None:
    judge = judge_of(judged(model="hearth/ensemble"), planned("hearth/phrases", "quarry/nearest-30b"))
    assert judge.warnings == ("hearth/ensemble is of the family of hearth/phrases; judges favour their own family",)
    assert judge.why is None
    assert judge.endpoint.output_nanos_per_million == 5 * 10**9


def test_a_candidate_that_judges_itself_is_told(openrouter: OpenRouter) -> None:
    made = judged(model="hearth/phrases")
    endpoint = judge_of(made, planned("quarry/x")).endpoint
    (warning,) = judge_of(made, [PlannedCandidate("c", "P", endpoint)]).warnings
    assert warning == "hearth/phrases judges its own answers (P)"


@pytest.mark.parametrize(("mode", "expected"), [("auto", "pointwise"), ("pointwise", "pointwise")])
def test_each_answer_is_judged_by_itself_unless_pairs_are_asked_for(
    openrouter: OpenRouter, mode: str, expected: str
) -> None:
    judge = judge_of(judged(mode=mode, rubric="Be brief.", audit_percent=25), planned("lumen/words"))
    assert (judge.mode, judge.reference_id, judge.rubric, judge.audit_percent) == (expected, None, "Be brief.", 25)


def test_where_most_rows_have_no_accepted_answer_pairs_are_compared(openrouter: OpenRouter) -> None:
    two = planned("lumen/words", "quarry/x")
    assert (judge_of(judged(), two, 0.4).mode, judge_of(judged(), two, 0.4).reference_id) == ("pairwise", "c0")
    assert judge_of(judged(), two, 0.6).mode == "pointwise"
    assert judge_of(judged(mode="pointwise"), two, 0.0).mode == "pointwise"


def test_pairs_are_compared_with_productions_model_else_with_the_first(openrouter: OpenRouter) -> None:
    made = judged(mode="pairwise")
    two = planned("lumen/words", "quarry/x")
    assert judge_of(made, two).reference_id == "c0"
    for model_id, expected in (("c1", "c1"), ("removed", "c0")):
        serving_now = Production(model_id=model_id, name="n", run_id="r", since="2026-01-01", reason="r")
        assert judge_of(made.model_copy(update={"production": serving_now}), two).reference_id == expected


@pytest.mark.parametrize("settings", [{}, {"model": "hearth/phrases"}])
def test_without_a_connection_to_openrouter_there_is_no_judge(
    cloud: None, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    with serving(monkeypatch), pytest.raises(Conflict, match="judge: OpenRouter is not connected") as refused:
        judge_of(judged(**settings), planned("lumen/words"))
    assert refused.value.code == "integration_missing"


def test_a_model_that_openrouter_does_not_have_is_refused_by_name(openrouter: OpenRouter) -> None:
    with pytest.raises(Conflict, match=re.escape("judge: model: OpenRouter has no model 'hearth/frases'")):
        judge_of(judged(model="hearth/frases"), planned("lumen/words"))


def test_a_named_judge_needs_no_list_of_models(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with connected(monkeypatch):
        pass
    monkeypatch.setenv("OPENROUTER_BASE_URL", "http://127.0.0.1:9/api/v1")
    judge = judge_of(judged(model="hearth/phrases"), planned("lumen/words"))
    assert judge.endpoint.url == "http://127.0.0.1:9/api/v1/chat/completions"
    assert (judge.endpoint.model, judge.endpoint.integration) == ("hearth/phrases", "openrouter")


def test_a_model_of_ones_own_judges_once_it_is_deployed(cloud: None) -> None:
    own = own_model(name="Own")
    made = judged(provider="drgero", model=own.id)
    judge = judge_of(made, planned("lumen/words"))
    assert (judge.name, judge.endpoint.model) == ("Own", "keyword-small")
    models.undeploy("w", own.id)
    with pytest.raises(Conflict, match="judge: the model 'Own' is not deployed"):
        judge_of(made, planned("lumen/words"))
    with pytest.raises(Conflict, match="judge: "):
        judge_of(judged(provider="drgero", model="nothing"), planned("lumen/words"))


def test_a_run_that_would_find_no_judge_is_refused_before_it_starts(
    cloud: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = judged()
    add(made, "lumen/words")
    with serving(monkeypatch), pytest.raises(Conflict, match="OpenRouter is not connected"):
        check_judge(made)
    check_judge(board())
    with connected(monkeypatch):
        check_judge(made)
    assert list(candidates.listed("w", made.id))


def test_who_judges_and_by_what_is_the_identity_and_what_is_told_of_it_is_not(openrouter: OpenRouter) -> None:
    made = judged(model="hearth/ensemble")
    one, other = (judge_of(made, planned(name)) for name in ("hearth/phrases", "quarry/x"))
    assert one.warnings != other.warnings
    assert one.identity == other.identity
    assert judge_of(judged(model="hearth/ensemble", rubric="r"), planned("quarry/x")).identity != other.identity
