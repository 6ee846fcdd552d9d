"""AWS in a process of its own, as fast as the local cloud has it: `python -m tests.benchmarks.aws_server`.

Prints its endpoint. What it takes of a processor and of memory is not counted as Gero's.
"""

import threading

from infra.local.backend.server import Backend

if __name__ == "__main__":
    print(Backend().endpoint, flush=True)
    threading.Event().wait()
