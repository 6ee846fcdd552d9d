"""Rows that a model has seen in an earlier training are known, whichever version it is trained on from."""

from collections.abc import Iterator
from typing import Any

import pytest

from gero import models
from gero.models import FineTuneInput, FineTuneRun, Model, fine_tuning
from infra.local.stand_ins.fine_tuning import FineTuning
from tests.gero.models.made import BASE, SECRET, frozen, made, published, rows, tuning

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def model() -> Iterator[Model]:
    with tuning(FineTuning(api_key=SECRET)) as url:
        yield made(base=BASE | {"endpoint_url": url, "auth_token": SECRET})


def tuned(model: Model, leaderboard_id: str, **wanted: Any) -> FineTuneRun:
    body = FineTuneInput.model_validate(wanted)
    run = fine_tuning.start(models.get("w", model.id), body, leaderboard_id=leaderboard_id, prompt="{input}")
    for _ in range(3):
        run = fine_tuning.sync("w", model.id, run.id)
    assert run.version
    return run


def seen(model: Model, run: FineTuneRun) -> set[bytes]:
    return models.seen_rows("w", model.id, int(run.version or 0))


def test_an_older_tuned_model_that_is_trained_further_keeps_the_rows_it_has_seen(model: Model) -> None:
    for number, name in enumerate("abc"):
        frozen(rows(20, start=20 * number), name)
    first = tuned(model, "a")
    second = tuned(model, "b", base_model="keyword-small")
    assert not seen(model, first) & seen(model, second)
    third = tuned(model, "c", base_model=first.fine_tuned_model)
    assert len(seen(model, third)) == 32
    assert seen(model, first) < seen(model, third)
    assert not seen(model, second) & seen(model, third)


def test_a_base_that_is_an_earlier_tuned_model_has_seen_its_rows_wherever_it_is_called(model: Model) -> None:
    frozen(rows(20), "a")
    run = tuned(model, "a")
    assert published(model, base=BASE | {"auth_method": "none"}).trained_on is None
    elsewhere = {"endpoint_url": "http://localhost:9/proxy/chat/completions", "model": run.fine_tuned_model}
    again = published(model, base=elsewhere | {"auth_method": "none"})
    assert again.trained_on == models.version("w", model.id, int(run.version or 0)).trained_on
    assert models.seen_rows("w", model.id, again.number) == seen(model, run)
