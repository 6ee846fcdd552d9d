"""`make run`: the whole of Gero on this machine, with a demo leaderboard ranked and served."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from rich.console import Console

from gero.cli.failure import Failure
from infra.local.cloud import LocalCloud
from infra.local.demo import Demo
from infra.local.front.listener import PortInUseError
from infra.local.session import Session
from infra.local.stand_ins import StandIns

DEFAULT_PORT = 4700


def main() -> int:
    """Run until Ctrl-C. The exit status is 1 when it could not start, or the demo failed."""
    options = _options()
    console = Console(highlight=False)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with StandIns(datasets=dict(options.dataset), hub_port=options.hub_port) as stand_ins:
            return _run(options, console, stand_ins, stop)
    except PortInUseError as error:
        console.print(f"[red]{error}[/]")
        return 1


def _run(options: argparse.Namespace, console: Console, stand_ins: StandIns, stop: threading.Event) -> int:
    console.print("starting the local cloud …", style="dim")
    with LocalCloud.start(
        port=options.port,
        data=options.data,
        environment={"HF_ENDPOINT": stand_ins.hub_url},
        echo_logs=options.logs,
    ) as cloud:
        with Session.open(cloud) as session:
            session.announce(console, [f"{stand_ins.hub_url}/datasets/{name}" for name, _ in options.dataset])
            played = options.no_demo or _play(Demo(session, stand_ins, console), console, stop)
            if not options.exit:
                console.print("\nGero stays up; press Ctrl-C to end it.", style="bold")
                stop.wait()
        console.print("stopping …", style="dim")
    return int(not played)


def _play(demo: Demo, console: Console, stop: threading.Event) -> bool:
    try:
        return demo.play(stop)
    except Failure as error:
        console.print(f"[red]the demo failed: {error}[/]")
        return False


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"of the API (default {DEFAULT_PORT})")
    parser.add_argument("--hub-port", type=int, default=0, help="of the stand-in Hugging Face hub (default: any)")
    parser.add_argument("--data", type=Path, help="folder for logs (default: a temporary one)")
    parser.add_argument("--no-demo", action="store_true", help="start everything, rank nothing")
    parser.add_argument("--logs", action="store_true", help="print what the functions log")
    parser.add_argument("--exit", action="store_true", help="end after the demo instead of staying up")
    parser.add_argument(
        "--dataset",
        action="append",
        default=[],
        type=_dataset,
        metavar="OWNER/NAME=PATH",
        help="serve a file or folder of yours as a dataset of the stand-in hub (repeatable)",
    )
    return parser.parse_args()


def _dataset(text: str) -> tuple[str, Path]:
    name, _, path = text.partition("=")
    if name.count("/") != 1 or not path or not Path(path).exists():
        raise argparse.ArgumentTypeError(f"{text!r} is not OWNER/NAME=PATH with an existing path")
    return name, Path(path)


if __name__ == "__main__":
    sys.exit(main())
