"""Forms and addresses that no page of ours sends."""

import pytest

from functions.api.console.submitted import Submitted
from gero import access, models
from gero.kit import Invalid
from tests.functions.conftest import Ready
from tests.functions.console import HOST, Browser, browser_of_nobody

HTML = {"accept": "text/html"}


@pytest.mark.parametrize("charset", ["undefined", "punycode", "x\x00y", "unicode_escape", "utf-7", "nowhere"])
def test_a_form_that_is_not_in_utf_8_is_refused(cloud: None, charset: str) -> None:
    with browser_of_nobody() as browser:
        csrf = browser.get("/sign-in").one("form[action='/sign-in'] [name=csrf]")["value"]
        fields = {"csrf": csrf, "token": "\\ud800+2AA-"}
        parts = [
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()
        ]
        body = "\r\n".join([*parts, "--b--", ""])
        headers = {**HTML, "content-type": f"multipart/form-data; boundary=b; charset={charset}"}
        answer = browser.client.post("/sign-in", content=body, headers=headers)
    assert answer.status_code in (400, 401, 403), answer.text


def test_who_comes_back_by_a_part_of_a_page_is_led_by_a_header_that_can_be_sent(browser: Browser) -> None:
    answer = browser.client.get("/sign-in?to=/日本", headers={"hx-request": "true"}, follow_redirects=False)
    assert answer.headers["hx-redirect"] == "/%E6%97%A5%E6%9C%AC"


@pytest.mark.parametrize(
    ("typed", "number"), [("2.5", 2.5), ("$1,200.50", 1200.5), ("10 000", 10_000), ("1,234,567", 1_234_567), ("-3", -3)]
)
def test_numbers_are_taken_as_people_write_them(typed: str, number: float) -> None:
    assert Submitted({"n": typed}).number("n") == number


@pytest.mark.parametrize("typed", ["2,5", "0,50", "1,2,3", "12,34", "1,2345", "many"])
def test_a_comma_that_is_not_one_of_thousands_is_no_number(typed: str) -> None:
    with pytest.raises(Invalid, match=r"is not a number; write such as 2\.5"):
        Submitted({"n": typed}).number("n")


@pytest.mark.parametrize("end", ["push-tokens", "webhook", "run/forecast"])
def test_the_address_of_a_form_that_was_sent_leads_to_a_page(browser: Browser, ready: Ready, end: str) -> None:
    page = browser.get(f"/leaderboards/{ready.leaderboard.id}/{end}")
    assert page.status == 200
    assert page.address != f"/leaderboards/{ready.leaderboard.id}/{end}"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/settings/tokens/{token}/rotate", {"grace_seconds": "-1"}),
        ("/models/{model}/deploy", {"version": "0"}),
        ("/leaderboards/{board}/traces/{long}/add", {}),
    ],
)
def test_what_no_form_of_ours_sends_is_refused(
    browser: Browser, ready: Ready, path: str, fields: dict[str, str]
) -> None:
    base = {"platform": "custom", "endpoint_url": ready.models.url, "model": "good"}
    model = models.create(ready.workspace, models.ModelInput.model_validate({"name": "Sorter", "base": base}))
    token = next(access.tokens.listed(ready.workspace))
    places = {"token": token.id, "model": model.id, "board": ready.leaderboard.id, "long": "x" * 1100}
    csrf = browser.get("/leaderboards").one("form[action='/sign-out'] [name=csrf]")["value"]
    answer = browser.client.post(path.format(**places), data={"csrf": csrf, **fields}, headers={**HTML, "origin": HOST})
    assert answer.status_code in (400, 404), answer.text
