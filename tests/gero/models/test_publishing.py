from typing import Any

import pytest
from msgspec.structs import replace

from gero import datasets, models
from gero.kit import Conflict, Invalid, NotFound, blobs, secrets, table
from gero.models import Model, ModelPatch, ModelVersion, publishing, store
from gero.providers import target
from gero.providers.target import NoTarget, Target
from tests.gero.faults import Faults
from tests.gero.models.made import BASE, SECRET, URL, frozen, made, published, rows

pytestmark = pytest.mark.usefixtures("cloud")


def served(model: Model) -> Any:
    return target.load(target.model_key("w", model.id))


def test_a_version_takes_what_it_does_not_name_from_the_one_before() -> None:
    model = made(system_prompt="Sort.", examples=[{"input": "a", "output": "A"}], parameters={"temperature": 0})
    second = published(model, system_prompt="Sort well.", note="Wording")
    third = published(model, parameters={"top_p": 1})
    assert (second.number, second.system_prompt, second.note) == (2, "Sort well.", "Wording")
    assert (third.system_prompt, third.note, third.parameters) == ("Sort well.", None, {"top_p": 1})
    assert third.examples == second.examples == models.version("w", model.id, 1).examples
    emptied = published(model, system_prompt=None, examples=[])
    assert (emptied.system_prompt, emptied.examples, emptied.parameters) == (None, (), {"top_p": 1})
    assert [one.number for one in models.versions("w", model.id)] == [4, 3, 2, 1]
    assert models.get("w", model.id).latest_version == 4


def test_a_published_version_serves_unless_the_model_does_not_update_itself() -> None:
    automatic, by_hand = made(), made(auto_update_model=False)
    for model in (automatic, by_hand):
        published(model, system_prompt="Sort.")
    assert served(automatic).endpoint.version == models.get("w", automatic.id).deployed_version == 2
    assert served(by_hand).endpoint.version == models.get("w", by_hand.id).deployed_version == 1
    published(by_hand, deploy=True)
    published(automatic, deploy=False)
    assert models.get("w", by_hand.id).deployed_version == 3
    assert models.get("w", automatic.id).deployed_version == 2


def test_what_inference_calls_is_the_deployed_version() -> None:
    model = made(system_prompt="One.")
    published(model, system_prompt="Two.")
    found = served(model)
    assert isinstance(found, Target)
    assert (found.candidate_id, found.name, found.prompt) == (model.id, "Tickets", "{input}")
    assert found.endpoint == models.deployed_endpoint("w", model.id)
    models.deploy("w", model.id, 1)
    assert served(model).endpoint.preamble == ({"role": "system", "content": "One."},)
    models.deploy("w", model.id)
    assert served(model).endpoint.version == 2
    assert models.undeploy("w", model.id).deployed_version is None
    assert isinstance(served(model), NoTarget)
    assert models.undeploy("w", model.id).revision == models.get("w", model.id).revision
    with pytest.raises(Conflict, match="'Tickets' is not deployed") as refused:
        models.deployed_endpoint("w", model.id)
    assert refused.value.code == "model_not_deployed"


def test_what_is_not_there_is_not_found() -> None:
    model = made()
    for ask in (
        lambda: models.version("w", model.id, 2),
        lambda: models.deploy("w", model.id, 2),
        lambda: models.deployed_endpoint("w", "nothing"),
        lambda: models.get("another", model.id),
        lambda: published(replace(model, id="nothing"), system_prompt="x"),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_new_name_is_served_too() -> None:
    model = made()
    models.patch("w", model.id, ModelPatch(name="Letters", description="d"))
    assert served(model).name == "Letters"
    renamed = models.get("w", model.id)
    assert (renamed.name, renamed.description, renamed.deployed_version) == ("Letters", "d", 1)
    with pytest.raises(Invalid, match="name: cannot be null"):
        models.patch("w", model.id, ModelPatch(name=None))
    with pytest.raises(Conflict, match="read it again"):
        models.patch("w", model.id, ModelPatch(description="e", revision=model.revision))
    assert models.patch("w", model.id, ModelPatch(description="e", revision=renamed.revision)).description == "e"


def test_a_long_version_lies_in_s3_and_reads_the_same() -> None:
    model = made(system_prompt="x" * 90_000, examples=[{"input": "y" * 50_000, "output": "z"}])
    item = table.get(store.partition("w", model.id), "VERSION#000001")
    assert item is not None
    assert "doc" not in item
    assert item["blob"].startswith(f"w/models/{model.id}/versions/000001-")
    found = models.version("w", model.id, 1)
    assert (found.system_prompt, found.examples[0].input) == ("x" * 90_000, "y" * 50_000)
    assert served(model).endpoint.preamble[1]["content"] == "y" * 50_000
    blobs.delete_many([item["blob"]])
    with pytest.raises(NotFound, match="content of this version is gone"):
        models.version("w", model.id, 1)


def test_two_who_publish_at_once_both_do(faults: Faults) -> None:
    model = made(system_prompt="x" * 99_000)

    def other(_: dict[str, Any]) -> None:
        published(model, system_prompt="y" * 99_500)

    faults.meanwhile("dynamodb", "TransactWriteItems", other)
    late = published(model, parameters={"top_p": 1})
    assert (late.number, late.system_prompt) == (3, "y" * 99_500)
    assert models.version("w", model.id, 2).parameters == {}
    assert len(list(blobs.keys(f"w/models/{model.id}/versions/"))) in (0, 3)  # nothing of the first try is left


def test_a_version_that_cannot_be_published_in_peace_says_so(faults: Faults) -> None:
    model = made()
    faults.fail("dynamodb", "TransactWriteItems", 9, "TransactionCanceledException", "ConditionalCheckFailed")
    with pytest.raises(Conflict, match="changed by others"):
        published(model, system_prompt="x")


def test_the_base_keeps_its_token_while_it_stays_on_its_server() -> None:
    model = made(base=BASE | {"auth_token": SECRET})
    moved = BASE | {"endpoint_url": "http://127.0.0.1:9/v2/chat/completions", "model": "keyword-large"}
    second = published(model, base=moved)
    assert (second.base.model, second.base.url) == ("keyword-large", moved["endpoint_url"])
    assert second.base.headers("w")["Authorization"] == f"Bearer {SECRET}"
    assert second.base.secret_owner == model.id
    rotated = published(model, base=moved | {"auth_token": "sk-other", "auth_method": "x_api_key"})
    assert rotated.base.headers("w")["X-API-Key"] == "sk-other"
    again = published(model, base=moved)
    assert again.base.headers("w")["X-API-Key"] == "sk-other"
    assert published(model, base=moved | {"auth_method": "none"}).base.sealed_secret is None


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:10/v1/chat/completions",
        "https://127.0.0.1:9/v1/chat/completions",
        "http://127.0.0.2:9/v1/chat/completions",
        "http://localhost:9/v1/chat/completions",
    ],
)
def test_a_changed_address_never_gets_the_old_token(url: str) -> None:
    model = made(base=BASE | {"auth_token": SECRET})
    with pytest.raises(Invalid, match=r"base.auth_token: the address changed") as refused:
        published(model, base=BASE | {"endpoint_url": url})
    assert SECRET not in str(refused.value.body())
    assert models.get("w", model.id).latest_version == 1
    assert published(model, base=BASE | {"endpoint_url": url, "auth_method": "none"}).base.sealed_secret is None
    # And what was without a token for a version has none to keep.
    assert published(model, base=BASE).base.sealed_secret is None


def test_a_token_of_the_base_is_sealed_for_the_model_and_stored_nowhere_else() -> None:
    model = made(base=BASE | {"auth_method": "custom_header", "auth_header_name": "X-Key", "auth_token": SECRET})
    kept = published(model, base=BASE)
    assert kept.base.headers("w")["X-Key"] == SECRET
    everything = str([*table.query("WS#w"), *table.query(store.partition("w", model.id))])
    assert SECRET not in everything + repr(kept)
    with pytest.raises(Exception, match="InvalidCiphertext"):
        secrets.unseal(str(kept.base.sealed_secret), {"workspace_id": "w", "owner": "another"})


def test_a_base_on_hugging_face_keeps_its_token_too() -> None:
    inference = {"platform": "huggingface", "endpoint_url": "https://one.endpoints.huggingface.cloud"}
    elsewhere = {"platform": "huggingface", "endpoint_url": "https://models.example.com"}
    for base in (inference, elsewhere, {"platform": "huggingface", "model": "org/m"}):
        model = made(base=base | {"auth_token": SECRET})
        kept = published(model, base=base | {"timeout_seconds": 9})
        assert (kept.base.timeout_seconds, kept.base.integration) == (9, None)
        assert kept.base.headers("w")["Authorization"] == f"Bearer {SECRET}"
    with pytest.raises(Invalid, match="the address changed"):
        published(model, base=inference)


def test_examples_and_training_rows_have_been_seen() -> None:
    frozen(rows(20))
    given = made(examples=[{"input": " given ", "output": "x"}])
    drawn = made(examples={"leaderboard_id": "lb", "count": 3})
    assert models.seen_rows("w", given.id, 1) == {datasets.input_digest("given")}
    found = models.version("w", drawn.id, 1)
    assert models.seen_rows("w", drawn.id, 1) == {datasets.input_digest(one.input) for one in found.examples}
    blobs.put("w/rows.bin", b"".join([b"12345678", b"abcdefgh"]))
    trained = models.Training("lb", 1, 2, 0, "w/rows.bin")

    def make(latest: ModelVersion | None) -> ModelVersion:
        assert latest is not None
        return replace(latest, source="fine_tune", trained_on=trained)

    publishing.publish("w", given.id, make)
    both = {datasets.input_digest("given"), b"12345678", b"abcdefgh"}
    assert models.seen_rows("w", given.id, 2) == both
    assert models.seen_rows("w", given.id, 1) == {datasets.input_digest("given")}
    # A version that builds on the trained model has seen its rows too; one on another model has not.
    assert models.seen_rows("w", given.id, published(given, base=BASE).number) == both
    other = published(given, base=BASE | {"model": "keyword-large"}, examples=[])
    assert models.seen_rows("w", given.id, other.number) == set()
    blobs.delete_many(["w/rows.bin"])
    with pytest.raises(NotFound, match="trained on is gone"):
        models.seen_rows("w", given.id, 2)


def test_the_address_that_was_given_is_called() -> None:
    assert models.deployed_endpoint("w", made().id).url == URL
