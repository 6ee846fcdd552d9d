"""Starts the processes of functions: their environment variables, their log files and their common lifeline."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.backend.clients import Clients
from infra.local.backend.wiring import REGION

if TYPE_CHECKING:
    from infra.local.compute.function import FunctionSpec

_LIFELINE = Path(__file__).with_name("lifeline.py")
# What a function may need of this machine to reach the internet; nothing else of the caller's environment is passed.
_INHERITED = ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "HOME")


class Process:
    """A running child process, in a process group of its own."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child
        self._killed = False

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """False once it has ended or was killed."""
        return self._child.returncode is None and not self._killed

    def kill(self) -> None:
        """End the process and everything it started, at once."""
        if self._killed:
            return
        self._killed = True
        # Its group may be gone already; macOS says EPERM of one that is.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)

    async def wait(self) -> str:
        """Wait for the end; returns its reason in the words of Lambda: `exit status 1`, `signal: killed`."""
        code = await self._child.wait()
        # What the function started itself must not outlive it either.
        self.kill()
        return f"exit status {code}" if code >= 0 else f"signal: {signal.strsignal(-code)}".lower()


class Launcher:
    """Starts processes for functions; every one of them ends when this process does."""

    def __init__(
        self, endpoint: str, clients: Clients, folder: Path, extra: Mapping[str, str], *, echo_logs: bool
    ) -> None:
        self._endpoint = endpoint
        self._clients = clients
        self._folder = folder
        self._extra = dict(extra)
        self._echo = echo_logs
        self._pumps: set[asyncio.Task[None]] = set()
        self._pipe, self._held_end = os.pipe()
        (folder / "logs").mkdir(parents=True, exist_ok=True)

    def log_file(self, spec: FunctionSpec) -> Path:
        """Where the output of all environments of the function goes."""
        return self._folder / "logs" / f"{spec.short_name}.log"

    async def start_runtime(self, spec: FunctionSpec, runtime_api: str) -> Process:
        """Start AWS's runtime client for a handler; it will ask `runtime_api` (host:port) for invocations."""
        variables = {"AWS_LAMBDA_RUNTIME_API": runtime_api, "_HANDLER": spec.handler}
        return await self._start(spec, ["-m", "awslambdaric", spec.handler], variables)

    async def start_web_app(self, spec: FunctionSpec, port: int) -> Process:
        """Start the function's script as the Lambda Web Adapter does; its server has to listen on `port`."""
        variables = {"AWS_LWA_PORT": str(port), "PORT": str(port), "_HANDLER": spec.handler}
        return await self._start(spec, ["--", str(spec.code / spec.handler)], variables)

    def close(self) -> None:
        """Cut the lifeline: what still runs ends."""
        os.close(self._held_end)
        os.close(self._pipe)

    async def _start(self, spec: FunctionSpec, command: list[str], variables: dict[str, str]) -> Process:
        # Role sessions are made through HTTP the first time, which must not block the loop that serves everything.
        environment = {**await asyncio.to_thread(self._variables, spec), **variables}
        with self.log_file(spec).open("ab") as log:
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-P", str(_LIFELINE), str(self._pipe)),
                *command,
                cwd=spec.code,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if self._echo else log,
                stderr=asyncio.subprocess.STDOUT,
                pass_fds=(self._pipe,),
                start_new_session=True,
            )
        if self._echo:
            pump = asyncio.create_task(self._copy_output(spec, child))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)
        return Process(child)

    async def _copy_output(self, spec: FunctionSpec, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        with self.log_file(spec).open("ab", buffering=0) as log:
            async for line in child.stdout:
                log.write(line)
                print(f"{spec.short_name}: {line.decode(errors='replace')}", end="", flush=True)

    def _variables(self, spec: FunctionSpec) -> dict[str, str]:
        """The environment variables of the function: what Lambda sets, the template's, the role's credentials."""
        scratch = self._folder / "tmp" / spec.short_name
        scratch.mkdir(parents=True, exist_ok=True)
        return {
            **{name: os.environ[name] for name in _INHERITED if name in os.environ},
            "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1,localhost"])),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "PYTHONPATH": os.pathsep.join(map(str, _import_path(spec))),
            "PYTHONUNBUFFERED": "1",
            "LANG": "C.UTF-8",
            "TZ": ":UTC",
            "TMPDIR": str(scratch),
            "LAMBDA_TASK_ROOT": str(spec.code),
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": spec.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{spec.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self._endpoint,
            # Nothing of the developer's own AWS account may leak in.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            **self._clients.credentials(spec.role_arn),
            **spec.variables,
            **self._extra,
        }


def _import_path(spec: FunctionSpec) -> list[Path]:
    """The task root and the layers, as on Lambda; in the source tree the domain package lies in `shared/`."""
    roots = [spec.code, spec.code / "shared", *(layer / "python" for layer in spec.layers)]
    return [root for root in roots if root.is_dir()]
