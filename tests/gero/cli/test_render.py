import io
from typing import Any

import pytest
from rich.console import Console

from gero.cli.client import Client
from gero.cli.render import byte_progress, formats, ranking_report, ranking_table, selection_report, watch_run
from tests.gero.cli import fake_objects
from tests.gero.cli.fake_api import TOKEN, FakeApi


def shown(renderable: Any, width: int = 80, *, terminal: bool = False) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=terminal, highlight=False).print(renderable)
    return stream.getvalue()


@pytest.fixture
def ranking() -> dict[str, Any]:
    models = [{"id": "a", "name": "a model with a name that is far too long for a narrow terminal"}]
    models.append({"id": "b", "name": "\x1b[31mred\x1b[0m [bold]name[/bold]"})
    run = fake_objects.run("r", "l", models)
    for _ in range(2):
        fake_objects.advance(run, 2, None)
    return fake_objects.ranking(run)


def test_the_table_fits_a_terminal_of_eighty_columns(ranking: dict[str, Any]) -> None:
    lines = shown(ranking_table(ranking), width=80).splitlines()
    assert max(map(len, lines)) <= 80
    assert "1.48 s" in lines[2]
    assert "…" not in "".join(lines)


def test_an_endpoint_that_was_given_up_says_so_with_its_reason(ranking: dict[str, Any]) -> None:
    ranking["entries"][0] |= {"not_asked": 1990, "errors": 10, "first_error": "not asked: the endpoint answered 401"}
    text = shown(ranking_report(ranking), width=200)
    assert "given up with 1,990 rows not asked: the endpoint answered 401" in text


def test_names_of_others_are_neither_markup_nor_control_codes(ranking: dict[str, Any]) -> None:
    text = shown(ranking_report(ranking), width=200)
    assert "\x1b" not in text
    assert "[bold]name[/bold]" in text


def test_an_unscored_candidate_is_shown_with_dashes(ranking: dict[str, Any]) -> None:
    nothing = dict.fromkeys(["score", "score_low", "score_high", "latency_p50_ms", "latency_p95_ms"])
    ranking["entries"][1] |= nothing
    assert "– " in shown(ranking_table(ranking), width=200).splitlines()[3]


def test_a_run_is_watched_with_a_live_bar_on_a_terminal(api: FakeApi, triage: dict[str, Any]) -> None:
    run = api.start_run({}, {}, triage["id"])[1]
    stream = io.StringIO()
    console = Console(file=stream, width=120, force_terminal=True)
    with Client(api.url, TOKEN) as client:
        final = watch_run(client, triage["id"], run["id"], console)
    assert final["status"] == "completed"
    assert "200 calls, 1 error, $0.002" in stream.getvalue()
    assert "completed" in stream.getvalue()


def test_a_file_has_a_bar_on_a_terminal_only() -> None:
    stream = io.StringIO()
    with byte_progress(Console(file=stream, width=80, force_terminal=True), 100) as bar:
        assert bar is not None
        bar.show(50, "12 rows")
    assert "12 rows" in stream.getvalue()
    with byte_progress(Console(file=stream), 100) as bar:
        assert bar is None


@pytest.mark.parametrize(
    ("number", "text"),
    [(None, "–"), (999, "999 bytes"), (12_345, "12.3 kB"), (2_000_000, "2.0 MB"), (2e12, "2,000.0 GB")],
)
def test_sizes_use_the_unit_that_fits(number: float | None, text: str) -> None:
    assert formats.size(number) == text


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (None, "–"),
        (0, "$0"),
        (0.000000123, "$0.000000123"),
        (0.0123456, "$0.01235"),
        (0.5, "$0.5"),
        (1234.5, "$1,234.50"),
    ],
)
def test_small_amounts_keep_their_digits(usd: float | None, text: str) -> None:
    assert formats.money(usd) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (0.42, "0.4 s"), (75, "1 min 15 s"), (3 * 3600 + 120, "3 h 02 min")]
)
def test_durations_use_the_unit_that_fits(seconds: float | None, text: str) -> None:
    assert formats.duration(seconds) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [(None, "–"), (0, "1970-01-01"), (1_750_000_000, "2025-06-15"), ("2026-01-31T23:30:00-02:00", "2026-02-01")],
)
def test_days_are_those_of_utc(moment: str | float | None, text: str) -> None:
    assert formats.day(moment) == text


def test_a_quantization_that_is_unknown_or_told_by_the_provider_is_not_repeated() -> None:
    pins = [("deepinfra/fp8", "fp8"), ("hearth", "unknown"), ("hearth", "int4"), (None, None)]
    chosen = [{"model": "m", "reason": "r", "provider": pin, "quantization": kind} for pin, kind in pins]
    text = shown(selection_report({"chosen": chosen, "considered": 4, "eligible": 4, "catalogue": {}}), width=200)
    assert [line.split()[1:3] for line in text.splitlines()[2:6]] == [
        ["deepinfra/fp8", "–"],
        ["hearth", "–"],
        ["hearth", "int4"],
        ["any", "–"],
    ]
    assert "OpenRouter's list, read just now" in text
