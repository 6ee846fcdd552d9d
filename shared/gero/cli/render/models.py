"""Models of the Models area: what each is made of, its versions, and where it is used."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.ranking import PRODUCTION_MARK
from gero.cli.render.tables import GOOD, WARNING, card, cell, table

_EXAMPLES_SHOWN = 5


def model_table(models: Iterable[dict[str, Any]]) -> Table:
    """One line for each model."""
    listed = table(["id", "name", "made", "versions", "answers", "changed"], numbers=("versions",), wide=["name"])
    for one in models:
        listed.add_row(
            formats.short_id(one["id"]),
            cell(one["name"]),
            _mode(one),
            formats.count(one.get("latest_version")),
            _answers(one),
            formats.age(one.get("updated_at")),
        )
    return listed


def model_card(one: dict[str, Any]) -> RenderableType:
    """Everything about one model, with the version that came along."""
    about = card(
        [
            ("name", one["name"]),
            ("id", one["id"]),
            ("description", one.get("description")),
            ("made", _mode(one)),
            ("meant for", "\n".join(one.get("leaderboard_ids") or [])),
            ("versions", formats.count(one.get("latest_version"))),
            ("answers", _answers(one)),
            ("new versions", "are deployed as they are published" if one.get("auto_update_model") else "wait"),
            ("inference", one.get("inference_url")),
        ]
    )
    version = one.get("version")
    return Group(about, "", _version_card(version), *_examples(version)) if version else about


def model_version_table(versions: Iterable[dict[str, Any]]) -> Table:
    """One line for each version."""
    listed = table(
        ["version", "", "base", "made", "examples", "created", "note"],
        numbers=("version", "examples"),
        wide=["base", "note"],
    )
    for one in versions:
        listed.add_row(
            str(one["number"]),
            Text("answers", GOOD) if one.get("deployed") else "",
            cell(_base(one["base"])),
            cell(one.get("source")).plain.replace("_", " "),
            formats.count(one.get("examples_count")),
            formats.age(one.get("created_at")),
            cell(one.get("note")),
        )
    return listed


def assigned_table(leaderboards: Iterable[dict[str, Any]]) -> Table:
    """One line for each leaderboard of a model."""
    listed = table(["id", "leaderboard", "candidate", ""], wide=["leaderboard"])
    for one in leaderboards:
        serves = Text(f"{PRODUCTION_MARK} in production", GOOD) if one.get("in_production") else ""
        candidate = formats.short_id(one["candidate_id"]) if one.get("candidate_id") else "not compared"
        listed.add_row(formats.short_id(one["leaderboard_id"]), cell(one.get("name")), candidate, serves)
    return listed


def _mode(one: dict[str, Any]) -> str:
    return formats.plain(one.get("creation_mode")).replace("_", " ")


def _answers(one: dict[str, Any]) -> Text:
    deployed = one.get("deployed_version")
    return Text(f"version {deployed}", GOOD) if deployed else Text("none is deployed", WARNING)


def _base(base: dict[str, Any]) -> str:
    pins = [base[name] for name in ("provider", "quantization") if base.get(name)]
    return " ".join([str(base.get("model") or base.get("endpoint_url")), *pins])


def _version_card(version: dict[str, Any]) -> Table:
    base = version["base"]
    prices = [formats.money(base.get(f"{side}_cost_per_million_usd")) for side in ("input", "output")]
    parameters = {**(base.get("parameters") or {}), **(version.get("parameters") or {})}
    return card(
        [
            ("version", f"{version['number']}, {formats.age(version.get('created_at'))}"),
            ("base", f"{_base(base)} ({base.get('platform')})"),
            ("endpoint", base.get("endpoint_url")),
            ("$ / 1M", f"{prices[0]} in, {prices[1]} out"),
            ("prompt", version.get("system_prompt")),
            ("parameters", ", ".join(f"{name}={value}" for name, value in parameters.items())),
            ("examples", _examples_in_words(version)),
            ("trained on", _training(version.get("trained_on"))),
            ("note", version.get("note")),
        ]
    )


def _examples_in_words(version: dict[str, Any]) -> str | None:
    count, drawn = version.get("examples_count"), version.get("examples_from")
    if not count:
        return None
    if not drawn:
        return formats.count(count)
    place = f"{formats.short_id(drawn['leaderboard_id'])}, version {drawn['dataset_version']}, seed {drawn['seed']}"
    return f"{formats.count(count)} of the dataset of {place}"


def _training(trained: dict[str, Any] | None) -> str | None:
    if not trained:
        return None
    place = f"{formats.short_id(trained['leaderboard_id'])}, version {trained['dataset_version']}"
    return f"{formats.counted(trained['rows'], 'row')} of {place}; {formats.count(trained['held_out'])} held out"


def _examples(version: dict[str, Any]) -> Iterator[RenderableType]:
    examples = version.get("examples") or []
    if not examples:
        return
    listed = table(["input", "output"], wide=["input", "output"])
    for one in examples[:_EXAMPLES_SHOWN]:
        listed.add_row(cell(one["input"]), cell(one["output"]))
    yield ""
    yield listed
    if len(examples) > _EXAMPLES_SHOWN:
        yield Text(f"and {len(examples) - _EXAMPLES_SHOWN} more; --json has them all", style="dim")
