"""What a model is asked at its own address: the task that it was made for, or the bare input."""

from collections.abc import Iterator
from typing import Any

import pytest

from gero import models
from gero.kit import TooLarge, blobs
from gero.models import FineTuneInput, FineTuneRun, Model, ModelInput, fine_tuning, recipe
from gero.providers import Endpoint, target
from infra.local.stand_ins.fine_tuning import FineTuning
from tests.gero.models.made import BASE, SECRET, URL, frozen, made, published, rows, tuning

pytestmark = pytest.mark.usefixtures("cloud")
PROMPT = "Which team?\n\n{input}"


@pytest.fixture
def stand_in() -> FineTuning:
    return FineTuning(api_key=SECRET)


@pytest.fixture
def model(stand_in: FineTuning) -> Iterator[Model]:
    """A model to be fine-tuned on a leaderboard of 50 rows."""
    frozen(rows(50))
    with tuning(stand_in) as url:
        yield made(base=BASE | {"endpoint_url": url, "auth_token": SECRET}, system_prompt="Be brief.")


def tuned(model: Model, prompt: str = PROMPT, **wanted: Any) -> FineTuneRun:
    body = FineTuneInput.model_validate(wanted)
    run = fine_tuning.start(models.get("w", model.id), body, leaderboard_id="lb", prompt=prompt)
    for _ in range(3):
        run = fine_tuning.sync("w", model.id, run.id)
    return run


def asked(model: Model) -> str:
    """The prompt at the model's own address."""
    found = target.load(target.model_key("w", model.id))
    assert isinstance(found, target.Target)
    return found.prompt


def test_a_recipe_is_asked_the_bare_input() -> None:
    model = made(system_prompt="Sort.")
    assert models.version("w", model.id, 1).prompt is None
    assert asked(model) == "{input}"


def test_an_automatic_model_is_asked_its_leaderboards_prompt() -> None:
    frozen(rows(30))
    wanted = ModelInput(name="Auto", creation_mode="auto", leaderboard_ids=["lb"])
    model = models.create("w", wanted, Endpoint("custom", URL, "m"), PROMPT)
    assert (models.version("w", model.id, 1).prompt, asked(model)) == (PROMPT, PROMPT)
    # It stays the task of what is made of it, over whatever base; as a candidate the leaderboard's own is sent.
    assert published(model, base=BASE).prompt == PROMPT
    assert published(model, examples=[]).prompt == PROMPT
    assert asked(model) == PROMPT
    assert PROMPT not in str(models.deployed_endpoint("w", model.id))


def test_a_fine_tuned_model_is_asked_the_prompt_that_it_was_trained_on(model: Model) -> None:
    run = tuned(model)
    assert models.version("w", model.id, 2).prompt == PROMPT
    assert asked(model) == PROMPT
    tuned(model, "Another task: {input}", base_model="keyword-small")
    assert asked(model) == "Another task: {input}"
    base = BASE | {"endpoint_url": f"{run.root}/chat/completions"}
    # A base goes with the task that it was trained on, and one that was not trained with that from before.
    assert published(model, base=base | {"model": run.fine_tuned_model}).prompt == PROMPT
    assert published(model, base=base).prompt is None
    assert asked(model) == "{input}"
    models.deploy("w", model.id, 2)
    assert asked(model) == PROMPT


def test_a_run_that_did_not_keep_its_prompt_yet_ends_too(model: Model) -> None:
    run = fine_tuning.start(model, FineTuneInput(), leaderboard_id="lb", prompt=PROMPT)
    blobs.delete_many([str(run.prompt_key)])
    for _ in range(3):
        run = fine_tuning.sync("w", model.id, run.id)
    assert (run.status, asked(model)) == ("succeeded", "{input}")


def test_a_prompt_that_could_not_be_served_is_refused_before_anything_is_sent(
    model: Model, stand_in: FineTuning
) -> None:
    with pytest.raises(TooLarge, match="prompt: the leaderboard's prompt takes more than"):
        tuned(model, "\0" * 60_000)
    assert not stand_in.files


def test_a_version_that_cannot_be_published_ends_its_run(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    run = fine_tuning.start(model, FineTuneInput(), leaderboard_id="lb", prompt=PROMPT)
    monkeypatch.setattr(recipe, "MAX_RECIPE_BYTES", 10)  # as if it was stored when more was allowed
    for _ in range(3):
        run = fine_tuning.sync("w", model.id, run.id)
    assert (run.status, run.version) == ("failed", None)
    assert str(run.fine_tuned_model).startswith("ft:keyword-small:")
    assert "its version cannot be published: examples: " in str(run.error)
