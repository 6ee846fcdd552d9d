"""The inference app as it is deployed, and LiteLLM as its user would start it, in front of one model server.

Everything is a process of its own, and asked under the same model name for the same answer.
"""

import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from gero import access, leaderboards, providers
from gero.access import BudgetTerms
from gero.kit import aws, table
from gero.leaderboards import LeaderboardInput
from gero.providers import Endpoint, target
from gero.providers.target import Target
from tests import cloud
from tests.benchmarks.chat_load import Place
from tests.benchmarks.conftest import _running
from tests.third_party.servers import ENVIRONMENT, Stranger, _free_port
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk-bench-0123456789"
_PATH = "/v1/chat/completions"


class Served(NamedTuple):
    """Who is asked side by side: the model itself, Gero, and LiteLLM where it is installed."""

    direct: Place
    gero: Place
    budgeted: Place
    """Gero, with a token that has a budget."""
    litellm: Place | None
    aws_url: str
    models_url: str


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """All of them, running; LiteLLM's log and configuration lie in `folder`."""
    with ExitStack() as running:
        port = running.enter_context(_running("tests.benchmarks.streaming_models"))
        models_url = f"http://127.0.0.1:{port}"
        litellm = _litellm(running, models_url, folder)  # takes longest
        aws_url = running.enter_context(_running("tests.benchmarks.counted_aws"))
        patch = running.enter_context(pytest.MonkeyPatch.context())
        for name, value in {
            "AWS_ENDPOINT_URL": aws_url,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "LOCALADMIN",
            "AWS_SECRET_ACCESS_KEY": "local",
            "GERO_TABLE": cloud.TABLE,
            "GERO_BUCKET": cloud.BUCKET,
            "GERO_PRIVATE_NETWORKS": "127.0.0.0/8",
            "POWERTOOLS_SERVICE_NAME": "test",
        }.items():
            patch.setenv(name, value)
        aws.forget_clients()
        running.callback(aws.forget_clients)
        cloud._create(patch)
        board, token, budgeted = _stored(f"{models_url}{_PATH}")
        url = running.enter_context(_app(folder)) + _PATH
        yield Served(
            direct=Place(f"{models_url}{_PATH}", "bench", {}),
            gero=Place(url, board, _bearer(token)),
            budgeted=Place(url, board, _bearer(budgeted)),
            litellm=Place(litellm.url, "bench", _bearer(KEY)) if litellm else None,
            aws_url=aws_url,
            models_url=models_url,
        )


def counts(url: str) -> dict[str, int]:
    """What one of the servers has counted since its start."""
    with urllib.request.urlopen(f"{url}/counts", timeout=30) as answer:
        found: dict[str, int] = json.load(answer)
        return found


def _bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def _stored(model_url: str) -> tuple[str, str, str]:
    """A leaderboard whose production model is at this address; its id, a token, and one with a budget."""
    workspace, token = access.workspaces.create("bench")
    wanted = {"name": "Bench", "system_prompt": "Answer.", "dataset_type": "PUSH"}
    board = leaderboards.create(workspace.id, LeaderboardInput.model_validate(wanted))
    endpoint = Endpoint(
        *("custom", model_url, "bench"),
        auth_method="bearer",
        sealed_secret=providers.seal_secret(workspace.id, "c", KEY),
        secret_owner="c",
        input_nanos_per_million=10**8,
        output_nanos_per_million=4 * 10**8,
    )
    table.put(target.item(target.key(workspace.id, board.id), Target("c", "Bench", "Answer.", endpoint)))
    budget = BudgetTerms(100 * 10**9)
    _, budgeted = access.tokens.create(workspace.id, "budgeted", ["leaderboards:inference"], budget=budget)
    return board.id, token, budgeted


@contextmanager
def _app(folder: Path) -> Iterator[str]:
    port = _free_port()
    place = {"LAMBDA_TASK_ROOT": str(ROOT), "AWS_LWA_PORT": str(port), "GERO_PYTHON": sys.executable}
    log = folder / "app.log"
    with log.open("wb") as output:
        script = ROOT / "functions/serve_inference/run.sh"
        process = subprocess.Popen([script], cwd=ROOT, env=os.environ | place, stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/healthz", timeout=5):
            return True
        return False

    try:
        wait_until(answers)
        yield url
    finally:
        process.kill()  # traces of thousands of questions wait for a slow queue: they are not waited for
        process.wait()


def _litellm(running: ExitStack, models_url: str, folder: Path) -> Stranger | None:
    """LiteLLM, set up to be fast: one worker, no database, no retries, no logs, no callbacks."""
    if not (ENVIRONMENT / ".ready").exists():
        return None
    served = {"model": "openai/bench", "api_key": KEY, "api_base": f"{models_url}/v1"}
    config = {
        "model_list": [{"model_name": "bench", "litellm_params": served}],
        "litellm_settings": {"num_retries": 0, "set_verbose": False, "turn_off_message_logging": True},
        "general_settings": {"master_key": KEY},  # it does not start without one
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
    }
    file = folder / "litellm.yaml"
    file.write_text(json.dumps(config))
    litellm = Stranger(
        "litellm",
        ["--telemetry", "False", "--num_workers", "1", "--config", str(file)],
        "/health/liveliness",
        folder,
        LITELLM_LOCAL_MODEL_COST_MAP="True",
        LITELLM_LOG="ERROR",
        LITELLM_MODE="PRODUCTION",
    )
    running.callback(litellm.close)
    return litellm
