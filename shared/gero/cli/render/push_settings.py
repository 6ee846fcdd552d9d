"""The settings of a dataset in words."""

from typing import Any, Final

from gero.cli.render import formats

ALGORITHMS: Final = {
    "LAST_N": "the newest",
    "RANDOM_SHUFFLE": "a random sample",
    "WEIGHTED_SHUFFLE": "a random sample, newer ones likelier",
}


def fields(mapping: dict[str, str] | None) -> str:
    """Where the rows have a field: "input ← question, expected ← gold"."""
    return ", ".join(f"{name} ← {place}" for name, place in (mapping or {}).items())


def sample(algorithm: str | None) -> str:
    """Which rows an algorithm takes."""
    return ALGORITHMS.get(str(algorithm), str(algorithm))


def kept_rows(settings: dict[str, Any]) -> str:
    """How many rows a version has, and which."""
    most = formats.counted(settings.get("max_samples_to_gather"), "row")
    beyond = sample(settings.get("sampling_algorithm")) if settings.get("auto_limit_size") else "more are refused"
    return f"at most {most}, {beyond}{'' if settings.get('dedupe') else ', repeated ones too'}"


def limits(settings: dict[str, Any]) -> str:
    """How many rows are accepted, and until when."""
    counts = {"a day": settings.get("daily_event_limit"), "a month": settings.get("monthly_event_limit")}
    told = [f"{formats.counted(limit, 'row')} {period}" for period, limit in counts.items() if limit is not None]
    return ", ".join([*(told or ["any number of rows"]), *_end(settings)])


def consolidation(settings: dict[str, Any]) -> str:
    """When pushed rows become a version."""
    events, hours = settings.get("consolidate_every_events"), settings.get("consolidate_every_hours")
    told = f"every {formats.counted(events, 'row')} or {formats.count(hours)} h"
    return f"{told}, then a run" if settings.get("run_on_new_version") else told


def _end(settings: dict[str, Any]) -> list[str]:
    return [f"until {settings['end_date']}"] if settings.get("end_date") else []
