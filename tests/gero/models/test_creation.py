from typing import Any

import pytest
from pydantic import ValidationError

from gero import access, models
from gero.kit import Conflict, Invalid, NotFound, TooLarge
from gero.models import Example, ExamplesFrom, ModelInput, VersionInput
from gero.providers import Endpoint, seal_secret
from tests.gero.models.made import BASE, SECRET, frozen, made, rows

pytestmark = pytest.mark.usefixtures("cloud")


def test_a_recipe_is_deployed_as_it_was_given() -> None:
    model = made(
        description="Sorts tickets",
        system_prompt="Sort.",
        examples=[{"input": "a", "output": "A"}],
        parameters={"temperature": 0},
        leaderboard_ids=["one", "two", "one"],
    )
    assert models.get("w", model.id) == model
    assert (model.creation_mode, model.latest_version, model.deployed_version) == ("recipe", 1, 1)
    assert (model.leaderboard_ids, model.auto_update_model) == (("one", "two"), True)
    found = models.version("w", model.id, 1)
    assert (found.source, found.system_prompt, found.examples) == ("recipe", "Sort.", (Example("a", "A"),))
    assert found.created_at == model.created_at
    assert models.deployed_endpoint("w", model.id).parameters == {"temperature": 0}
    assert made(deploy=False).deployed_version is None


def test_examples_are_drawn_from_a_dataset() -> None:
    frozen(rows(30))
    model = made(examples={"leaderboard_id": "lb", "count": 4, "seed": 7})
    found = models.version("w", model.id, 1)
    assert found.examples_from == ExamplesFrom("lb", 1, 4, 7)
    assert len(found.examples) == 4
    assert made(examples={"leaderboard_id": "lb", "count": 4, "seed": 7}).id != model.id


def test_an_automatic_model_is_the_production_model_with_eight_examples() -> None:
    frozen(rows(30))
    sealed = seal_secret("w", "candidate", SECRET)
    production = Endpoint(
        "custom",
        BASE["endpoint_url"],
        "m",
        "bearer",
        sealed_secret=sealed,
        secret_owner="candidate",
        parameters={"a": 1},
    )
    wanted = ModelInput(name="Auto", creation_mode="auto", leaderboard_ids=["lb"], parameters={"b": 2})
    model = models.create("w", wanted, production)
    found = models.version("w", model.id, 1)
    assert (found.source, found.system_prompt, len(found.examples)) == ("auto", None, 8)
    endpoint = models.deployed_endpoint("w", model.id)
    assert endpoint.headers("w")["Authorization"] == f"Bearer {SECRET}"
    assert (endpoint.secret_owner, endpoint.parameters) == (model.id, {"a": 1, "b": 2})
    assert endpoint.sealed_secret != sealed
    with pytest.raises(Conflict, match="no production model yet"):
        models.create("w", wanted)
    # One that is called with the workspace's own key, or with none, has nothing to seal.
    plain = models.create(
        "w", wanted, Endpoint("openrouter", "https://openrouter.test/v1", "m", integration="openrouter")
    )
    assert models.deployed_endpoint("w", plain.id).integration == "openrouter"


def test_a_model_to_be_fine_tuned_answers_nothing_yet() -> None:
    model = made(creation_mode="fine_tune", deploy=True)
    assert (model.latest_version, model.deployed_version) == (1, None)
    for base, told in (
        (BASE | {"endpoint_url": "http://127.0.0.1:9/generate"}, "ends in /chat/completions"),
        (BASE | {"model": None}, r"base\.model: name the model"),
        ({"platform": "huggingface", "endpoint_url": "http://127.0.0.1:9/", "auth_token": "hf_x"}, "needs a custom"),
    ):
        with pytest.raises(Invalid, match=told):
            made(creation_mode="fine_tune", base=base)


def test_a_base_on_a_hub_is_called_with_the_workspaces_token() -> None:
    with pytest.raises(Conflict, match="Hugging Face is not connected"):
        made(base={"platform": "huggingface", "model": "org/m"})
    assert not list(models.listed("w"))
    assert not access.integrations.is_connected("w", "huggingface")


def test_a_recipe_that_is_too_long_is_not_made() -> None:
    with pytest.raises(TooLarge):
        made(examples=[{"input": "x" * 90_000, "output": "y"}] * 4)
    with pytest.raises(NotFound):
        made(examples={"leaderboard_id": "lb", "count": 4, "dataset_version": 9})
    assert not list(models.listed("w"))


VALID: dict[str, Any] = {"name": "n", "base": BASE}
AUTO: dict[str, Any] = {"name": "n", "creation_mode": "auto", "leaderboard_ids": ["lb"]}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (VALID | {"base": None}, "base: give the model to build on"),
        (VALID | {"base": {"platform": "drgero"}}, "platform: a Dr.Gero model is made over openrouter"),
        (VALID | {"base": BASE | {"endpoint_url": "http://169.254.169.254/v1"}}, "endpoint_url"),
        (VALID | {"continuous_self_learning": True}, "not supported yet"),
        (VALID | {"hypertuningParameters": True}, "not supported yet"),
        (VALID | {"parameters": {"model": "x"}}, "model cannot be set here"),
        (VALID | {"parameters": {"x": "y" * 9_000}}, "at most 8,000 bytes"),
        (VALID | {"examples": {"leaderboard_id": "l", "count": 51}}, "less than or equal to 50"),
        (VALID | {"examples": {"leaderboard_id": "l", "count": 0}}, "greater than or equal to 1"),
        (VALID | {"examples": [{"input": "a", "output": ""}]}, "at least 1 character"),
        (VALID | {"examples": [{"input": "a", "output": "b"}] * 51}, "at most 50 items"),
        (VALID | {"system_prompt": ""}, "at least 1 character"),
        (VALID | {"creation_mode": "magic"}, "creation_mode"),
        (VALID | {"name": " "}, "at least 1 character"),
        (AUTO | {"leaderboard_ids": []}, "leaderboard_ids: creation_mode auto needs a leaderboard"),
        (AUTO | {"base": BASE}, "base: creation_mode auto chooses it"),
        (AUTO | {"system_prompt": "x"}, "system_prompt: creation_mode auto chooses it"),
        (AUTO | {"examples": [{"input": "a", "output": "b"}]}, "examples: creation_mode auto chooses it"),
    ],
)
def test_a_faulty_body_is_refused_with_the_field_and_the_fix(body: dict[str, Any], told: str) -> None:
    ModelInput.model_validate(VALID)
    ModelInput.model_validate(AUTO)
    with pytest.raises(ValidationError, match=told):
        ModelInput.model_validate(body)


def test_the_documented_names_are_accepted() -> None:
    documented = {
        "modelName": "Tickets",
        "leaderboardIds": ["lb"],
        "creationMode": "auto",
        "autoUpdateModel": False,
        "continuousSelfLearning": False,
    }
    wanted = ModelInput.model_validate(documented)
    assert (wanted.name, wanted.leaderboard_ids, wanted.creation_mode) == ("Tickets", ["lb"], "auto")
    assert (wanted.auto_update_model, wanted.continuous_self_learning) == (False, False)
    assert VersionInput.model_validate({"systemPrompt": "x"}).system_prompt == "x"
