"""The list of leaderboards, and renaming and deleting one."""

from collections.abc import Iterator
from typing import Any

import pytest

from gero import access, leaderboards, runs
from gero.kit import NotFound, aws
from gero.leaderboards import CandidateInput, LeaderboardInput
from tests.functions.conftest import Ready
from tests.functions.console import Browser, browser_of_nobody
from tests.functions.workflow import finished
from tests.openrouter_server import connected

LIST = "/leaderboards"


def made(ready: Ready, name: str = "Another", **fields: Any) -> str:
    wanted = {"name": name, "system_prompt": "Which team?", "dataset_url": ready.leaderboard.dataset_url, **fields}
    return leaderboards.create(ready.workspace, LeaderboardInput(**wanted)).id


def row_of(browser: Browser, leaderboard_id: str) -> str:
    link = browser.get(LIST).one(f"tbody th a[href='{LIST}/{leaderboard_id}']")
    row = link.find_parent("tr")
    assert row is not None
    return " ".join(row.get_text(" ").split())


@pytest.fixture
def reader(ready: Ready) -> Iterator[Browser]:
    """Signed in with a token that may only read."""
    _, secret = access.tokens.create(ready.workspace, "reads", ["leaderboards:read"])
    with browser_of_nobody() as browser:
        browser.sign_in(secret)
        yield browser


def test_a_workspace_without_leaderboards_is_told_what_one_is_and_what_to_do(cloud: None) -> None:
    _, token = access.workspaces.create("new")
    with browser_of_nobody() as browser:
        browser.sign_in(token)
        page = browser.get(LIST)
        assert "A leaderboard is one task" in page.one(".empty").get_text()
        assert page.one(".empty a.primary")["href"] == "/leaderboards/new"
        assert page.one("a[href='/settings/integrations']").get_text() == "Connect OpenRouter"


def test_with_openrouter_connected_nobody_is_asked_to_connect_it(
    browser: Browser, ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "OpenRouter is not connected" in browser.get(LIST).words
    with connected(monkeypatch, workspace_id=ready.workspace):
        assert "OpenRouter is not connected" not in browser.get(LIST).words


def test_a_leaderboard_tells_what_it_waits_for_before_its_first_run(browser: Browser, ready: Ready) -> None:
    assert "Ready to run" in row_of(browser, ready.leaderboard.id)
    empty = made(ready)
    assert "No models yet" in row_of(browser, empty)
    candidate = CandidateInput(name="m", model="m", endpoint_url=ready.models.url)
    added = leaderboards.candidates.add(ready.workspace, empty, candidate)
    assert "One model, needs two" in row_of(browser, empty)
    leaderboards.candidates.remove(ready.workspace, empty, added.id)
    assert "No models yet" in row_of(browser, empty)
    pushed = made(ready, "Pushed", dataset_type="PUSH", dataset_url=None)
    assert "Waiting for rows 0/100" in row_of(browser, pushed)


def test_a_leaderboard_tells_of_its_newest_run_and_of_who_serves(browser: Browser, ready: Ready) -> None:
    run = finished(ready)
    told = row_of(browser, ready.leaderboard.id)
    assert "Completed" in told
    assert "good" in told
    assert browser.get(LIST).one(f"td a[href$='/runs/{run.id}']")
    second = leaderboards.start_run(leaderboards.get(ready.workspace, ready.leaderboard.id), "manual")
    assert "Queued" in row_of(browser, ready.leaderboard.id)
    runs.cancel(second)
    assert "Cancelled" in row_of(browser, ready.leaderboard.id)


def test_the_list_is_paged_newest_first(browser: Browser, ready: Ready) -> None:
    ids = [made(ready, f"Board {number}") for number in range(30)]
    page = browser.get(LIST)
    shown = [link["href"] for link in page.select("tbody th a")]
    assert shown == [f"{LIST}/{one}" for one in reversed(ids[5:])]
    older = browser.get(str(page.one("nav.pager a[href*=before]")["href"]))
    assert [link.get_text() for link in older.select("tbody th a")] == [
        *(f"Board {n}" for n in (4, 3, 2, 1, 0)),
        "Tickets",
    ]
    assert not older.select("a[href*=before]")
    assert older.one("nav.pager a")["href"] == LIST


def test_a_full_page_takes_as_many_reads_as_an_empty_one(
    browser: Browser, ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reads() -> int:
        counted = []
        client = aws.client("dynamodb")
        handler = lambda **told: counted.append(told)  # noqa: E731  what botocore calls
        client.meta.events.register("before-call.dynamodb", handler)
        browser.get(LIST)
        client.meta.events.unregister("before-call.dynamodb", handler)
        return len(counted)

    few = reads()
    for number in range(25):
        made(ready, f"Board {number}", **({"dataset_type": "PUSH", "dataset_url": None} if number % 2 else {}))
    assert reads() - few <= 1  # whether rows came is asked once there is a PUSH dataset
    assert few <= 9


def test_names_are_shown_as_text(browser: Browser, ready: Ready) -> None:
    made(ready, "<script>alert(1)</script>")
    page = browser.get(LIST)
    assert "<script>alert(1)</script>" in page.words
    assert not page.select("tbody script")


def test_a_leaderboard_is_renamed_in_a_dialog(browser: Browser, ready: Ready) -> None:
    path = f"{LIST}/{ready.leaderboard.id}/rename"
    dialog = browser.get(path, part=True)
    assert dialog.one("dialog[data-open] [name=name]")["value"] == "Tickets"
    refused = browser.submit(dialog, "form", {"name": " "})
    assert refused.status == 400
    assert refused.one("[name=name]")["aria-invalid"] == "true"
    browser.submit(browser.get(path), "form[action$='/rename']", {"name": "Post"})
    assert leaderboards.get(ready.workspace, ready.leaderboard.id).name == "Post"
    assert "Tickets is now called Post." in browser.get(LIST).words


def test_deleting_names_what_goes_and_then_it_is_gone(browser: Browser, ready: Ready) -> None:
    finished(ready)
    path = f"{LIST}/{ready.leaderboard.id}/delete"
    dialog = browser.get(path, part=True)
    for told in ("its 2 models: good, bad", "dataset", "runs", "traces", "good answers now"):
        assert told in dialog.words
    page = browser.submit(dialog, "form")
    assert page.status == 204
    with pytest.raises(NotFound):
        leaderboards.get(ready.workspace, ready.leaderboard.id)
    assert "Tickets is deleted." in browser.get(LIST).words


def test_a_leaderboard_whose_run_is_active_is_not_deleted(browser: Browser, ready: Ready) -> None:
    leaderboards.start_run(ready.leaderboard, "manual")
    assert "A run is active" in browser.get(LIST).one(".menu button[disabled]").get_text()
    dialog = browser.get(f"{LIST}/{ready.leaderboard.id}/delete", part=True)
    assert dialog.one("button.danger").has_attr("disabled")
    refused = browser.submit(dialog, "form")
    assert refused.status == 409
    assert leaderboards.get(ready.workspace, ready.leaderboard.id).name == "Tickets"


def test_a_plan_that_is_used_up_says_so_before_one_asks(browser: Browser, ready: Ready) -> None:
    for name in ("Second", "Third"):
        made(ready, name)
    access.workspaces.set_plan(ready.workspace, "free")
    page = browser.get(LIST)
    assert page.one(".head button.primary").has_attr("disabled")
    assert "The Free plan has at most 3 leaderboards" in page.one("#why-no-more").get_text()
    assert page.one("main a[href='/settings/plan']")
    assert "does not let leaderboards be deleted" in page.select("tbody .menu button[disabled]")[0].get_text()
    dialog = browser.get(f"{LIST}/{ready.leaderboard.id}/delete", part=True)
    assert dialog.one("button.danger").has_attr("disabled")
    refused = browser.submit(dialog, "form")
    assert refused.status == 402
    assert "The Free plan does not let leaderboards be deleted" in refused.one(".fault").get_text()
    assert leaderboards.get(ready.workspace, ready.leaderboard.id).name == "Tickets"


def test_who_may_only_read_is_offered_nothing_else_and_refused(reader: Browser, ready: Ready) -> None:
    page = reader.get(LIST)
    assert "Tickets" in page.words
    assert not page.select("a[href='/leaderboards/new'], td .menu")
    for path in (f"{ready.leaderboard.id}/delete", f"{ready.leaderboard.id}/rename", "new"):
        assert reader.get(f"{LIST}/{path}").status == 403


def test_a_leaderboard_of_another_workspace_is_not_found(browser: Browser, ready: Ready) -> None:
    other, _ = access.workspaces.create("other")
    theirs = leaderboards.create(other.id, LeaderboardInput(name="Secret", system_prompt="x", dataset_type="PUSH"))
    for path in ("rename", "delete"):
        assert browser.get(f"{LIST}/{theirs.id}/{path}").status == 404
    assert "Secret" not in browser.get(LIST).words
