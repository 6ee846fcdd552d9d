"""The tool as a real process: streams, exit codes, pipes, signals and terminals."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.gero.cli.fake_api import TOKEN, FakeApi

COMMAND = [sys.executable, "-c", "from gero.cli import app; app()"]


@pytest.fixture
def environment(api: FakeApi, tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GERO_") and name != "COLUMNS"}
    return {**kept, "GERO_API_URL": api.url, "GERO_API_TOKEN": TOKEN, "XDG_CONFIG_HOME": str(tmp_path), "TERM": "xterm"}


def start(environment: dict[str, str], *arguments: str, **options: Any) -> "subprocess.Popen[str]":
    streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*COMMAND, *arguments], env=environment, text=True, **{**streams, **options})


def on_terminal(environment: dict[str, str], *arguments: str) -> str:
    ours, theirs = pty.openpty()
    process = start(environment, *arguments, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # the way a Linux terminal says that its other end was closed
        pass
    os.close(ours)
    process.wait()
    return shown.decode()


def test_answers_and_errors_go_to_their_own_streams_with_exit_codes(environment: dict[str, str]) -> None:
    out, error = (process := start(environment, "leaderboard", "list", "--json")).communicate()
    assert (process.returncode, json.loads(out), error) == (0, {"leaderboards": [], "count": 0}, "")
    out, error = (process := start(environment, "leaderboard", "show", "x", "--json")).communicate()
    assert (process.returncode, out, error) == (1, "", "gero: no leaderboard matches 'x': there are none\n")
    wrong = {**environment, "GERO_API_TOKEN": "drgero_wrong"}
    out, error = (process := start(wrong, "leaderboard", "list")).communicate()
    assert (process.returncode, out) == (3, "")
    assert error == "gero: The token is unknown: sign in with `gero login`\n"
    out, error = (process := start(environment, "leaderboard", "list", "--nonsense")).communicate()
    assert (process.returncode, out) == (2, "")


def test_a_closed_pipe_ends_quietly(environment: dict[str, str], triage: dict[str, Any]) -> None:
    process = start(environment, "traces", "list", "--format", "jsonl")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait()


def test_rows_are_pushed_from_a_pipe(environment: dict[str, str], triage: dict[str, Any], api: FakeApi) -> None:
    process = start(environment, "push", "-", stdin=subprocess.PIPE)
    out, error = process.communicate('{"input": "a", "output": "b"}\n')
    assert (process.returncode, error) == (0, "")
    assert out == "1 row accepted, 0 known before, 0 rejected, 1 waiting for the next version\n"
    assert api.pending[triage["id"]] == [{"input": "a", "output": "b"}]


def test_a_stream_is_printed_while_the_model_speaks(
    environment: dict[str, str], triage: dict[str, Any], api: FakeApi
) -> None:
    api.released.clear()
    process = start(environment, "infer", "Where is my parcel", "--stream")
    assert process.stdout is not None
    spoken = "echo: Where is my "
    assert process.stdout.read(len(spoken)) == spoken, "while the model is still busy"
    api.released.set()
    out, error = process.communicate()
    assert (process.returncode, out) == (0, "parcel\n")
    assert error.startswith("small-1 · 412 ms")


def test_on_a_terminal_answers_are_streamed_and_cannot_command_it(
    environment: dict[str, str], triage: dict[str, Any], api: FakeApi
) -> None:
    shown = on_terminal(environment, "infer", "a \x1b[31mred\x07 word")
    assert shown.startswith("echo: a [31mred word\r\n")
    assert api.requests[-1][2]["stream"] is True
    on_terminal(environment, "infer", "hello", "--no-stream")
    assert "stream" not in api.requests[-1][2]


def test_ctrl_c_stops_the_waiting_but_not_the_run(
    environment: dict[str, str], triage: dict[str, Any], api: FakeApi
) -> None:
    api.polls_to_end = 1000
    # A shell that starts this test in the background lets all it starts ignore Ctrl-C.
    process = start(
        environment, "run", "--wait", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("Forecast: ")
    first = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate()
    assert first.startswith("running: ")
    assert process.returncode == 130
    assert "gero: stopped waiting, the run goes on" in rest
    assert "Traceback" not in rest
    assert next(iter(api.runs.values()))["status"] == "running"


def test_colour_is_used_on_a_terminal_unless_no_color(environment: dict[str, str], triage: dict[str, Any]) -> None:
    red_to_blue = [f"\x1b[{code}m" for code in range(31, 38)]
    assert any(code in on_terminal(environment, "run", "--wait") for code in red_to_blue)
    plain = on_terminal({**environment, "NO_COLOR": "1"}, "ranking")
    assert "small-1" in plain
    assert not any(code in plain for code in red_to_blue)


def test_help_does_not_load_the_network_and_json_does_not_load_the_tables(environment: dict[str, str]) -> None:
    code = "import sys; from gero.cli import app; assert not {'httpx', 'rich'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    code = "import sys, atexit; from gero.cli import app; atexit.register(lambda: print('rich' in sys.modules)); "
    process = subprocess.run(
        [sys.executable, "-c", code + "app(['leaderboard', 'list', '--json'])"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert process.stdout.splitlines()[-1] == "False"
