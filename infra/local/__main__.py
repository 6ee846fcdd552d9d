"""`make run`: the whole of Gero on this machine, with a demo leaderboard ranked and served."""

import argparse
import ipaddress
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from rich.console import Console

from gero.cli.failure import Failure
from gero.kit import address
from infra.local import person
from infra.local.cloud import LocalCloud
from infra.local.demo import Demo
from infra.local.front.listener import PortInUseError
from infra.local.persistence import StateError
from infra.local.session import Kept, Session
from infra.local.stand_ins import OPENROUTER_KEY, StandIns

DEFAULT_PORT = 4700
_ENDING = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    """Run until Ctrl-C. The exit status is 1 when it could not start, or the demo failed."""
    options = _options()
    console = Console(highlight=False)
    for chatty in ("moto", "aiohttp.server"):  # they log what they answer: each failed run, each malformed request
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    for number in _ENDING:
        signal.signal(number, _interrupt_once)
    kept = Kept(options.data)
    try:
        with _stand_ins(options, kept.read()) as stand_ins:
            return _run(options, console, stand_ins, kept)
    except KeyboardInterrupt:
        return 0
    except (PortInUseError, StateError) as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 1


def _interrupt_once(*_: object) -> None:
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not interrupt the orderly end
    raise KeyboardInterrupt


def _stand_ins(options: argparse.Namespace, before: dict[str, Any]) -> StandIns:
    """On the ports they had before, for kept leaderboards name them."""
    ports = before.get("ports", {}) | ({"hub": options.hub_port} if options.hub_port else {})
    accounts = person.accounts_in(options.data)
    try:
        return StandIns(datasets=dict(options.dataset), accounts=accounts, ports=ports)
    except OSError as error:
        numbers = " or ".join(str(port) for port in ports.values() if port)
        raise PortInUseError(f"port {numbers} of the stand-ins is in use: end the process that has it") from error


def _run(options: argparse.Namespace, console: Console, stand_ins: StandIns, kept: Kept) -> int:
    console.print("starting the local cloud …", style="dim")
    before = kept.read()
    with (
        LocalCloud.start(
            port=options.port,
            data=options.data,
            environment=_environment(options, stand_ins),
            echo_logs=options.logs,
        ) as cloud,
        Session.open(cloud, token=before.get("token")) as session,
    ):
        password = person.password_of(stand_ins.sign_in.accounts, before.get("password"))
        person.make_owner(cloud, session, stand_ins)
        kept.write(session.token, password, stand_ins.ports)
        session.announce(console, f"{person.EMAIL} / {password or 'your password'}", _further(options, stand_ins))
        try:
            played = options.no_demo or _play(Demo(session, stand_ins, console), console)
            if not options.exit:
                console.print("\nGero stays up; press Ctrl-C to end it.", style="bold")
                threading.Event().wait()
        finally:
            console.print("stopping …", style="dim")
    return int(not played)


def _environment(options: argparse.Namespace, stand_ins: StandIns) -> dict[str, str]:
    """What the functions are told. OpenRouter is the real one for who has a key of it, or names another."""
    openrouter = {} if _has_openrouter() else {"OPENROUTER_BASE_URL": stand_ins.openrouter_url}
    named = {name: os.environ[name] for name in ("OPENROUTER_BASE_URL", "HF_ROUTER_BASE_URL") if name in os.environ}
    networks = ",".join([address.LOOPBACK, *options.allow])
    hugging_face = {"HF_ENDPOINT": stand_ins.hub_url, "HF_ROUTER_BASE_URL": stand_ins.models_url}
    people = stand_ins.sign_in_environment
    return {"GERO_PRIVATE_NETWORKS": networks, **hugging_face, **people, **openrouter, **named}


def _has_openrouter() -> bool:
    return "OPENROUTER_API_KEY" in os.environ or "OPENROUTER_BASE_URL" in os.environ


def _further(options: argparse.Namespace, stand_ins: StandIns) -> list[tuple[str, str]]:
    """What else there is to try."""
    datasets = [("dataset", f"{stand_ins.hub_url}/datasets/{name}/resolve/main/…") for name, _ in options.dataset]
    if _has_openrouter():
        return datasets
    return [("OpenRouter", f"a stand-in; connect it with the key {OPENROUTER_KEY}"), *datasets]


def _play(demo: Demo, console: Console) -> bool:
    try:
        return demo.play()
    except Failure as error:
        console.print(f"[red]the demo failed: {error}[/]")
        return False


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"of the API (default {DEFAULT_PORT})")
    parser.add_argument("--hub-port", type=int, default=0, help="of the stand-in Hugging Face hub (default: any)")
    parser.add_argument(
        "--data", type=_folder, metavar="DIR", help="folder that keeps state and logs (default: nothing is kept)"
    )
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
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        type=_network,
        metavar="NETWORK",
        help="private network whose models may be called, also over http, such as 192.168.1.0/24 (repeatable); "
        "this machine always is",
    )
    return parser.parse_args()


def _folder(text: str) -> Path:
    path = Path(text).expanduser().resolve()
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{path} is not a folder")
    return path


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; give a network such as 192.168.1.0/24") from error


def _dataset(text: str) -> tuple[str, Path]:
    name, _, path = text.partition("=")
    if name.count("/") != 1 or not path or not Path(path).exists():
        raise argparse.ArgumentTypeError(f"{text!r} is not OWNER/NAME=PATH with an existing path")
    return name, Path(path)


if __name__ == "__main__":
    sys.exit(main())
