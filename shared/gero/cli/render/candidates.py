"""Candidates of a leaderboard, without their tokens, and what a test of one gave."""

from collections.abc import Sequence
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import WARNING, card, cell, table, text

_PLATFORMS: Final = {"openrouter": "OpenRouter", "huggingface": "Hugging Face", "drgero": "Dr.Gero", "custom": "custom"}


def candidate_table(models: Sequence[dict[str, Any]]) -> Table:
    """One line for each candidate; prices are USD per million tokens."""
    # A column in which nobody has anything would only take the names' place.
    pinned = any(_provider(one) for one in models)
    elsewhere = any(_address(one) for one in models)
    prices = ("$ in", "$ out")
    optional = (("provider", pinned), ("endpoint", elsewhere))
    listed = table(
        ["id", "name", "platform", "model", *(name for name, shown in optional if shown), *prices],
        numbers=prices,
        wide=["name", "platform", "model", "provider", "endpoint"],
    )
    for one in models:
        listed.add_row(
            formats.short_id(one["id"]),
            text(one["name"]),
            _served_by(one),
            text(one.get("model") or formats.NOTHING),
            *([text(_provider(one) or formats.NOTHING)] if pinned else []),
            *([cell(_address(one) or formats.NOTHING)] if elsewhere else []),
            formats.money(one.get("input_cost_per_million_usd")),
            formats.money(one.get("output_cost_per_million_usd")),
        )
    return listed


def candidate_card(one: dict[str, Any]) -> RenderableType:
    """Everything about one candidate; its token is never part of it."""
    parameters = ", ".join(f"{name}={value}" for name, value in (one.get("parameters") or {}).items())
    return card(
        [
            ("name", one["name"]),
            ("id", one["id"]),
            ("platform", _platform(one)),
            ("endpoint", one.get("endpoint_url")),
            ("model", one.get("model")),
            ("provider", _provider(one)),
            ("Dr.Gero model", one.get("drgero_model_id")),
            ("answers", _version(one) if one.get("drgero_model_id") else None),
            ("auth", _auth(one)),
            ("parameters", parameters),
            ("$ in / 1M", formats.money(one.get("input_cost_per_million_usd"))),
            ("$ out / 1M", formats.money(one.get("output_cost_per_million_usd"))),
            ("waits", formats.duration(one.get("timeout_seconds"))),
            ("added", formats.age(one.get("created_at"))),
        ]
    )


def trial_card(tested: dict[str, Any]) -> RenderableType:
    """The answer of a test and what it took."""
    return card(
        [
            ("asked", formats.one_line(tested.get("input"))),
            ("answer", text(tested.get("output"))),
            ("finished", tested.get("finish_reason")),
            ("latency", formats.milliseconds(tested.get("latency_ms"))),
            ("cost", formats.money(tested.get("cost_usd"))),
            ("tokens", _tokens(tested)),
            ("model", tested.get("model")),
            ("provider", tested.get("provider")),
        ]
    )


def trial_in_words(tested: dict[str, Any]) -> str:
    """The answer of a test and what it took, on one line."""
    latency, cost = formats.milliseconds(tested.get("latency_ms")), formats.money(tested.get("cost_usd"))
    return f"{formats.one_line(tested.get('output'), 80)} · {latency} · {cost} · {_tokens(tested)}"


def _tokens(tested: dict[str, Any]) -> str:
    told = "estimated" if tested.get("usage_estimated") else "as the endpoint counts"
    return f"{formats.count(tested.get('tokens_in'))} in, {formats.count(tested.get('tokens_out'))} out, {told}"


def _platform(one: dict[str, Any]) -> str:
    platform = formats.plain(one.get("platform"))
    return _PLATFORMS.get(platform, platform)


def _provider(one: dict[str, Any]) -> str:
    return " ".join(str(one[name]) for name in ("provider", "quantization") if one.get(name))


def _served_by(one: dict[str, Any]) -> Text:
    """The platform, and the version of a Dr.Gero model that is called."""
    if one.get("platform") != "drgero":
        return Text(_platform(one))
    return Text.assemble(f"{_platform(one)} ", _version(one))


def _version(one: dict[str, Any]) -> Text:
    version = one.get("drgero_version")
    return Text(f"version {version}") if version else Text("none is deployed", style=WARNING)


def _address(one: dict[str, Any]) -> str | None:
    """That of an endpoint which its platform does not tell."""
    return one.get("endpoint_url") if one.get("platform") in ("custom", "huggingface") else None


def _auth(one: dict[str, Any]) -> str:
    if one.get("integration"):
        return "the workspace's account"
    method = str(one.get("auth_method") or "none")
    return method if method == "none" or one.get("has_auth_token") else f"{method} (no token)"
