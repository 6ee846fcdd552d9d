from datetime import timedelta
from typing import Any

import pytest

from gero import leaderboards, models, traces
from gero.kit import Conflict, NotFound, blobs, clock, table
from gero.leaderboards import CandidateInput, candidates
from gero.models import Link, ModelPatch, store
from gero.providers import target
from tests.gero.faults import Faults
from tests.gero.leaderboards.boards import board
from tests.gero.models.made import made, published

pytestmark = pytest.mark.usefixtures("cloud")


def left_of(model_id: str) -> list[Any]:
    own = [item for item in table.query("WS#w") if model_id in item["sk"]]
    return [*own, *table.query(store.partition("w", model_id)), *blobs.keys(f"w/models/{model_id}/")]


def traces_of(model_id: str) -> list[Any]:
    return [*table.query(f"WS#w#LB#{model_id}"), *blobs.keys(f"w/{model_id}/")]


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = clock.now() + timedelta(minutes=16)
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_models_are_listed_newest_first_and_by_workspace() -> None:
    made_ids = [made(name=name).id for name in "abc"]
    assert [one.id for one in models.listed("w")] == sorted(made_ids, reverse=True)
    assert list(models.listed("another")) == []


def test_a_candidate_links_its_model_and_is_called_as_it_is_deployed() -> None:
    model, one = made(system_prompt="Sort."), board()
    wanted = CandidateInput(platform="drgero", drgero_model_id=model.id)
    candidate = leaderboards.candidates.add("w", one.id, wanted)
    assert models.links("w", model.id) == [Link(one.id, candidate.id)]
    assert candidate.name == "Tickets"
    published(model, system_prompt="Sort well.")
    assert candidates.resolved("w", candidate).preamble[0]["content"] == "Sort well."
    assert candidates.shown("w", candidate)["drgero_version"] == 2
    candidates.remove("w", one.id, candidate.id)
    assert models.links("w", model.id) == []


def test_a_model_that_is_not_deployed_is_no_candidate() -> None:
    model, one = made(deploy=False), board()
    with pytest.raises(Conflict, match="'Tickets' is not deployed"):
        leaderboards.candidates.add("w", one.id, CandidateInput(platform="drgero", drgero_model_id=model.id))


def test_a_deleted_model_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    model = made(system_prompt="x" * 90_000, examples=[{"input": "y" * 20_000, "output": "z"}])
    published(model, note="two")
    assert len(left_of(model.id)) > 4
    models.delete("w", model.id)
    assert [item["sk"] for item in left_of(model.id)] == [f"DELETED_MODEL#{model.id}"]
    assert target.load(target.model_key("w", model.id)) is None
    for ask in (lambda: models.get("w", model.id), lambda: models.delete("w", model.id)):
        with pytest.raises(NotFound):
            ask()
    later(monkeypatch)
    assert models.sweep_deleted() == 1
    assert left_of(model.id) == []


def test_the_traces_of_a_deleted_model_go_too_those_of_its_last_answers_a_little_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, other = made(), made()
    for one in (model, other):
        traces.record("w", one.id, "before", "inference", [b"{}"])
    assert len(traces_of(model.id)) == 2
    models.delete("w", model.id)
    assert traces_of(model.id) == []
    traces.record("w", model.id, "after", "inference", [b"{}"])
    assert models.sweep_deleted() == 0
    later(monkeypatch)
    assert models.sweep_deleted() == 1
    assert traces_of(model.id) == []
    assert len(traces_of(other.id)) == 2


def test_what_a_deletion_had_no_time_for_is_swept_later(monkeypatch: pytest.MonkeyPatch) -> None:
    model, other = made(), made()
    with monkeypatch.context() as patched:
        patched.setattr(table, "delete_partition", lambda *_: False)
        models.delete("w", model.id)
        later(monkeypatch)
        assert models.sweep_deleted() == 0
    assert list(models.listed("w")) == [other]
    assert len(left_of(model.id)) > 1
    assert models.sweep_deleted() == 1
    assert left_of(model.id) == []
    assert models.sweep_deleted() == 0


def test_nobody_begins_to_use_a_model_that_is_gone(faults: Faults) -> None:
    model = made()
    table.transact([models.exists_check("w", model.id), models.link("w", model.id, "lb", "c")])
    assert models.links("w", model.id) == [Link("lb", "c")]
    assert models.get("w", model.id) == model
    table.transact([models.unlink_write("w", model.id, "lb", "c")])
    assert models.links("w", model.id) == []
    models.delete("w", model.id)
    with pytest.raises(Conflict):
        table.transact([models.exists_check("w", model.id), models.link("w", model.id, "lb", "c")])
    assert models.links("w", model.id) == []
    assert left_of(model.id)[0]["sk"] == f"DELETED_MODEL#{model.id}"


def test_a_deletion_looks_again_when_somebody_begins_to_use_the_model_meanwhile(faults: Faults) -> None:
    model = made()

    def check(_: models.Model) -> None:
        if models.links("w", model.id):
            raise Conflict("it is compared")

    def compared(_: dict[str, Any]) -> None:
        table.transact([models.exists_check("w", model.id), models.link("w", model.id, "lb", "c")])

    faults.meanwhile("dynamodb", "TransactWriteItems", compared)
    with pytest.raises(Conflict, match="it is compared"):
        models.delete("w", model.id, check)
    assert models.get("w", model.id) == model
    # What changes the model's text takes the mark away, and is seen as well.
    table.transact([models.unlink_write("w", model.id, "lb", "c")])

    def compared_and_changed(_: dict[str, Any]) -> None:
        compared({})
        models.patch("w", model.id, ModelPatch(name="N"))

    faults.meanwhile("dynamodb", "TransactWriteItems", compared_and_changed)
    with pytest.raises(Conflict, match="it is compared"):
        models.delete("w", model.id, check)
    faults.fail("dynamodb", "TransactWriteItems", 9, "TransactionCanceledException", "ConditionalCheckFailed")
    with pytest.raises(Conflict, match="changed by others"):
        models.delete("w", model.id)


def test_a_model_that_is_fine_tuned_is_not_deleted(faults: Faults) -> None:
    model = made()
    pk, sk = store.active_key("w", model.id)

    def begin(_: dict[str, Any]) -> None:
        table.put({"pk": pk, "sk": sk, "run_id": "r"})

    faults.meanwhile("dynamodb", "TransactWriteItems", begin)
    for _ in range(2):  # the run began meanwhile, then before
        with pytest.raises(Conflict, match="fine-tuning run is active"):
            models.delete("w", model.id)
    assert models.get("w", model.id) == model


def test_two_who_change_a_model_both_do(faults: Faults) -> None:
    model = made()
    faults.meanwhile(
        "dynamodb",
        "TransactWriteItems",
        lambda _: models.patch("w", model.id, ModelPatch(description="d")) and published(model, note="n"),
    )
    changed = models.patch("w", model.id, ModelPatch(leaderboard_ids=["b", "a", "b"]))
    assert (changed.description, changed.leaderboard_ids, changed.latest_version) == ("d", ("b", "a"), 2)
