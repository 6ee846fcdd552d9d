"""Servers of others that speak the OpenAI API, each a process from the environment that `make` keeps for them."""

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv" / "third-party"
STARTS_WITHIN_SECONDS = 120


class Stranger:
    """One server, on a free port of this machine. It starts at once and may be called when `url` has been read."""

    def __init__(self, program: str, arguments: list[str], health: str, folder: Path, **environment: str) -> None:
        if not (ENVIRONMENT / ".ready").exists():
            raise FileNotFoundError(f"make {ENVIRONMENT.relative_to(ROOT)}/.ready")
        self.port = _free_port()
        self._health = health
        self._log = folder / f"{program}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [ENVIRONMENT / "bin" / program, *arguments, "--host", "127.0.0.1", "--port", str(self.port)],
                cwd=folder,
                env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def base_url(self) -> str:
        """The root of its API, which may not answer yet."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def url(self) -> str:
        """Where it answers chat completions; waits until it does."""
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"it did not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.1)
        return f"{self.base_url}/chat/completions"

    def close(self) -> None:
        """End the process, by force when it does not end by itself."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{self._health}", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(folder: Path, stub: Any, fake: Any, proxy: Any) -> Iterator[dict[str, Stranger]]:
    """All of them, with their configurations (JSON is YAML); `UPSTREAM` in the proxy's becomes the address of stubllm.

    LiteLLM needs ten seconds, in which the others can be tested.
    """
    with contextlib.ExitStack() as running:

        def start(program: str, config: Any, arguments: list[str], health: str, **environment: str) -> Stranger:
            file = folder / f"{program}.yaml"
            file.write_text(json.dumps(config))
            stranger = Stranger(program, [*arguments, str(file)], health, folder, **environment)
            running.callback(stranger.close)
            return stranger

        stubllm = start("stubllm", stub, ["serve", "--fixture-file"], "/health")
        proxy = json.loads(json.dumps(proxy).replace("UPSTREAM", stubllm.base_url))
        yield {
            "stubllm": stubllm,
            "litellm": start(
                # Prices are in the package; by default it fetches newer ones at every start.
                *("litellm", proxy, ["--telemetry", "False", "--config"], "/health/liveliness"),
                LITELLM_LOCAL_MODEL_COST_MAP="True",
            ),
            "fakellm": start(
                *("fakellm", fake, ["serve", "--config"], "/_fakellm/stats"),
                FAKELLM_CONFIG=str(folder / "fakellm.yaml"),
            ),
        }
