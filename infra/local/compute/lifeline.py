"""Runs inside every child process: ends it as soon as the local cloud that started it is gone.

The cloud holds the writing end of a pipe and never writes; when it ends in any way (also by SIGKILL) the kernel closes
that end and the read here returns. This works alike on Linux and macOS.

    python -P lifeline.py FD -m MODULE ARGUMENT...    run a Python module in this process
    python -P lifeline.py FD -- COMMAND ARGUMENT...   run a command as a child and end its process group

Only the standard library and no import of this project: it is part of every cold start.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable


def watch(pipe: int, ended: Callable[[], None]) -> None:
    """Call `ended` (in a thread of its own) when the other end of `pipe` closes."""
    # Not for the children of this process: they would keep nothing alive, but see a stray descriptor.
    os.set_inheritable(pipe, False)

    def wait() -> None:
        while os.read(pipe, 1):
            pass
        ended()

    threading.Thread(target=wait, daemon=True).start()


def _run_module(arguments: list[str]) -> None:
    import runpy

    sys.argv = arguments
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


def _end_group() -> None:
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _main() -> None:
    pipe, mode, arguments = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    if mode == "-m":
        watch(pipe, lambda: os._exit(1))
        _run_module(arguments)
    else:
        watch(pipe, _end_group)
        sys.exit(subprocess.run(arguments, check=False).returncode)


if __name__ == "__main__":
    _main()
