from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi

FIRST, SECOND = "0123456789abcde0", "0123456789abcde1"


def test_an_item_is_shown_with_its_answers_and_the_keys(gero: Gero, triage: dict[str, Any]) -> None:
    shown = " ".join(gero.ok("review next").split())
    assert "question What is [0]? expected 4 or four rubric Be brief. A Left [2Janswer B (empty)" in shown
    assert f"{FIRST}, yours" in shown
    assert "0 of 3 reviewed a or b is better, t tie, s skip, u undo, q quit" in shown
    assert gero.json("review next")["item"]["item_id"] == FIRST


def test_nothing_left_is_told_in_a_sentence(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    api.review_items = 0
    assert gero.ok("review next") == "nothing is left for you\n"
    assert gero.ok("review") == "nothing is left for you\n"


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("a", {"verdict": "a"}),
        ("TIE --comment 'both wrong'", {"verdict": "tie", "comment": "both wrong"}),
        ("0.75 --reviewer ann", {"rating": 0.75, "reviewer": "ann"}),
    ],
)
def test_a_verdict_is_sent(gero: Gero, triage: dict[str, Any], api: FakeApi, line: str, body: Any) -> None:
    assert gero.ok(f"review vote {FIRST} {line}") == "Noted; 1 of 3 reviewed\n"
    assert api.requests[-1] == ("POST", f"/api/leaderboards/{triage['id']}/reviews/{FIRST}", body)


def test_what_is_no_verdict_is_a_usage_error(gero: Gero, triage: dict[str, Any]) -> None:
    assert "a, b or tie, or a rating" in gero.refused(f"review vote {FIRST} better", exit_code=2)


def test_skipping_and_undoing(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok(f"review skip {FIRST}")
    assert api.verdicts == {FIRST: {"verdict": "skip"}}
    assert "Taken back" in gero.ok(f"review undo {FIRST} --reviewer 'ann b'")
    assert api.verdicts == {}
    assert "nothing to undo" in gero.refused(f"review undo {FIRST}")


def test_single_keys_review_one_item_after_the_other(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    result = gero("review --reviewer ann", input="x a\nb u t q")
    assert result.exit_code == 0, result.output
    ann = {"reviewer": "ann"}
    assert api.verdicts == {FIRST: {"verdict": "a"} | ann, SECOND: {"verdict": "tie"} | ann}
    assert result.stdout.count("What is [1]?") == 2, "undone and shown again"
    for told in ("voted a; 1 of 3 reviewed", "taken back", "voted tie; 2 of 3 reviewed"):
        assert told in result.stderr
    assert result.stderr.startswith("a or b is better"), "an unknown key tells the keys"


def test_ratings_are_five_keys(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    api.review_mode = "rating"
    result = gero("review", input="a u 5 1 s")
    assert [one.get("rating", one.get("verdict")) for one in api.verdicts.values()] == [1.0, 0.0, "skip"]
    assert "1 (bad) to 5 (good)" in result.stderr
    assert "nothing to undo" in result.stderr
    assert "nothing is left for you" in result.stdout


def test_a_reviewer_names_the_leaderboard_by_its_id_and_asks_for_nothing_else(
    gero: Gero, triage: dict[str, Any], api: FakeApi
) -> None:
    gero.ok(f"review -l {triage['id']}", input="aq")
    assert {path.rsplit("/", 1)[0] for _, path, _ in api.requests} == {f"/api/leaderboards/{triage['id']}/reviews"}


def test_the_status_tells_progress_agreement_and_standing_by_name(
    gero: Gero, triage: dict[str, Any], api: FakeApi
) -> None:
    gero.ok(f"review vote {FIRST} a")
    gero.ok(f"review skip {SECOND}")
    shown = " ".join(gero.ok("review status").split())
    for told in (
        "review open, a run waits for it",
        "progress 2 of 3 reviewed, 1 item needed nobody",
        "votes 1 of 1 reviewer, 1 skipped",
        "agreement 75 % of 8 pairs of votes, kappa 0.50",
        "1 small-1 1100 1050–1150 2 1 0",
        "1-2 big-1 900 1050–1150 2 1 0 out of the race",
    ):
        assert told in shown
    api.review_mode = "rating"
    assert "small-1 0.700 3" in " ".join(gero.ok("review status").split())


def test_closing_asks_unless_yes(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    assert "pass --yes to confirm" in gero.refused("review close", exit_code=2)
    assert gero.ok("review close --yes") == "Closed the review with 0 votes\n"
    assert "review closed: closed by a person" in " ".join(gero.ok("review status").split())
    assert "closed" in gero.refused(f"review vote {FIRST} a")


def test_a_verdict_that_is_refused_does_not_end_the_review(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    api.review_refusals = 1
    result = gero("review", input="a b q")
    assert result.exit_code == 0, result.output
    assert "this item is not yours (any more)" in result.stderr
    assert api.verdicts == {FIRST: {"verdict": "b"}}


def test_an_undo_that_is_refused_can_be_tried_again(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    api.undo_refusals = 1
    result = gero("review", input="a u u q")
    assert "many people review at this moment" in result.stderr
    assert "taken back" in result.stderr
    assert api.verdicts == {}


def test_a_review_ends_when_the_token_is_no_longer_taken(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    api.review_refusals, api.review_refusal = 9, (401, "this API token was revoked")
    result = gero("review", input="a b q")
    assert result.exit_code == 3
    assert api.verdicts == {}


def test_who_may_not_read_is_told_how_far_the_closed_review_is(
    gero: Gero, triage: dict[str, Any], api: FakeApi
) -> None:
    api.review_readable = False
    assert gero.ok("review close --yes") == "Closed the review; 0 of 3 reviewed, and the review is closed\n"


def test_options_before_a_command_are_not_lost_without_a_word(gero: Gero, triage: Any) -> None:
    assert "--leaderboard: give it after the command: gero review next" in gero.refused("review -l Other next", 2)
    assert "--reviewer: give it after the command" in gero.refused("review --reviewer ann status", 2)
