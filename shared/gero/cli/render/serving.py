"""How production answers and what is kept of it, in words."""

from typing import Any

from gero.cli.render import formats


def fallbacks(board: dict[str, Any]) -> str | None:
    """Who answers when production's model fails, or is slow."""
    found = board.get("inference")
    if not found:
        return None
    count, hedge = found.get("fallbacks"), found.get("hedge_after_ms")
    others = f"the next {count} in the ranking" if count != 1 else "the next in the ranking"
    told = f"{others}, when production's fails" if count else "nobody, when production's fails"
    return f"{told}; asked as well when no answer came in {formats.milliseconds(hedge)}" if hedge and count else told


def messages(board: dict[str, Any]) -> str | None:
    """What becomes of the prompt where a client sends messages."""
    how = (board.get("inference") or {}).get("messages_prompt")
    return {"apply": "get the prompt in front", "bypass": "are sent as they are, without the prompt"}.get(str(how))


def shadow(board: dict[str, Any]) -> str | None:
    """Which challenger is asked how much of the traffic too."""
    found = (board.get("inference") or {}).get("shadow") or {}
    if not found.get("percent"):
        return None
    return f"{found['percent']:g} % of requests also to {found.get('model_id') or 'the next in the ranking'}"


def recorded(board: dict[str, Any]) -> str | None:
    """What is kept of a request, and how long."""
    found = board.get("traces")
    if not found:
        return None
    content = "what was asked and answered" if found.get("capture_content") else "figures only"
    patterns = ", ".join(found.get("redact") or [])
    without = f" without {patterns}" if patterns and found.get("capture_content") else ""
    days = found.get("retention_days")
    return f"{content}{without}, {f'for {days} days' if days else 'for good'}"
