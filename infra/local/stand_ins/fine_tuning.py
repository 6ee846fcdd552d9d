"""A stand-in for a server that fine-tunes, in OpenAI's format: files, fine-tuning jobs, and what comes of them.

What is SIMULATED: the time a job takes, and the training (see `tuned`). The models that can be tuned are MODELS.
Source: https://platform.openai.com/docs/api-reference/fine-tuning
"""

import hashlib
import hmac
import itertools
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from infra.local.stand_ins import chat, tuned
from infra.local.stand_ins.models import MODELS, Model

_MIN_EXAMPLES, _MAX_SUFFIX, _MAX_BODY_BYTES = 10, 64, 60_000_000
_STEPS = ("validating_files", "queued", "running", "succeeded")
_ENDED = ("succeeded", "failed", "cancelled")
_EPOCHS = 3
_METADATA = re.compile(r"metadata\[(.+)\]")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refused(Exception):
    """A request that OpenAI would refuse."""

    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.document = {
            "error": {"message": message, "type": "invalid_request_error", "param": param, "code": code},
        }


@dataclass
class Job:
    """A fine-tuning job; `looks` counts how often its state was asked for."""

    wanted: dict[str, Any]
    document: dict[str, Any]
    examples: list[dict[str, str]]
    fault: str | None
    looks: int = 0
    started: float = field(default_factory=time.monotonic)


class FineTuning:
    """The server. A job goes one step further each time it is asked for, or every `step_seconds` when that is given.

    With an `api_key`, every request must bring it as a Bearer token.
    """

    def __init__(self, *, api_key: str | None = None, step_seconds: float | None = None) -> None:
        self.files: dict[str, tuple[dict[str, Any], bytes]] = {}
        self.jobs: dict[str, Job] = {}
        self._api_key = api_key
        self._step_seconds = step_seconds
        self._tuned: dict[str, Model] = {}
        self._serial = itertools.count(1)

    def app(self, *around: Any) -> web.Application:
        """The application to serve; `around`: further aiohttp middlewares."""
        app = web.Application(middlewares=[*around, self._guarded], client_max_size=_MAX_BODY_BYTES)
        app.router.add_post("/v1/files", self._upload)
        app.router.add_get("/v1/files/{id}/content", self._content)
        app.router.add_post("/v1/fine_tuning/jobs", self._create)
        app.router.add_get("/v1/fine_tuning/jobs", self._list)
        app.router.add_get("/v1/fine_tuning/jobs/{id}", self._retrieve)
        app.router.add_post("/v1/fine_tuning/jobs/{id}/cancel", self._cancel)
        app.router.add_post("/v1/chat/completions", self._complete)
        return app

    @web.middleware
    async def _guarded(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        sent = request.headers.get("Authorization", "")
        try:
            if self._api_key and not hmac.compare_digest(sent.encode(), f"Bearer {self._api_key}".encode()):
                shown = sent.removeprefix("Bearer ")
                raise Refused(401, f"Incorrect API key provided: {shown}.", code="invalid_api_key")
            return await handler(request)
        except Refused as refused:
            return _json(refused.document, refused.status)

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        sent, purpose = form.get("file"), form.get("purpose")
        if not isinstance(sent, web.FileField):
            raise Refused(400, "'file' is a required property")
        if purpose != "fine-tune":
            raise Refused(400, f"{purpose!r} is not one of ['fine-tune'] - 'purpose'")
        content = sent.file.read()
        file_id = self._new_id("file-")
        document = {
            "id": file_id,
            "object": "file",
            "bytes": len(content),
            "created_at": int(time.time()),
            "filename": sent.filename,
            "purpose": purpose,
            "status": "processed",
        }
        self.files[file_id] = document, content
        return _json(document)

    async def _content(self, request: web.Request) -> web.Response:
        return web.Response(body=self._file(request.match_info["id"]), content_type="application/octet-stream")

    async def _create(self, request: web.Request) -> web.Response:
        wanted = _body(await request.read())
        model, file_id, suffix = (wanted.get(name) for name in ("model", "training_file", "suffix"))
        if model not in MODELS and model not in self._tuned:
            raise Refused(
                400, f"Model {model} is not available for fine-tuning.", param="model", code="model_not_available"
            )
        if file_id not in self.files:
            raise Refused(400, f"invalid training_file: {file_id}", param="training_file", code="invalid_training_file")
        if suffix and len(suffix) > _MAX_SUFFIX:
            raise Refused(400, f"{suffix!r} is too long - 'suffix'", param="suffix")
        examples, fault = tuned.read(self.files[file_id][1])
        if fault is None and len(examples) < _MIN_EXAMPLES:
            raise Refused(
                400,
                f"Training file has {len(examples)} example(s), but must have at least {_MIN_EXAMPLES} examples",
                code="invalid_n_examples",
            )
        job = Job(wanted, self._new_job(wanted), examples, fault)
        self.jobs[job.document["id"]] = job
        return _json(job.document)

    def _new_job(self, wanted: dict[str, Any]) -> dict[str, Any]:
        automatic = {"n_epochs": "auto", "batch_size": "auto", "learning_rate_multiplier": "auto"}
        return {
            "object": "fine_tuning.job",
            "id": self._new_id("ftjob-"),
            "model": wanted["model"],
            "created_at": int(time.time()),
            "finished_at": None,
            "fine_tuned_model": None,
            "organization_id": "org-stand-in",
            "result_files": [],
            "status": _STEPS[0],
            "validation_file": wanted.get("validation_file"),
            "training_file": wanted["training_file"],
            "hyperparameters": automatic | (wanted.get("hyperparameters") or {}),
            "trained_tokens": None,
            "error": {},
            "user_provided_suffix": wanted.get("suffix"),
            "seed": wanted.get("seed") or 0,
            "estimated_finish": None,
            "integrations": [],
            "metadata": wanted.get("metadata"),
        }

    async def _list(self, request: web.Request) -> web.Response:
        limit, after = int(request.query.get("limit", 20)), request.query.get("after")
        filters = [(found[1], value) for name, value in request.query.items() if (found := _METADATA.fullmatch(name))]
        known = [job.document for job in reversed(self.jobs.values())]
        matching = [one for one in known if all((one["metadata"] or {}).get(name) == value for name, value in filters)]
        ids = [one["id"] for one in matching]
        start = ids.index(after) + 1 if after in ids else 0
        page = matching[start : start + limit]
        return _json({"object": "list", "data": page, "has_more": start + limit < len(matching)})

    async def _retrieve(self, request: web.Request) -> web.Response:
        job = self._job(request)
        job.looks += 1
        self._advance(job)
        return _json(job.document)

    async def _cancel(self, request: web.Request) -> web.Response:
        job = self._job(request)
        if job.document["status"] in _ENDED:
            raise Refused(400, f"Job has already completed: {job.document['id']}", code="invalid_request")
        job.document |= {"status": "cancelled", "finished_at": int(time.time())}
        return _json(job.document)

    async def _complete(self, request: web.Request) -> web.Response:
        asked = msgspec.convert(_body(await request.read()), chat.ChatRequest)
        model = self._tuned.get(asked.model) or MODELS.get(asked.model)
        if model is None:
            raise Refused(404, f"The model `{asked.model}` does not exist.", code="model_not_found")
        return _json(chat.Completion(asked, model).document())

    def _advance(self, job: Job) -> None:
        if job.document["status"] in _ENDED:
            return
        by_time = (time.monotonic() - job.started) / self._step_seconds if self._step_seconds else job.looks
        step = _STEPS[min(int(by_time), len(_STEPS) - 1)]
        if job.fault and step != _STEPS[0]:
            error = {"code": "invalid_training_file", "message": job.fault, "param": "training_file"}
            job.document |= {"status": "failed", "error": error, "finished_at": int(time.time())}
            return
        job.document["status"] = step
        if step == "succeeded":
            self._succeed(job)

    def _succeed(self, job: Job) -> None:
        digest = hashlib.sha256(job.document["id"].encode()).hexdigest()[:8]
        base = str(job.wanted["model"]).removeprefix("ft:").split(":")[0]
        name = f"ft:{base}:stand-in:{job.wanted.get('suffix') or ''}:{digest}"
        characters = sum(len(text) for example in job.examples for text in example.values())
        job.document |= {
            "fine_tuned_model": name,
            "finished_at": int(time.time()),
            "trained_tokens": -(-characters // 4) * _EPOCHS,
        }
        self._tuned[name] = tuned.model(name, job.examples)

    def _file(self, file_id: str) -> bytes:
        if file_id not in self.files:
            raise Refused(404, f"No such File object: {file_id}", param="id")
        return self.files[file_id][1]

    def _job(self, request: web.Request) -> Job:
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            message = f"Could not find fine tune: {request.match_info['id']}"
            raise Refused(404, message, param="fine_tune_id", code="fine_tune_not_found")
        return job

    def _new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self._serial):06}{id(self) % 10**6:06}"


def _body(content: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, "We could not parse the JSON body of your request.") from error


def _json(document: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(document), status=status, content_type="application/json")
