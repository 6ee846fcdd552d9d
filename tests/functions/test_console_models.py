"""Dr.Gero models in the console."""

import pytest

from gero import access, models
from tests.functions.conftest import Ready
from tests.functions.console import Browser, Page, browser_of_nobody


def recipe(ready: Ready, **more: str) -> dict[str, str]:
    return {
        "name": "Sorter <script>",
        "creation_mode": "recipe",
        "platform": "custom",
        "model": "good",
        "endpoint_url": ready.models.url,
        "auth_token": "sk-very-secret",
        "system_prompt": "Answer with one word.",
        "parameters": '{"temperature": 0}',
    } | more


@pytest.fixture
def made(browser: Browser, ready: Ready) -> Page:
    return browser.submit(browser.get("/models/new"), "form[action='/models/new']", recipe(ready))


def test_without_models_the_page_says_what_one_is(browser: Browser) -> None:
    page = browser.get("/models")
    assert "recipe over a base model" in page.words
    assert page.one("a.btn[href='/models/new']:not(.head *)")


def test_a_model_is_made_and_answers(made: Page, ready: Ready) -> None:
    assert made.status == 200
    assert "Version 1 answers" in made.words
    assert "<script>" not in str(made.one("h1"))
    assert "sk-very-secret" not in str(made)
    model = next(iter(models.listed(ready.workspace)))
    assert model.deployed_version == 1
    assert models.version(ready.workspace, model.id, 1).parameters == {"temperature": 0}


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", "", "at least 1"),
        ("parameters", "{", "not JSON"),
        ("parameters", '{"model": "x"}', "cannot be set here"),
        ("examples", '{"input": "a", "output": "b"}\nnope', "line 2"),
        ("endpoint_url", "ftp://x", "http"),
        ("input_cost_per_million_usd", "cheap", "not a number"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_made(
    browser: Browser, ready: Ready, field: str, value: str, told: str
) -> None:
    page = browser.submit(browser.get("/models/new"), "form[action='/models/new']", recipe(ready, **{field: value}))
    assert page.status == 400
    assert told in page.one(f"#e-{field}").get_text()
    assert page.one("[name=system_prompt]").get_text().strip() == "Answer with one word.", "what was typed is kept"
    assert "sk-very-secret" not in str(page), "but no secret"
    assert list(models.listed(ready.workspace)) == []


def test_a_version_is_published_from_the_latest_and_deployed(browser: Browser, made: Page, ready: Ready) -> None:
    form = browser.get(f"{made.address}/publish")
    assert form.one("[name=system_prompt]").get_text().strip() == "Answer with one word."
    page = browser.submit(
        form, "form[action$='/publish']", {"system_prompt": "Be brief.", "note": "shorter", "deploy": None}
    )
    assert "Version 2 is published" in page.words
    assert "Version 1 answers" in page.words
    page = browser.submit(page, "form[action$='/deploy']")
    assert "Version 2 answers" in page.words
    version = browser.get(f"{made.address.split('#')[0]}/versions/2")
    assert "Be brief." in version.words


def test_what_is_emptied_is_taken_away_by_the_next_version(browser: Browser, ready: Ready) -> None:
    examples = '{"input": "a", "output": "b"}'
    made = browser.submit(
        browser.get("/models/new"), "form[action='/models/new']", recipe(ready, name="Own", examples=examples)
    )
    emptied = {"examples": "", "parameters": "", "system_prompt": ""}
    form = browser.get(f"{made.address}/publish")
    assert form.one("[name=examples]").get_text().strip() == examples
    page = browser.submit(form, "form[action$='/publish']", emptied)
    assert "Version 2 is published" in page.words
    version = models.version(ready.workspace, next(iter(models.listed(ready.workspace))).id, 2)
    assert (version.examples, version.parameters, version.system_prompt) == ((), {}, None)


def test_a_wrong_example_is_told_at_the_examples(browser: Browser, ready: Ready) -> None:
    wrong = recipe(ready, examples='{"input": 1, "output": "b"}')
    page = browser.submit(browser.get("/models/new"), "form[action='/models/new']", wrong)
    assert page.status == 400
    assert "input" in page.one("#e-examples").get_text()


@pytest.mark.parametrize(("field", "value"), [("training_share", "2"), ("training_share", "much"), ("suffix", "a b")])
def test_a_training_that_is_described_wrongly_is_told_in_its_dialog(
    browser: Browser, made: Page, ready: Ready, field: str, value: str
) -> None:
    page = browser.submit(browser.get(made.address), "dialog#train form", {field: value})
    assert page.status == 400
    dialog = page.one("dialog#train[data-open]")
    assert dialog.select(f"#e-{field}")
    assert dialog.select(f"[name={field}]")[0]["value"] == value


def test_a_deleted_model_is_named_before_it_goes(browser: Browser, made: Page, ready: Ready) -> None:
    dialog = made.one("dialog#delete-model")
    assert "Sorter <script>" in dialog.get_text()
    page = browser.submit(made, "dialog#delete-model form")
    assert page.address == "/models"
    assert list(models.listed(ready.workspace)) == []


def test_a_model_that_competes_is_not_deleted_and_says_where(browser: Browser, made: Page, ready: Ready) -> None:
    from gero import leaderboards
    from gero.leaderboards import CandidateInput

    model = next(iter(models.listed(ready.workspace)))
    wanted = CandidateInput(name="own", platform="drgero", drgero_model_id=model.id)
    leaderboards.candidates.add(ready.workspace, ready.leaderboard.id, wanted)
    page = browser.submit(browser.get(f"/models/{model.id}"), "dialog#delete-model form")
    assert page.status == 409
    assert "leaderboards compare this model: 'Tickets'" in page.words


def test_who_may_only_read_sees_no_controls_and_is_refused(made: Page, ready: Ready) -> None:
    _, secret = access.tokens.create(ready.workspace, "reader", ["models:read"])
    with browser_of_nobody() as reader:
        reader.sign_in(secret)
        page = reader.get(made.address)
        assert page.status == 200
        assert not page.select("main form")
        assert reader.get("/models/new").status == 403
        csrf = page.one("form[action='/sign-out'] [name=csrf]")["value"]
        answer = reader.client.post(f"{made.address}/undeploy", data={"csrf": csrf}, headers={"accept": "text/html"})
        assert answer.status_code == 403


def test_a_model_of_another_workspace_is_not_there(made: Page) -> None:
    _, token = access.workspaces.create("other")
    with browser_of_nobody() as other:
        other.sign_in(token)
        assert other.get(made.address).status == 404
