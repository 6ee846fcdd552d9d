"""How a leaderboard's answers are scored and what its runs may do, in words."""

from typing import Any, Final

from gero.cli.render import formats

_RACING: Final = {"auto": "above 1,000 rows", "on": "always", "off": "never"}
_TARGETS: Final = {"traffic": "what production will see", "dataset": "exactly these rows"}


def scoring(board: dict[str, Any]) -> str:
    """What says how good an answer is."""
    kind = board.get("eval_type")
    if kind == "judge":
        return f"{_judge(board.get('judge') or {})}"
    if kind == "human":
        return _people(board.get("human") or {})
    after = ", ".join(board.get("normalizers") or []) or "nothing"
    pattern = f", pattern {board['answer_pattern']}" if board.get("answer_pattern") else ""
    return f"{kind} match after {after}{pattern}"


def racing(board: dict[str, Any]) -> str | None:
    """When models that cannot win are asked no more."""
    return _RACING.get(str(board.get("racing")))


def target(board: dict[str, Any]) -> str | None:
    """What the ranking speaks for."""
    return _TARGETS.get(str(board.get("evaluation_target")))


def guardrails(board: dict[str, Any]) -> str | None:
    """What a better model must keep to before it replaces the one in production."""
    found = board.get("guardrails") or {}
    cost, latency, errors = (found.get(name) for name in ("max_cost_ratio", "max_latency_ratio", "max_error_increase"))
    told = [
        f"{cost:g} times the cost" if cost is not None else "",
        f"{latency:g} times the latency" if latency is not None else "",
        f"{errors:.1%} more errors" if errors is not None else "",
    ]
    return f"at most {' and '.join(filter(None, told))}" if any(told) else None


def _judge(judge: dict[str, Any]) -> str:
    parts = [
        judge.get("model") or "a judge that is chosen automatically",
        f"on {judge.get('provider')}",
        "" if judge.get("mode") == "auto" else str(judge.get("mode")),
        f"{judge.get('audit_percent')} % judged twice" if judge.get("audit_percent") else "",
        f"trusted after {formats.counted(judge['min_labels'], 'verdict')} of people" if judge.get("min_labels") else "",
    ]
    rubric = f": {formats.one_line(judge['rubric'], 60)}" if judge.get("rubric") else ""
    return f"{', '.join(filter(None, parts))}{rubric}"


def _people(human: dict[str, Any]) -> str:
    how = "side by side" if human.get("mode") == "pairwise" else "each on a scale"
    several = human.get("reviewers_per_item") or 1
    each = f", {formats.counted(several, 'reviewer')} each" if several > 1 else ""
    return f"people, {how}, {formats.counted(human.get('rows'), 'row')} of a run{each}"
