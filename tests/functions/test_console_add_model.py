"""Adding models on the console: described by hand, after a test call."""

from typing import Any

import pytest

from gero import access, leaderboards, models
from gero.leaderboards import Candidate, CandidateInput, LeaderboardInput, candidates
from tests.functions.conftest import Ready
from tests.functions.console import Browser, Page, browser_of_nobody

SECRET = "sk-typed-0123456789"
XSS = "<script>alert('x')</script>"
FORM = "form#model"


def at(ready: Ready, way: str = "auto") -> str:
    return f"/leaderboards/{ready.leaderboard.id}/models/new?way={way}"


def present(ready: Ready) -> dict[str, Candidate]:
    return {one.name: one for one in candidates.listed(ready.workspace, ready.leaderboard.id)}


def tried(browser: Browser, ready: Ready, **fields: Any) -> Page:
    """What the test call of the form shows."""
    page = browser.get(at(ready, "custom"))
    sent = {"csrf": page.one(f"{FORM} [name=csrf]")["value"], **fields}
    path = f"/leaderboards/{ready.leaderboard.id}/models/test"
    return Page.of(browser.client.post(path, data=sent, headers={"hx-request": "true"}))


def custom(ready: Ready, **fields: Any) -> dict[str, Any]:
    return {"platform": "custom", "endpoint_url": ready.models.url, "model": "good", **fields}


@pytest.mark.parametrize(
    ("method", "header", "value"),
    [
        ("bearer", "authorization", f"Bearer {SECRET}"),
        ("x_api_key", "x-api-key", SECRET),
        ("x_drgero_api_key", "x-dr.gero-api-key", SECRET),
        ("authorization", "authorization", SECRET),
        ("custom_header", "x-own", SECRET),
    ],
)
def test_a_custom_model_is_called_with_each_way_to_authenticate(
    browser: Browser, ready: Ready, method: str, header: str, value: str
) -> None:
    fields = custom(ready, auth_method=method, auth_token=SECRET, input="The app crashes")
    if method == "custom_header":
        fields["auth_header_name"] = "X-Own"
    part = tried(browser, ready, **fields)
    assert "It answers." in part.words
    assert part.one("pre").get_text() == "technical"
    assert "20 tokens in, 5 out" in part.words
    assert ready.models.requests[-1]["headers"][header] == value
    assert SECRET not in str(part)
    assert len(present(ready)) == 2, "a test call adds nothing"


def test_a_custom_model_is_added_as_described(browser: Browser, ready: Ready) -> None:
    fields = custom(
        ready,
        name="Own",
        auth_method="bearer",
        auth_token=SECRET,
        input_cost_per_million_usd="$1.50",
        output_cost_per_million_usd="6",
        timeout_seconds="30",
        parameters='{"temperature": 0}',
    )
    browser.submit(browser.get(at(ready, "custom")), FORM, fields)
    endpoint = present(ready)["Own"].endpoint
    assert endpoint
    assert (endpoint.input_nanos_per_million, endpoint.output_nanos_per_million) == (1_500_000_000, 6_000_000_000)
    assert (endpoint.timeout_seconds, endpoint.parameters, endpoint.auth_method) == (30, {"temperature": 0}, "bearer")
    assert endpoint.secret(ready.workspace) == SECRET


def test_a_call_that_fails_tells_what_is_the_matter_and_what_to_do(browser: Browser, ready: Ready) -> None:
    ready.models.fault = lambda model, prompt, attempt: 401
    part = tried(browser, ready, **custom(ready, auth_method="bearer", auth_token=SECRET, input="The app crashes"))
    assert "answered 401" in part.one("[role=alert]").get_text()
    assert "check the address" in part.words
    assert SECRET not in str(part)


def test_a_test_call_of_a_faulty_description_names_the_fields(browser: Browser, ready: Ready) -> None:
    part = tried(browser, ready, platform="custom", endpoint_url="no address")
    assert part.status == 400
    assert "endpoint url" in part.one("[role=alert]").get_text()
    assert ready.models.requests == []


def test_a_token_is_never_put_back_into_the_form(browser: Browser, ready: Ready) -> None:
    fields = custom(ready, auth_method="bearer", auth_token=SECRET, parameters="nonsense")
    page = browser.submit(browser.get(at(ready, "custom")), FORM, fields)
    assert page.status == 400
    assert SECRET not in str(page)
    assert "Type it once more" in page.one("#h-auth_token").get_text()
    assert page.one("[name=endpoint_url]")["value"] == ready.models.url


def test_a_name_that_is_taken_is_told(browser: Browser, ready: Ready) -> None:
    page = browser.submit(browser.get(at(ready, "custom")), FORM, custom(ready, name="good"))
    assert page.status == 409
    assert "already has a model" in page.one("#e-name").get_text()


def test_a_model_of_hugging_faces_router_is_added_with_a_token_of_its_own(
    browser: Browser, ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = browser.get(at(ready, "huggingface"))
    assert "Hugging Face is not connected" in page.words
    refused = browser.submit(page, FORM, {"model": "meta/llama"})
    assert refused.status == 409
    browser.submit(page, FORM, {"model": "meta/llama", "auth_token": SECRET})
    endpoint = present(ready)["meta/llama"].endpoint
    assert endpoint
    assert endpoint.secret(ready.workspace) == SECRET


def test_a_deployed_model_of_the_models_area_is_chosen_from_a_list(browser: Browser, ready: Ready) -> None:
    assert "No Dr.Gero model is deployed" in browser.get(at(ready, "drgero")).words
    base = {"endpoint_url": ready.models.url, "model": "good"}
    made = models.create(ready.workspace, models.ModelInput.model_validate({"name": "Recipe", "base": base}))
    page = browser.get(at(ready, "drgero"))
    assert page.one("option")["value"] == made.id
    other = models.create(ready.workspace, models.ModelInput.model_validate({"name": "Another", "base": base}))
    chosen = browser.get(at(ready, "drgero") + f"&drgero_model_id={other.id}")
    assert chosen.one("option[selected]")["value"] == other.id
    models.delete(ready.workspace, other.id)
    models.undeploy(ready.workspace, made.id)
    assert browser.get(at(ready, "drgero")).select("option") == []
    models.deploy(ready.workspace, made.id, 1)
    browser.submit(page, FORM)
    assert present(ready)["Recipe"].drgero_model_id == made.id


def test_while_a_run_is_active_no_model_is_added(browser: Browser, ready: Ready) -> None:
    leaderboards.start_run(ready.leaderboard, "manual")
    page = browser.get(at(ready, "custom"))
    assert "A run is active" in page.one("#why-not").get_text()
    assert page.one(f"{FORM} button.primary").has_attr("disabled")
    refused = browser.submit(page, FORM, custom(ready, name="Late"))
    assert refused.status == 409
    assert "Late" not in present(ready)


def test_a_full_leaderboard_takes_no_more(browser: Browser, ready: Ready) -> None:
    for number in range(48):
        wanted = CandidateInput(name=f"m{number}", model="good", endpoint_url=ready.models.url)
        candidates.add(ready.workspace, ready.leaderboard.id, wanted)
    page = browser.get(at(ready, "custom"))
    assert "has its 50 models" in page.one("#why-not").get_text()
    assert page.one(f"{FORM} button.primary").has_attr("disabled")


def test_after_the_first_model_the_second_is_asked_for(browser: Browser, ready: Ready) -> None:
    board = leaderboards.create(
        ready.workspace,
        LeaderboardInput(name="New", system_prompt="Which team?", dataset_url=ready.leaderboard.dataset_url),
    )
    page = browser.submit(
        browser.get(f"/leaderboards/{board.id}/models/new?way=custom"), FORM, custom(ready, name="First")
    )
    assert page.address == f"/leaderboards/{board.id}/models/new?way=custom"
    assert "add another one" in page.one("[role=status]").get_text()


def test_nothing_that_a_model_says_or_is_called_becomes_markup(browser: Browser, ready: Ready) -> None:
    ready.models.answer = lambda model, prompt: XSS
    part = tried(browser, ready, **custom(ready, input=XSS))
    assert part.one("pre").get_text() == XSS
    refused = browser.submit(browser.get(at(ready, "custom")), FORM, custom(ready, name="good", model=f'">{XSS}'))
    for page in (part, refused):
        assert not page.select("script:not([src])")


def test_a_leaderboard_of_another_workspace_is_not_found(browser: Browser, ready: Ready) -> None:
    other, _ = access.workspaces.create("other")
    theirs = leaderboards.create(other.id, LeaderboardInput(name="Secret", system_prompt="x", dataset_type="PUSH"))
    csrf = browser.get(at(ready, "custom")).one(f"{FORM} [name=csrf]")["value"]
    path = f"/leaderboards/{theirs.id}/models"
    assert browser.get(f"{path}/new").status == 404
    for end in ("new", "test", "choice", "auto-select"):
        sent = {"csrf": csrf, **custom(ready)}
        answer = browser.client.post(f"{path}/{end}", data=sent, headers={"accept": "text/html"})
        assert answer.status_code == 404


def test_who_may_not_write_adds_nothing(ready: Ready) -> None:
    _, secret = access.tokens.create(ready.workspace, "reads", ["leaderboards:read"])
    with browser_of_nobody() as reader:
        reader.sign_in(secret)
        csrf = reader.get("/leaderboards").one("form[action='/sign-out'] [name=csrf]")["value"]
        assert reader.get(at(ready)).status == 403
        for end in ("new", "test", "choice", "auto-select"):
            path = f"/leaderboards/{ready.leaderboard.id}/models/{end}"
            answer = reader.client.post(path, data={"csrf": csrf, **custom(ready)}, headers={"accept": "text/html"})
            assert answer.status_code == 403
    assert len(present(ready)) == 2
