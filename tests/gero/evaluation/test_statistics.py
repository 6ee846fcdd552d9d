import json
import subprocess
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.evaluation import SCORE_SCALE, BatchStatistics, RowMasks, pack_scores, scale_score
from tests.gero.ranking.samples import Block, batch_of, blocks, exact

exact_scores = st.lists(st.none() | st.sampled_from([0, SCORE_SCALE]), max_size=80)
graded_scores = st.lists(st.none() | st.integers(0, SCORE_SCALE), max_size=80)


@given(exact_scores | graded_scores)
def test_the_scores_of_every_row_survive_packing_and_json(scores: list[int | None]) -> None:
    batch = batch_of("a", scores)
    assert batch.row_scores() == scores
    assert BatchStatistics.from_json(batch.to_json()) == batch


@given(blocks())
def test_equal_statistics_give_equal_bytes(made: list[Block]) -> None:
    for batch in made[0]:
        shuffled = msgspec.structs.replace(batch, latency=dict(reversed(batch.latency.items())))
        assert shuffled.to_json() == batch.to_json()


def test_exact_match_is_stored_as_two_hexadecimal_masks() -> None:
    batch = batch_of("a", exact(1, 0, None, 1, 1))
    assert batch.scores == RowMasks(scored="1b", correct="19")
    assert json.loads(batch.to_json())["scores"] == {"scored": "1b", "correct": "19"}


def test_a_thousand_exact_rows_take_less_than_six_hundred_bytes() -> None:
    assert len(batch_of("a", exact(*[1, 0] * 500)).to_json()) < 600


def test_graded_scores_are_stored_as_integers_and_null() -> None:
    assert json.loads(batch_of("a", [250_000, None, 0]).to_json())["scores"] == [250_000, None, 0]


def test_a_score_is_scaled_to_a_millionth_and_refused_outside_of_its_range() -> None:
    assert [scale_score(score) for score in (0, 0.25, 1 / 3, 1)] == [0, 250_000, 333_333, SCORE_SCALE]
    for score in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="between 0 and 1"):
            scale_score(score)


@pytest.mark.parametrize(
    "scores",
    [
        RowMasks("1f", "0"),
        RowMasks("3", "4"),
        RowMasks("-1", "0"),
        RowMasks("zz", "0"),
        (1, 2, 3),
        (0, 0, 0, 1_000_001),
    ],
)
def test_scores_that_do_not_describe_the_rows_are_refused(scores: RowMasks | tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        BatchStatistics(candidate_id="a", round=1, block=0, n_rows=4, scores=scores)


def test_negative_counts_are_refused_when_made_and_when_read() -> None:
    with pytest.raises(ValueError, match="not negative"):
        batch_of("a", [], cost_nanos=-1)
    text = batch_of("a", exact(1), n_errors=1).to_json().replace(b'"n_errors":1', b'"n_errors":-1')
    with pytest.raises(msgspec.ValidationError):
        BatchStatistics.from_json(text)


def test_no_scores_at_all_is_a_batch_of_unscored_rows() -> None:
    assert pack_scores([None, None]) == RowMasks("0", "0")


def test_importing_the_slice_loads_no_heavy_module() -> None:
    heavy = "{'pydantic', 'boto3', 'numpy', 'scipy', 'statistics', 'fractions'}"
    code = f"import sys, gero.ranking; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
