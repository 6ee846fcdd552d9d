"""Forms and addresses that no page of ours sends."""

import pytest

from gero import access, models
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
    ("path", "fields"),
    [
        ("/settings/tokens/{token}/rotate", {"grace_seconds": "-1"}),
        ("/models/{model}/deploy", {"version": "0"}),
        ("/leaderboards/{board}/traces/{long}/add", {}),
        ("/settings/members/{token}", {"role": "king"}),
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
