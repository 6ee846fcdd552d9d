"""`gero candidate auto-select`: let Gero choose models of OpenRouter within limits of price and latency."""

from typing import Annotated, Any, Final

import typer

from gero.cli import render
from gero.cli.command import Leaderboard, command, new_group
from gero.cli.render import formats
from gero.cli.session import Session

group = new_group()

_MOST: Final = 20
_Price = typer.Option(min=0, metavar="USD", help="USD per million tokens, at most.")
_Milliseconds = typer.Option(min=1, metavar="MS", help="Milliseconds to the first token, at most.")


@command(
    group,
    "auto-select",
    'gero candidate auto-select "Support triage" --count 5 --max-price-out 2',
    "gero candidate auto-select --max-price-in 0.5 --max-p95 1500 --open-weights",
    "gero candidate auto-select --max-price-in 0.5 --max-p95 1500 --open-weights --add",
)
def auto_select(
    session: Session,
    leaderboard: Leaderboard = None,
    count: Annotated[
        int | None, typer.Option("--count", "-n", min=1, max=_MOST, help="How many; 5 by default.")
    ] = None,
    max_price_in: Annotated[float | None, _Price] = None,
    max_price_out: Annotated[float | None, _Price] = None,
    max_p95: Annotated[float | None, _Milliseconds] = None,
    max_p99: Annotated[float | None, _Milliseconds] = None,
    open_weights: Annotated[bool, typer.Option("--open-weights", help="Only models whose weights are public.")] = False,
    add: Annotated[bool, typer.Option("--add", help="Add the chosen ones; without it they are only shown.")] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Choose anew, not what was shown for the same limits within the hour.")
    ] = False,
) -> None:
    """Choose candidates from the models of OpenRouter, spread over the prices, and say why each was chosen."""
    limits = {
        "count": count,
        "max_input_cost_per_million_usd": max_price_in,
        "max_output_cost_per_million_usd": max_price_out,
        "max_latency_p95_ms": max_p95,
        "max_latency_p99_ms": max_p99,
        "open_weights_only": open_weights or None,
        "refresh": refresh or None,
    }
    body = {name: value for name, value in limits.items() if value is not None} | {"dry_run": not add}
    leaderboard_id = session.leaderboard_id(leaderboard)
    path = f"/api/leaderboards/{leaderboard_id}/models/auto-select"
    found = session.api.post(path, body, patient=True)
    session.answer(found, lambda: render.selection_report(found))
    if found["chosen"]:
        session.note(_conclusion(found, leaderboard_id))


def _conclusion(found: dict[str, Any], leaderboard_id: str) -> str:
    if found["dry_run"]:
        return "Nothing was added: the same command with --add adds them"
    there = len(found["chosen"]) - found["added"]
    known = f", {there} {'was' if there == 1 else 'were'} there already" if there else ""
    return f"Added {formats.counted(found['added'], 'candidate')}{known}. Next: gero run {leaderboard_id} --wait"
