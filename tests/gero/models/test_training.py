import io
import json
from typing import Any

import pytest

from gero.datasets import Row
from gero.kit import Invalid, TooLarge
from gero.models import FineTuneInput, training
from tests.gero.models.made import digests, frozen, rows

pytestmark = pytest.mark.usefixtures("cloud")


def written(found: list[Row], **fields: Any) -> tuple[training.TrainingFile, list[Any]]:
    file = io.BytesIO()
    wanted = FineTuneInput.model_validate(fields)
    made = training.write(frozen(found), file, wanted, prompt="Answer: {input}", system_prompt="Be brief.")
    return made, [json.loads(line) for line in file.getvalue().splitlines()]


def asked(conversation: Any) -> str:
    question: str = conversation["messages"][1]["content"]
    return question


def test_a_row_is_a_conversation_as_it_is_held_in_production() -> None:
    made, lines = written(rows(20), training_share=0.95)
    assert made.rows == len(lines) == 19
    expected = [
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": f"Answer: question {number}"},
                {"role": "assistant", "content": f"answer {number}"},
            ]
        }
        for number in range(20)
    ]
    assert all(line in expected for line in lines)


def test_a_share_that_leaves_nothing_to_evaluate_on_is_refused() -> None:
    with pytest.raises(Invalid, match="training_share: no row would be left"):
        written(rows(20), training_share=0.999)


def test_four_fifths_are_trained_on_and_the_others_held_out() -> None:
    found = rows(100)
    made, lines = written(found)
    assert (made.rows, made.held_out, len(lines)) == (80, 20, 80)
    assert len(made.digests) == 80
    assert made.digests < digests(found)
    trained = {asked(line).removeprefix("Answer: ") for line in lines}
    assert made.digests == digests([row for row in found if row.input in trained])


def test_what_was_held_out_stays_so_when_rows_come_and_the_order_changes() -> None:
    before, _ = written(rows(200))
    after, _ = written(list(reversed(rows(210))))
    held_before = digests(rows(200)) - before.digests
    assert len(held_before & after.digests) <= 4  # only rows at the edge of the share change sides


def test_a_question_that_is_there_twice_is_on_one_side() -> None:
    twice = [*rows(50), *[Row(f"again-{row.id}", row.input, row.expected) for row in rows(50)]]
    made, lines = written(twice)
    assert (made.rows, len(lines)) == (80, 80)
    assert len(made.digests) + made.held_out == 50


def test_rows_without_an_answer_are_not_trained_on() -> None:
    _, lines = written([*rows(20), Row("open", "nobody knows"), Row("empty", "nothing", [""])])
    assert len(lines) == 16
    assert not {"Answer: nobody knows", "Answer: nothing"} & {asked(line) for line in lines}


@pytest.mark.parametrize(
    ("limit", "chosen"),
    [
        ({"rows": 40, "algorithm": "LAST_N"}, set(range(60, 100))),
        ({"rows": 40}, None),
        ({"auto": True}, set(range(100))),
        ({"rows": 20_000, "algorithm": "WEIGHTED_SHUFFLE"}, set(range(100))),
    ],
)
def test_a_limit_says_how_many_rows_and_which(limit: dict[str, Any], chosen: set[int] | None) -> None:
    made, lines = written(rows(100), dataset_size={"mode": "LIMIT", "limit": limit}, training_share=0.5)
    numbers = {int(asked(line).split()[-1]) for line in lines}
    used = len(chosen) if chosen else 40
    assert (made.rows, made.held_out, len(numbers)) == (used // 2, used // 2, used // 2)
    assert chosen is None or numbers <= chosen


def test_gero_limits_a_large_dataset_when_it_may_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "AUTO_ROWS", 30)
    made, _ = written(rows(100), dataset_size={"mode": "LIMIT", "limit": {"auto": True}})
    assert (made.rows, made.held_out) == (24, 6)


def test_too_few_rows_are_refused_with_what_is_needed() -> None:
    with pytest.raises(Invalid, match="11 rows with answers make 9 to train on, at least 10") as refused:
        written(rows(11))
    assert refused.value.code == "too_few_rows"
    assert written(rows(11), training_share=0.95)[0].rows == 10


def test_too_many_rows_and_too_long_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "MAX_ROWS", 99)
    with pytest.raises(Invalid, match="more than 99 rows with answers; use mode LIMIT"):
        written(rows(100))
    monkeypatch.setattr(training, "MAX_BYTES", 2_000)
    with pytest.raises(TooLarge, match="limit the rows"):
        written(rows(99))


@pytest.mark.parametrize(
    "size",
    [
        {"mode": "LIMIT"},
        {"mode": "LIMIT", "limit": {}},
        {"mode": "LIMIT", "limit": {"auto": True, "rows": 100}},
        {"mode": "LIMIT", "limit": {"rows": 9}},
        {"mode": "ALL", "limit": {"rows": 100}},
    ],
)
def test_a_size_that_says_nothing_or_too_much_is_refused(size: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="limit"):
        FineTuneInput.model_validate({"dataset_size": size})
