"""The wizard that creates a leaderboard: the whole way, and that nothing is lost on it."""

import pytest

from gero import access, leaderboards
from gero.leaderboards import LeaderboardInput
from tests.functions.console import Browser, Page, browser_of_nobody
from tests.functions.wizard import (
    BACK,
    FORM,
    START,
    XSS,
    all_boards,
    at_dataset,
    at_evaluation,
    at_prompt,
    browser,
    hub,
    workspace,
)

__all__ = ["browser", "hub", "workspace"]


def test_the_whole_way_with_a_file_and_exact_evaluation(browser: Browser, workspace: tuple[str, str], hub: str) -> None:
    page = at_evaluation(browser, dataset_type="GET", dataset_url=f"{hub}/good.jsonl")
    landed = browser.submit(page, FORM, {"eval_type": "exact", "normalizers": ["", "whitespace", "case"]})
    (made,) = all_boards(workspace)
    assert landed.address == f"/leaderboards/{made.id}"
    assert (made.name, made.system_prompt, made.dataset_url) == ("Tickets", "Which team?", f"{hub}/good.jsonl")
    assert (made.eval_type, made.normalizers) == ("exact", ["whitespace", "case"])
    assert "Next: add at least two models." in landed.words


@pytest.mark.parametrize("dataset", ["GET", "PUSH"])
@pytest.mark.parametrize("kind", ["exact", "judge", "human"])
def test_left_as_it_is_a_leaderboard_is_as_the_api_makes_it(
    browser: Browser, workspace: tuple[str, str], hub: str, dataset: str, kind: str
) -> None:
    fields = {"dataset_type": dataset} | ({"dataset_url": f"{hub}/good.jsonl"} if dataset == "GET" else {})
    browser.submit(at_evaluation(browser, **fields), FORM, {"eval_type": kind})
    (made,) = all_boards(workspace)
    body = {"name": "Tickets", "system_prompt": "Which team?", "eval_type": kind, **fields}
    by_api = leaderboards.create(workspace[0], leaderboards.LeaderboardInput(**body))
    own = {"id", "created_at", "updated_at"}
    assert made.model_dump(exclude=own) == by_api.model_dump(exclude=own)


def test_every_setting_of_a_push_dataset_arrives(browser: Browser, workspace: tuple[str, str]) -> None:
    settings = {
        "max_samples_to_gather": "1,000",
        "daily_event_limit": "5000",
        "monthly_event_limit": "50000",
        "consolidate_every_events": "250",
        "consolidate_every_hours": "12",
        "end_date": "2030-12-31",
        "sampling_algorithm": "RANDOM_SHUFFLE",
        "auto_limit_size": "off",
        "dedupe": "off",
        "run_on_new_version": "on",
    }
    browser.submit(at_evaluation(browser, dataset_type="PUSH", **settings), FORM)
    (made,) = all_boards(workspace)
    assert made.dataset_type == "PUSH"
    assert (made.max_samples_to_gather, made.daily_event_limit, made.monthly_event_limit) == (1000, 5000, 50_000)
    assert (made.consolidate_every_events, made.consolidate_every_hours) == (250, 12)
    assert (str(made.end_date), made.sampling_algorithm) == ("2030-12-31", "RANDOM_SHUFFLE")
    assert (made.auto_limit_size, made.dedupe, made.run_on_new_version) == (False, False, True)


def test_every_setting_of_a_judge_and_of_promotion_arrives(browser: Browser, workspace: tuple[str, str]) -> None:
    page = at_evaluation(browser, dataset_type="PUSH")
    fields = {
        "eval_type": "judge",
        "judge.choice": "named",
        "judge.provider": "huggingface",
        "judge.model": "meta/llama",
        "judge.mode": "pairwise",
        "judge.rubric": "Kind and short.",
        "judge.audit_percent": "20",
        "judge.min_labels": "50",
        "racing": "off",
        "evaluation_target": "dataset",
        "promotion_policy": "strict",
        "max_run_cost_usd": "$2.50",
        "guardrails.max_cost_ratio": "2",
        "guardrails.max_error_increase": "",
    }
    browser.submit(page, FORM, fields)
    (made,) = all_boards(workspace)
    judge = made.judge
    assert (judge.provider, judge.model, judge.mode) == ("huggingface", "meta/llama", "pairwise")
    assert (judge.rubric, judge.audit_percent, judge.min_labels) == ("Kind and short.", 20, 50)
    assert (made.racing, made.evaluation_target, made.promotion_policy) == ("off", "dataset", "strict")
    assert (str(made.max_run_cost_usd), made.guardrails.max_cost_ratio) == ("2.50", 2)
    assert made.guardrails.max_error_increase is None


def test_a_review_by_people_arrives(browser: Browser, workspace: tuple[str, str]) -> None:
    fields = {"eval_type": "human", "human.mode": "rating", "human.rows": "40", "human.reviewers_per_item": "2"}
    browser.submit(at_evaluation(browser, dataset_type="PUSH"), FORM, fields)
    (made,) = all_boards(workspace)
    assert (made.human.mode, made.human.rows, made.human.reviewers_per_item) == ("rating", 40, 2)


def test_a_mapping_is_checked_and_arrives(browser: Browser, workspace: tuple[str, str], hub: str) -> None:
    mapping = {"field_mapping.input": "subject", "field_mapping.expected": "team"}
    page = at_evaluation(browser, dataset_type="GET", dataset_url=f"{hub}/odd.jsonl", **mapping)
    browser.submit(page, FORM)
    assert all_boards(workspace)[0].field_mapping == {"input": "subject", "expected": "team"}


def test_going_back_loses_nothing_not_even_what_is_not_valid(browser: Browser, hub: str) -> None:
    page = at_dataset(browser, "Which team?\n\n{input}")
    url = f"{hub}/missing.jsonl"
    back = browser.submit(page, FORM, {"dataset_type": "GET", "dataset_url": url}, button=BACK)
    assert back.address.endswith("/prompt")
    assert "{input}" in back.one("[name=system_prompt]").get_text()
    first = browser.submit(back, FORM, {"system_prompt": "Changed"}, button=BACK)
    assert first.one("[name=name]")["value"] == "Tickets"
    second = browser.submit(first, FORM, {"name": "Renamed"})
    assert second.one("[name=system_prompt]").get_text().strip() == "Changed"
    third = browser.submit(second, FORM)
    assert third.one("[name=dataset_url]")["value"] == url


def test_a_choice_that_is_taken_back_keeps_what_was_typed_for_it(browser: Browser, workspace: tuple[str, str]) -> None:
    page = at_dataset(browser)
    typed = {"dataset_type": "PUSH", "dataset_url": "hf://later", "daily_event_limit": "7"}
    back = browser.submit(page, FORM, typed, button=BACK)
    page = browser.submit(back, FORM)
    assert page.one("[name=dataset_url]")["value"] == "hf://later"
    browser.submit(browser.submit(page, FORM), FORM)
    (made,) = all_boards(workspace)
    assert (made.dataset_type, made.dataset_url, made.daily_event_limit) == ("PUSH", None, 7)


def test_each_step_can_be_loaded_again(browser: Browser) -> None:
    page = at_dataset(browser)
    assert browser.get(page.address).one("h1").get_text() == "Create Leaderboard"
    prompt = browser.get(page.address.replace("/dataset", "/prompt"))
    assert prompt.one("[name=system_prompt]").get_text().strip() == "Which team?"


def test_two_tabs_describe_two_leaderboards(browser: Browser, workspace: tuple[str, str]) -> None:
    first, second = at_prompt(browser, "One"), at_prompt(browser, "Two")
    for page, prompt in ((first, "first"), (second, "second")):
        at = browser.submit(browser.submit(page, FORM, {"system_prompt": prompt}), FORM, {"dataset_type": "PUSH"})
        browser.submit(at, FORM)
    assert {(one.name, one.system_prompt) for one in all_boards(workspace)} == {("One", "first"), ("Two", "second")}


def test_a_draft_that_became_a_leaderboard_is_gone(browser: Browser, workspace: tuple[str, str]) -> None:
    page = at_evaluation(browser, dataset_type="PUSH")
    browser.submit(page, FORM)
    again = browser.submit(page, FORM)
    assert again.status == 404
    assert "it has become a leaderboard" in again.words
    assert len(all_boards(workspace)) == 1


def test_a_plan_that_is_used_up_refuses_and_the_draft_stays(browser: Browser, workspace: tuple[str, str]) -> None:
    page = at_evaluation(browser, dataset_type="PUSH")
    for name in "abc":
        leaderboards.create(workspace[0], LeaderboardInput(name=name, system_prompt="x", dataset_type="PUSH"))
    access.workspaces.set_plan(workspace[0], "free")
    assert "The Free plan has at most 3 leaderboards" in browser.get(START).one(".alert.warn").get_text()
    refused = browser.submit(page, FORM, {"eval_type": "human"})
    assert refused.status == 402
    assert "the Free plan has at most 3 leaderboards" in refused.one("[role=alert]").get_text()
    assert len(all_boards(workspace)) == 3
    access.workspaces.set_plan(workspace[0], "pay-as-you-go")
    browser.submit(refused, FORM)
    assert all_boards(workspace)[0].eval_type == "human"


def test_a_draft_of_another_workspace_is_not_found(browser: Browser) -> None:
    page = at_prompt(browser)
    _, token = access.workspaces.create("other")
    with browser_of_nobody() as stranger:
        stranger.sign_in(token)
        assert stranger.get(page.address).status == 404


def test_nothing_that_was_typed_or_read_becomes_markup(browser: Browser, workspace: tuple[str, str], hub: str) -> None:
    page = browser.submit(at_prompt(browser, XSS), FORM, {"system_prompt": f"{XSS}</textarea>"})
    refused = browser.submit(page, FORM, {"dataset_url": f'{hub}/"><img src=x>.jsonl'})
    back = browser.submit(refused, FORM, button=BACK)
    check = {"csrf": page.one(f"{FORM} [name=csrf]")["value"], "dataset_url": f"{hub}/tricky.jsonl"}
    rows = Page.of(browser.client.post(f"{START}/check", data=check, headers={"hx-request": "true"}))
    for shown in (page, refused, back, rows):
        assert not shown.select("script:not([src]), img[src=x]")
    assert XSS in rows.one("table").get_text()


def test_who_may_not_write_creates_nothing(workspace: tuple[str, str]) -> None:
    _, secret = access.tokens.create(workspace[0], "reads", ["leaderboards:read"])
    with browser_of_nobody() as reader:
        reader.sign_in(secret)
        csrf = reader.get("/leaderboards").one("form[action='/sign-out'] [name=csrf]")["value"]
        assert reader.get(START).status == 403
        for path in ("", "/preview", "/check", "/try"):
            answer = reader.client.post(
                f"{START}{path}", data={"csrf": csrf, "name": "x"}, headers={"accept": "text/html"}
            )
            assert answer.status_code == 403
    assert all_boards(workspace) == []
