"""The demo: a real task of support tickets, ranked before the newcomer's eyes and served.

The candidates are local stand-ins, labelled as such; with OPENROUTER_API_KEY set they are real models of OpenRouter.
"""

import os
from typing import Any

from rich.console import Console
from rich.markup import escape

from gero.cli.render import ranking_report, watch_run
from infra.local.session import Session
from infra.local.stand_ins import MODELS, PROMPT, StandIns

_REAL_MODELS = "openai/gpt-4o-mini,google/gemini-2.5-flash-lite,meta-llama/llama-3.1-8b-instruct"
_REAL_ROWS = 60  # what a first look may cost: a few cents
_QUESTION = "I was charged twice this month and nobody answers the phone. Can you fix that?"


class Demo:
    """Creates the leaderboard, runs it, shows the ranking, and asks the winner one question. Shows a kept one."""

    def __init__(self, session: Session, stand_ins: StandIns, console: Console) -> None:
        self._client = session.client()
        self._stand_ins = stand_ins
        self._console = console
        self._key = os.environ.get("OPENROUTER_API_KEY")

    def play(self) -> bool:
        """Play it; False when the run failed, Failure when the API refuses something."""
        kept = next(self._client.every("/api/leaderboards", "leaderboards", 1), None)
        return self._show(kept) if kept else self._rank()

    def _show(self, leaderboard: dict[str, Any]) -> bool:
        """Show a leaderboard of an earlier start."""
        self._console.print(f"\n[bold]{escape(leaderboard['name'])}[/] is kept from before; nothing is ranked anew.")
        if leaderboard["production"]:
            ranking = self._client.get(f"/api/leaderboards/{leaderboard['id']}/ranking")
            self._console.print(ranking_report(ranking))
        else:
            self._console.print(f"It has no ranking yet: gero run {leaderboard['id']}")
        return True

    def _rank(self) -> bool:
        if self._key:
            self._client.put("/api/integrations/openrouter", {"token": self._key})
        leaderboard = self._leaderboard()
        for candidate in self._real_models() if self._key else self._stand_in_models():
            self._client.post(f"/api/leaderboards/{leaderboard['id']}/models", candidate)
        body = {"rows": _REAL_ROWS} if self._key else {}
        run = self._client.post(f"/api/leaderboards/{leaderboard['id']}/run", body)
        run = watch_run(self._client, leaderboard["id"], run["id"], self._console)
        if run["status"] != "completed":
            self._console.print(f"[red]the run {run['status']}: {run['error']}[/]")
            return False
        ranking = self._client.get(f"/api/leaderboards/{leaderboard['id']}/ranking")
        self._console.print()
        self._console.print(ranking_report(ranking))
        self._infer(leaderboard["id"])
        return True

    def _leaderboard(self) -> dict[str, Any]:
        kind = "models of OpenRouter" if self._key else "local stand-ins, not real models"
        self._console.print(f"\n[bold]support tickets[/]: which model sorts them best? Candidates: {kind}.")
        return self._client.post(
            "/api/leaderboards",
            {
                "name": "Support tickets (demo)",
                "system_prompt": PROMPT,
                "dataset_url": self._stand_ins.dataset_url,
                "normalizers": ["whitespace", "case", "punctuation"],
            },
        )

    def _stand_in_models(self) -> list[dict[str, Any]]:
        return [
            {
                "name": model.title,
                "endpoint_url": self._stand_ins.chat_url,
                "model": model_id,
                "input_cost_per_million_usd": model.input_usd_per_million,
                "output_cost_per_million_usd": model.output_usd_per_million,
            }
            for model_id, model in MODELS.items()
        ]

    def _real_models(self) -> list[dict[str, Any]]:
        wanted = os.environ.get("GERO_DEMO_MODELS", _REAL_MODELS).split(",")
        return [
            {
                "platform": "openrouter",
                "model": model.strip(),
                "parameters": {"temperature": 0, "max_tokens": 20},
            }
            for model in wanted
        ]

    def _infer(self, leaderboard_id: str) -> None:
        answer = self._client.infer(leaderboard_id, {"input": _QUESTION})
        name = self._client.get(f"/api/leaderboards/{leaderboard_id}")["production"]["name"]
        self._console.print("\n[bold]one question to the endpoint, answered by the production model[/]")
        self._console.print(f"  {_QUESTION}")
        self._console.print(
            f"  → [bold green]{answer['output']}[/]  [dim]{name}, {answer['latency_ms']:.0f} ms, "
            f"${answer['cost_usd']:.6f}, trace {answer['trace_id']}[/]"
        )
