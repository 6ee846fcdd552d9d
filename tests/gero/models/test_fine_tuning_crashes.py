"""A run that broke off at any place is found again: its job, if there is one, or that there is none."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from gero import models
from gero.kit import clock
from gero.models import FineTuneInput, FineTuneRun, Model, fine_tuning
from gero.models.tuning_server import TuningServer
from infra.local.stand_ins.fine_tuning import FineTuning
from tests.gero.models.made import BASE, frozen, made, rows, tuning

pytestmark = pytest.mark.usefixtures("cloud")


class Killed(BaseException):
    """The process ends here."""


class Line:
    """What happens on the line to the server: `lost` answers are done and not told."""

    def __init__(self) -> None:
        self.lost: set[tuple[str, str]] = set()
        self.before: Callable[[str, str], object] = lambda method, path: None

    @web.middleware
    async def around(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.before(request.method, request.path)
        answer = await handler(request)
        if (request.method, request.path) in self.lost:
            assert request.transport is not None
            request.transport.close()
        return answer


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def stand_in() -> FineTuning:
    return FineTuning()


@pytest.fixture
def model(stand_in: FineTuning, line: Line) -> Iterator[Model]:
    frozen(rows(30))
    with tuning(stand_in, line.around) as url:
        yield made(base=BASE | {"endpoint_url": url})


def begun(model: Model) -> FineTuneRun:
    return fine_tuning.start(model, FineTuneInput(), leaderboard_id="lb", prompt="Answer: {input}")


def only(model: Model) -> FineTuneRun:
    (run,) = fine_tuning.listed("w", model.id)
    return run


def synced(run: FineTuneRun, times: int = 1) -> FineTuneRun:
    for _ in range(times):
        run = fine_tuning.sync("w", run.model_id, run.id)
    return run


def killed_in(monkeypatch: pytest.MonkeyPatch, name: str, *, after: bool = False) -> None:
    """Let the process end in a call of the server, or just after it."""
    call = getattr(TuningServer, name)

    def last(self: TuningServer, *arguments: Any) -> None:
        if after:
            call(self, *arguments)
        raise Killed

    monkeypatch.setattr(TuningServer, name, last)


def test_a_job_whose_answer_was_lost_is_found_by_its_mark(model: Model, stand_in: FineTuning, line: Line) -> None:
    line.lost = {("POST", "/v1/fine_tuning/jobs")}
    run = begun(model)
    assert (run.status, run.job_id, len(stand_in.jobs)) == ("starting", None, 1)
    line.lost = set()
    found = synced(run)
    assert found.job_id == next(iter(stand_in.jobs))
    assert found.status == "validating_files"
    assert synced(run, 3).version == 2


def test_a_process_that_died_once_the_job_was_there_loses_nothing(
    model: Model, stand_in: FineTuning, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        killed_in(patched, "create", after=True)
        with pytest.raises(Killed):
            begun(model)
    run = only(model)
    assert (run.status, run.job_id) == ("starting", None)
    assert run.file_id in stand_in.files
    assert synced(run, 4).status == "succeeded"
    assert len(stand_in.jobs) == 1


@pytest.mark.parametrize("name", ["upload", "create"])
def test_a_process_that_died_before_there_was_a_job_makes_way_after_ten_minutes(
    model: Model, stand_in: FineTuning, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with monkeypatch.context() as patched:
        killed_in(patched, name)
        with pytest.raises(Killed):
            begun(model)
    run = only(model)
    assert synced(run) == run
    moment = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert models.sync_due() == 1
    ended = fine_tuning.get("w", model.id, run.id)
    assert (ended.status, ended.error) == ("failed", "it broke off before the job was started; start another run")
    assert not stand_in.jobs
    assert begun(model).job_id


def test_an_upload_whose_answer_was_lost_has_started_nothing(model: Model, stand_in: FineTuning, line: Line) -> None:
    line.lost = {("POST", "/v1/files")}
    with pytest.raises(Exception, match="fine-tuning server broke off"):
        begun(model)
    assert only(model).status == "failed"
    assert not stand_in.jobs


def test_a_run_that_is_cancelled_before_its_job_leaves_no_job_that_costs(
    model: Model, stand_in: FineTuning, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = TuningServer.create

    def cancelled_meanwhile(self: TuningServer, wanted: Any) -> Any:
        assert fine_tuning.cancel("w", model.id, only(model).id).status == "cancelled"
        return create(self, wanted)

    monkeypatch.setattr(TuningServer, "create", cancelled_meanwhile)
    assert begun(model).status == "cancelled"
    (job,) = stand_in.jobs.values()
    assert job.document["status"] == "cancelled"


def test_a_run_that_is_cancelled_during_its_upload_is_not_sent_on(
    model: Model, stand_in: FineTuning, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = TuningServer.upload

    def cancelled_meanwhile(self: TuningServer, name: str, file: Any) -> str:
        fine_tuning.cancel("w", model.id, only(model).id)
        return upload(self, name, file)

    monkeypatch.setattr(TuningServer, "upload", cancelled_meanwhile)
    assert begun(model).status == "cancelled"
    assert not stand_in.jobs


def test_a_run_whose_job_is_not_known_yet_is_cancelled_at_the_server(
    model: Model, stand_in: FineTuning, line: Line
) -> None:
    line.lost = {("POST", "/v1/fine_tuning/jobs")}
    run = begun(model)
    line.lost = set()
    assert fine_tuning.cancel("w", model.id, run.id).status == "cancelled"
    (job,) = stand_in.jobs.values()
    assert job.document["status"] == "cancelled"
