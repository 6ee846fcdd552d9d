"""The steps of the wizard: each validated before the next, with what helps to fill it."""

from typing import Any

import pytest

from gero import access
from tests.functions.console import Browser, Page
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
    fault_at,
    hub,
    workspace,
)

__all__ = ["browser", "hub", "workspace"]


def test_without_a_name_there_is_no_second_step(browser: Browser, workspace: tuple[str, str]) -> None:
    page = browser.submit(browser.get(START), FORM, {"name": "  "})
    assert page.status == 400
    assert fault_at(page, "name") == "give the leaderboard a name"
    assert all_boards(workspace) == []


def test_without_a_prompt_there_is_no_third_step(browser: Browser) -> None:
    page = browser.submit(at_prompt(browser), FORM, {"system_prompt": "", "sample": "mine"})
    assert page.status == 400
    assert fault_at(page, "system_prompt")
    assert page.one("[name=sample]").get_text().strip() == "mine"


def test_a_prompt_that_is_too_long_is_refused_at_its_field_and_not_lost(browser: Browser) -> None:
    page = browser.submit(at_prompt(browser), FORM, {"system_prompt": "é" * 60_000})
    assert "at most 100,000 bytes" in fault_at(page, "system_prompt")
    assert page.one("[name=system_prompt]").get_text().count("é") == 60_000


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "needs the URL"),
        ("https://example.com/rows.jsonl", "give a file of a Hugging Face dataset"),
        ("hf://datasets/me/rows/missing.jsonl", "no file 'missing.jsonl'"),
        ("hf://datasets/me/closed/good.jsonl", "is gated"),
        ("hf://datasets/me/rows/faulty.jsonl", "the file has faults"),
        ("hf://datasets/me/rows/odd.jsonl", "the file has faults"),
    ],
)
def test_the_third_step_is_not_left_with_a_file_that_cannot_be_used(
    browser: Browser, workspace: tuple[str, str], hub: str, url: str, told: str
) -> None:
    page = browser.submit(at_dataset(browser), FORM, {"dataset_type": "GET", "dataset_url": url})
    assert page.status == 400
    assert told in fault_at(page, "dataset_url")
    assert page.one("[name=dataset_url]")["value"] == url
    skipped = browser.get(page.address.replace("/dataset", "/evaluation"))
    browser.submit(skipped, FORM)
    assert all_boards(workspace) == []


def test_a_check_tells_lines_columns_and_what_is_found(browser: Browser, hub: str) -> None:
    page = at_dataset(browser)

    def check(**fields: Any) -> Page:
        sent = {"csrf": page.one(f"{FORM} [name=csrf]")["value"], **fields}
        return Page.of(browser.client.post(f"{START}/check", data=sent, headers={"hx-request": "true"}))

    good = check(dataset_url=f"{hub}/good.jsonl")
    assert "Usable" in good.words
    assert "2 rows" in good.words
    assert good.one("select[name='field_mapping.expected'] option[value='']").get_text() == "output (found)"
    assert "Paid twice" in good.one("table").get_text()
    faulty = check(dataset_url=f"{hub}/faulty.jsonl")
    assert "Line 2: not JSON" in faulty.words
    odd = check(dataset_url=f"{hub}/odd.jsonl")
    assert [one.get_text() for one in odd.select("select[name='field_mapping.input'] option")][1:] == [
        "subject",
        "team",
    ]
    mapped = check(
        dataset_url=f"{hub}/odd.jsonl", **{"field_mapping.input": "subject", "field_mapping.expected": "team"}
    )
    assert "Usable" in mapped.words
    gated = check(dataset_url="hf://datasets/me/closed/good.jsonl")
    assert "is gated" in gated.words
    assert gated.one("a[href='/settings/integrations']")


def test_rows_without_an_answer_are_for_judges_and_people(
    browser: Browser, workspace: tuple[str, str], hub: str
) -> None:
    page = at_evaluation(browser, dataset_type="GET", dataset_url=f"{hub}/open.jsonl")
    refused = browser.submit(page, FORM, {"eval_type": "exact"})
    assert refused.status == 400
    assert "choose Judge or Human" in refused.words
    assert all_boards(workspace) == []
    browser.submit(refused, FORM, {"eval_type": "human"})
    assert all_boards(workspace)[0].eval_type == "human"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_samples_to_gather", "0"),
        ("max_samples_to_gather", "many"),
        ("daily_event_limit", "-1"),
        ("monthly_event_limit", "0"),
        ("consolidate_every_events", "0"),
        ("consolidate_every_hours", "9000"),
        ("end_date", "tomorrow"),
    ],
)
def test_a_faulty_push_setting_is_refused_at_its_field(browser: Browser, name: str, value: str) -> None:
    page = browser.submit(at_dataset(browser), FORM, {"dataset_type": "PUSH", name: value})
    assert page.status == 400
    assert fault_at(page, name)
    assert page.one(f"[name={name}]")["value"] == value


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"eval_type": "exact", "answer_pattern": "(unclosed"}, "answer_pattern"),
        ({"eval_type": "judge", "judge.choice": "named", "judge.model": ""}, "judge.model"),
        ({"eval_type": "judge", "judge.audit_percent": "101"}, "judge.audit_percent"),
        ({"eval_type": "judge", "judge.min_labels": "no"}, "judge.min_labels"),
        ({"eval_type": "human", "human.rows": "0"}, "human.rows"),
        ({"eval_type": "human", "human.reviewers_per_item": "10"}, "human.reviewers_per_item"),
        ({"max_run_cost_usd": "0"}, "max_run_cost_usd"),
        ({"concurrency": "1000"}, "concurrency"),
        ({"guardrails.max_cost_ratio": "0"}, "guardrails.max_cost_ratio"),
    ],
)
def test_a_faulty_evaluation_is_refused_at_its_field(
    browser: Browser, workspace: tuple[str, str], fields: dict[str, str], name: str
) -> None:
    page = browser.submit(at_evaluation(browser, dataset_type="PUSH"), FORM, fields)
    assert page.status == 400
    assert fault_at(page, name)
    assert all_boards(workspace) == []


@pytest.mark.parametrize(("name", "value"), [("max_samples_to_gather", "10001"), ("monthly_event_limit", "10,001")])
def test_a_push_setting_above_the_plan_is_refused_at_its_field(
    browser: Browser, workspace: tuple[str, str], name: str, value: str
) -> None:
    access.workspaces.set_plan(workspace[0], "free")
    page = browser.submit(at_dataset(browser), FORM, {"dataset_type": "PUSH", name: value})
    assert page.address.endswith("/dataset")
    assert "10,000" in fault_at(page, name)
    assert browser.submit(page, FORM, {name: "10000"}).address.endswith("/evaluation")


def test_a_step_cannot_be_skipped(browser: Browser) -> None:
    page = at_prompt(browser)
    assert browser.get(page.address.replace("/prompt", "/evaluation")).address == page.address


def test_a_file_that_was_changed_after_its_check_is_checked_again(
    browser: Browser, workspace: tuple[str, str], hub: str
) -> None:
    page = at_evaluation(browser, dataset_type="GET", dataset_url=f"{hub}/good.jsonl")
    dataset = browser.submit(page, FORM, button=BACK)
    browser.submit(dataset, FORM, {"dataset_url": f"{hub}/missing.jsonl"}, button=BACK)
    refused = browser.submit(page, FORM)
    assert refused.status == 409
    assert "continue from here once more" in fault_at(refused, "dataset_url")
    assert all_boards(workspace) == []


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("Team? {input}", "The input stands in the place of {input}"),
        ("Team? {question} {query}", "{question} and {query}"),
        ("Team?", "so the input is put after the prompt"),
        ("Team? {{text}}", "{{text}} is no placeholder and is sent as written"),
    ],
)
def test_the_preview_is_what_a_model_gets(browser: Browser, prompt: str, told: str) -> None:
    page = at_prompt(browser)
    sent = {"csrf": page.one(f"{FORM} [name=csrf]")["value"], "system_prompt": prompt, "sample": f"Where? {XSS}"}
    answer = Page.of(browser.client.post(f"{START}/preview", data=sent, headers={"hx-request": "true"}))
    assert answer.one("pre").get_text().startswith("Team?")
    assert XSS in answer.one("pre").get_text() or "{{text}}" in prompt
    assert not answer.select("script")
    assert told.replace(" ", "") in answer.words.replace(" ", "")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"reads": "text", "normalizers": ["", "case"]}, "Right"),
        ({"reads": "text", "normalizers": [""]}, "Wrong"),
        ({"reads": "number"}, "no number in the answer"),
        ({"reads": "text", "answer_pattern": "(unclosed"}, "Cannot compare"),
    ],
)
def test_exact_evaluation_can_be_tried(browser: Browser, fields: dict[str, Any], told: str) -> None:
    page = at_evaluation(browser, dataset_type="PUSH")
    sent = {"csrf": page.one(f"{FORM} [name=csrf]")["value"], "try_answer": "SHIPPING", "try_expected": "shipping"}
    answer = browser.client.post(f"{START}/try", data={**sent, **fields}, headers={"hx-request": "true"})
    assert told in Page.of(answer).words
