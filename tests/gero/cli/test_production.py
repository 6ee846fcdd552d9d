from typing import Any

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi

HOOK = "https://hooks.example.com/gero"


def words(text: str) -> str:
    return " ".join(text.split())


def test_production_is_shown_with_why_and_the_challenger(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    shown = words(gero.ok("production show"))
    assert "serves big-1" in shown
    assert "last decision promote, just now: promote of big-1" in shown
    assert "challenger" not in shown
    del api.decisions[0]
    api.challenger = {"challenger_id": "b", "rows": 1000, "difference": 0.0213, "e_value": 4.2, "e_value_needed": 10.0}
    told = "challenger ahead by +0.021 on 1,000 rows, evidence 4.2 of 10; about 820 more rows needed"
    assert told in words(gero.ok("production show 'Support triage'"))


def test_the_history_tells_who_decided_what(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok("production rollback --yes")
    lines = gero.ok("production history").splitlines()
    assert lines[0].split() == ["id", "when", "decision", "serves", "before", "by", "reason"]
    assert "rollback" in lines[2]
    assert "a person" in lines[2]
    assert "a run" in lines[3]
    assert gero.json("production history --limit 1")["count"] == 1


def test_a_rollback_asks_unless_yes_and_says_what_serves(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    assert "pass --yes to confirm" in gero.refused("production rollback", exit_code=2)
    assert gero.ok("production rollback --yes") == "small-1 serves and is pinned.\n"
    assert api.requests[-1] == ("POST", f"/api/leaderboards/{triage['id']}/production/rollback", {})


def test_a_decision_may_be_named_by_the_end_of_its_id(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    promoted, held, _ = api.decisions
    gero.ok(f"production rollback --to {held['id'][-8:]} --yes")
    assert api.requests[-1][2] == {"to": held["id"]}
    gero.ok(f"production rollback --to {promoted['id']} --yes")
    assert api.requests[-1][2] == {"to": promoted["id"]}
    assert "no decision" in gero.refused("production rollback --to deadbeef --yes")


def test_a_model_is_pinned_by_its_name_and_unpinned(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    assert gero.ok("production pin big-1") == "Pinned big-1: runs do not replace it\n"
    pinned = api.requests[-1][2]["model_selection"]
    assert pinned["mode"] == "manual"
    assert api.models[triage["id"]][pinned["model_id"]]["name"] == "big-1"
    assert gero.ok("production unpin").startswith("Took the pin away")
    assert api.requests[-1] == (
        "PATCH",
        f"/api/leaderboards/{triage['id']}",
        {"model_selection": {"mode": "ranking_winner"}},
    )
    assert "no candidate matches" in gero.refused("production pin nobody")


def test_a_webhook_s_secret_is_the_answer_and_is_there_once(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    made = gero(f"notification set {HOOK} --event run.failed --event run.paused")
    assert made.stdout == "whsec_shown_once\n"
    assert "store it now, it is not shown again" in made.stderr
    assert api.requests[-1] == (
        "PUT",
        f"/api/leaderboards/{triage['id']}/notifications",
        {"url": HOOK, "events": ["run.failed", "run.paused"]},
    )
    assert gero.ok(f"notification set {HOOK}") == f"Events go to {HOOK}, signed with the secret as before\n"
    assert gero.ok(f"notification set {HOOK} --new-secret") == "whsec_shown_once\n"


def test_a_webhook_is_shown_with_what_has_not_arrived(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    assert "gero notification set URL" in gero.ok("notification show")
    gero.ok(f"notification set {HOOK}")
    assert "run.reviewing" in gero.ok("notification show")
    waits = {"id": "e", "event": "run.failed", "at": triage["created_at"], "tries": 7, "error": "it answered 500"}
    api.waiting = [
        {**waits, "next_try_at": None},
        {**waits, "event": "run.paused", "next_try_at": "2999-01-01T00:00:00Z"},
    ]
    shown = words(gero.ok("notification show"))
    assert "7 given up it answered 500" in shown
    assert "run.paused" in shown


def test_a_test_event_that_does_not_arrive_is_a_failure(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    assert "set one first" in gero.refused("notification test")
    gero.ok(f"notification set {HOOK}")
    assert gero.ok("notification test") == "The test event arrived\n"
    api.webhook_error = "it answered 500"
    assert "the test event did not arrive: it answered 500" in gero.refused("notification test")
    assert gero("notification test --json").exit_code == 1


def test_removing_a_webhook_asks_unless_yes(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok(f"notification set {HOOK}")
    assert "pass --yes to confirm" in gero.refused("notification remove", exit_code=2)
    assert gero.ok("notification remove --yes") == "Took the webhook away\n"
    assert api.webhook is None
